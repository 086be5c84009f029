"""What the tests of the command share: running it in this process, and small files."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    """Runs `myelin …` in an empty folder."""
    from myelin.cli.main import run

    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def fails(command):
    """Runs a command that must end with one clear line and code 2; gives the line."""

    def call(*arguments: object) -> str:
        ended = command(*arguments)
        assert ended.code == 2, ended
        assert ended.err.startswith("myelin: "), ended.err
        assert ended.err.count("\n") == 1, ended.err
        assert "Traceback" not in ended.err + ended.out
        return ended.err

    return call


def write_people(path, n=240, seed=0, target="buys"):
    """A table with every kind of column; `buys` and `spends` follow from some of them."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    city = rng.choice(["Rome", "Oslo", "Lima"], n)
    height = rng.normal(170, 8, n).round(1)
    joined = [f"20{year:02d}-0{month}-1{day}" for year, month, day in rng.integers(1, 9, (n, 3))]
    buys = np.where((age > 45) ^ (city == "Oslo"), "yes", "no")
    spends = (3.0 * age + 50 * (city == "Rome") + 0.2 * height).round(2)
    targets = {"buys": buys, "spends": spends}[target]
    lines = [f"id,age,city,height,joined,note,{target}"]
    for i in range(n):
        tall = "" if i % 20 == 3 else height[i]
        lines.append(
            f"{i + 1},{age[i]},{city[i]},{tall},{joined[i]},said {i} words to them,{targets[i]}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def write_images(folder, n=8, size=(12, 10), mode="L", seed=0):
    """Two classes of images: dark and bright."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    for name, low in (("bright", 150), ("dark", 0)):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            shape = size if mode == "L" else (*size, 3)
            pixels = rng.integers(low, low + 100, shape).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


# A small learning rate would need more epochs than a test should take.
QUICK = ("--learning-rate", "0.01", "-v", "0")


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A folder with data, a model of each kind, and what `train` printed: `<name>.out`."""
    from myelin.cli.main import run

    root = tmp_path_factory.mktemp("runs")
    write_people(root / "p.csv", 600)
    write_people(root / "v.csv", 600, target="spends")
    write_images(root / "pictures", n=20, mode="RGB")
    for name, arguments in {
        "classes": [root / "p.csv", "--target", "buys", *QUICK],
        "values": [root / "v.csv", "--target", "spends", "--epochs", 40, "--dropout", 0, *QUICK],
        "images": [root / "pictures", "--batch-size", 4, *QUICK],
        "iris": ["iris", "--hidden", "8,8", "--epochs", 3, *QUICK],
    }.items():
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as ended:
            run(["train", *map(str, arguments), "-o", str(root / name)])
        assert not ended.value.code
        (root / f"{name}.out").write_text(printed.getvalue())
    return root
