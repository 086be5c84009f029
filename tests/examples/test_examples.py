"""Every example runs as it stands, on few rows; what it prints is for people."""

import importlib.util
import io
import pathlib

import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "examples"

# Each example, the packages it needs, the arguments of `main` that make it small, and what has to
# hold of what that returns.
EXAMPLES = {
    "addition": (
        [],
        {"count": 300, "digits": 2, "units": 8, "epochs": 1, "verbose": 0},
        lambda right: 0 <= right <= 1,
    ),
    "autoencoder": (
        [],
        {"images": 300, "epochs": 2, "verbose": 0},
        lambda errors: 0 < min(errors) < max(errors) < 0.5,
    ),
    "character_model": (
        [],
        {"characters": 2000, "units": 8, "length": 20, "epochs": 1, "written": 8, "verbose": 0},
        lambda loss: 2 < loss < 4,
    ),
    "distillation": (
        [],
        {"images": 200, "epochs": 1, "verbose": 0},
        lambda accuracies: len(accuracies) == 3,
    ),
    "gan": ([], {"images": 128, "epochs": 1, "verbose": 0}, lambda drawn: abs(drawn).max() <= 1),
    "grad_cam": (
        [],
        {"rows": 128, "epochs": 1, "file": io.BytesIO(), "verbose": 0},
        lambda accuracy: 0.05 < accuracy <= 1,
    ),
    "sentiment": ([], {"rows": 200, "epochs": 3, "verbose": 0}, lambda accuracy: accuracy > 0.4),
    "siamese": (
        [],
        {"images": 200, "pairs": 200, "epochs": 1, "verbose": 0},
        lambda scores: all(0.3 < score <= 1 for score in scores),
    ),
    "spoken_digits": (
        [],
        {"each": 6, "epochs": 1, "verbose": 0},
        lambda accuracy: 0 <= accuracy <= 1,
    ),
    "tabular_feature_space": (
        ["pandas"],
        {"rows": 120, "epochs": 3},
        lambda accuracies: all(0.3 < accuracy <= 1 for accuracy in accuracies),
    ),
    "timeseries_forecast": (
        [],
        {"days": 60, "epochs": 1, "verbose": 0},
        lambda errors: min(errors) > 0 and max(errors) < 20,
    ),
    "transformer": (
        [],
        {
            "rows": 60,
            "words": 50,
            "length": 8,
            "size": 8,
            "heads": 2,
            "blocks": 1,
            "epochs": 1,
            "verbose": 0,
        },
        lambda accuracy: 0 <= accuracy <= 1,
    ),
    "vae": (
        [],
        {"images": 256, "epochs": 2, "verbose": 0},
        lambda losses: losses["loss"] > losses["code_loss"] > 0,
    ),
}


def main_of(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name, monkeypatch, capsys):
    monkeypatch.delenv("MYELIN_DATASETS", raising=False)
    packages, arguments, holds = EXAMPLES[name]
    for package in packages:
        pytest.importorskip(package)
    assert holds(main_of(name)(**arguments))
    assert capsys.readouterr().out


def test_every_example_is_in_the_table_and_short():
    lines = {path.stem: len(path.read_text().splitlines()) for path in FOLDER.glob("*.py")}
    assert set(lines) == set(EXAMPLES)
    assert max(lines.values()) < 120
