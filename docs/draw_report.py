"""Takes the picture of the report in the README: that of `myelin train`, in headless Chromium.

Needs Chromium on the path (Debian's package chromium) and Playwright (pip install playwright).
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

WIDTH = 1200
# What comes after it is on the page, and not in the picture.
LAST_SECTION = "scores"
target = pathlib.Path(__file__).with_name("report.png")

with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
    run = pathlib.Path(folder, "digits")
    command = [sys.executable, "-c", "from myelin.cli.main import run; run()", "train"]
    subprocess.run([*command, "-v", "0", "-o", run], check=True)
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox"]
    )
    page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
    page.goto((run / "report.html").as_uri())
    box = page.locator(f"#{LAST_SECTION}").bounding_box()
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": box["y"] + box["height"]}
    page.screenshot(path=target, full_page=True, clip=clip)
    browser.close()
