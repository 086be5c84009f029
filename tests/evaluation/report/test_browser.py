"""The page in a real browser. Skipped where Chromium or Playwright is missing, unless
MYELIN_REQUIRE_BROWSER is set, which makes that an error."""

import json
import os
import shutil

import pytest

from tests.evaluation.report.pages import looked_up
from tests.evaluation.report.test_report import NAMES

WIDTHS = {"wide": 1280, "telephone": 390}


@pytest.fixture(scope="session")
def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    missing = None if found else "Chromium is not installed"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "Playwright is not installed"
    if missing and os.environ.get("MYELIN_REQUIRE_BROWSER"):
        pytest.fail(f"MYELIN_REQUIRE_BROWSER is set, but {missing}")
    if missing:
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # Inside a container Chromium cannot build its own sandbox.
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory, classifier, regressor):
    """A page of each kind, and what `metrics.json` says beside the one of `myelin train`."""
    import myelin
    from myelin.cli.main import run
    from tests.evaluation.report.test_gather import crossed

    folder = tmp_path_factory.mktemp("pages")
    with pytest.raises(SystemExit) as ended:
        run(["train", "digits", "--epochs", "3", "-v", "0", "-o", str(folder / "digits")])
    assert not ended.value.code
    made = {"digits": folder / "digits" / "report.html"}
    made["classes"] = myelin.report(
        classifier.model, *classifier.test, folder / "classes.html", class_names=NAMES,
        train=classifier.train, validation=classifier.validation,
    )  # fmt: skip
    made["values"] = myelin.report(regressor.model, *regressor.test, folder / "values.html")
    made["folds"] = myelin.report(crossed(classifier.model), path=folder / "folds.html")
    return made


@pytest.fixture
def opened(browser, pages):
    """Opens a page offline; gives it with all that was asked for and all that was logged."""
    contexts = []

    def call(kind, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        address = pages[kind].as_uri()
        context.route("**/*", lambda route: _only(route, address))
        page.goto(address)
        return page

    yield call
    for context in contexts:
        context.close()


def _only(route, address):
    if route.request.url.startswith(("data:", address)):
        route.continue_()
    else:
        route.abort()


KINDS = ["digits", "classes", "values", "folds"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_fetched_and_nothing_goes_wrong(opened, pages, kind):
    page = opened(kind)
    others = [url for url in page.asked if not url.startswith(("data:", pages[kind].as_uri()))]
    assert others == []
    assert page.said == []
    shown = page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(opened, kind, width, scheme):
    page = opened(kind, viewport={"width": WIDTHS[width], "height": 844}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    inner, whole = page.evaluate(
        "[document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    )
    assert whole <= inner
    # What stands out is nothing but what scrolls in its own box.
    out = page.evaluate(
        """[...document.querySelectorAll('body *')]
        .filter(e => !e.closest('.scroll') && !e.closest('svg'))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert out == []


def test_the_numbers_are_those_of_the_metrics_file(opened, pages):
    metrics = json.loads((pages["digits"].parent / "metrics.json").read_text())
    page = opened("digits")
    shown = page.evaluate(
        """[...document.querySelectorAll('data[data-name]')]
        .map(e => [e.dataset.name, Number(e.value), e.innerText])"""
    )
    names = {name for name, _, _ in shown}
    wanted = {"accuracy", "accuracy_interval.low", "accuracy_interval.high", "epochs", "seed"}
    wanted |= {"epoch_kept", "parameters", "seconds", "data.train", "by_class.9.recall"}
    assert wanted <= names
    for name, value, text in shown:
        wanted = looked_up(metrics, name)
        assert value == pytest.approx(wanted, rel=1e-3 if name == "seconds" else 1e-12), name
        if text.endswith("%"):
            assert float(text.rstrip("%").strip()) == pytest.approx(100 * wanted, abs=0.051), name


@pytest.mark.parametrize("kind", KINDS)
def test_both_color_schemes_are_there(opened, kind):
    grounds = {}
    for scheme in ("light", "dark"):
        page = opened(kind, color_scheme=scheme)
        grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light, dark = (
        sum(map(int, grounds[s].removeprefix("rgb(").rstrip(")").split(","))) for s in grounds
    )
    assert light > 600
    assert dark < 150


def test_it_prints_in_black_on_white_without_links(opened):
    page = opened("classes", color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_words_in_drawings_stay_inside_them_and_large_enough(opened):
    page = opened("digits", viewport={"width": 390, "height": 844})
    out = page.evaluate(
        """[...document.querySelectorAll('svg text')].filter(e => e.getBoundingClientRect().width)
        .filter(e => {const r = e.getBoundingClientRect();
                      return r.right > innerWidth || r.left < 0 || r.height < 9})
        .map(e => e.textContent)"""
    )
    assert out == []
