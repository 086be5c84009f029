import csv
import json

import pytest

from myelin.cli.page import command_of, read_history
from tests.cli.conftest import QUICK, write_people
from tests.cli.test_train import options
from tests.evaluation.report.pages import check, looked_up, numbers

KINDS = ["classes", "values", "images", "iris"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_run_has_the_numbers_of_its_metrics(runs, kind):
    found = check((runs / kind / "report.html").read_text(encoding="utf-8"))
    metrics = json.loads((runs / kind / "metrics.json").read_text())
    shown = numbers(found)
    for name, value in shown.items():
        rounded = 5e-4 if name == "seconds" else 0
        assert value == pytest.approx(looked_up(metrics, name), rel=1e-12, abs=rounded), name
    score = "mae" if kind == "values" else "accuracy"
    assert {score, f"{score}_interval.low", f"{score}_interval.high", "epochs", "seed"} <= set(
        shown
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_line_names_the_page(runs, kind):
    last = (runs / f"{kind}.out").read_text().splitlines()[-1]
    assert last.startswith(f"Wrote {runs / kind}: ")
    assert last.endswith("report.html")


def test_a_page_of_images_shows_them(runs):
    found = check((runs / "images" / "report.html").read_text(encoding="utf-8"))
    assert found.one("section", id="worst").all("img")


def test_values_are_told_in_their_own_units(runs):
    found = check((runs / "values" / "report.html").read_text(encoding="utf-8"))
    assert "standard deviations of the target" in found.one("section", id="learning").text
    assert "regression of spends" in found.text


def test_the_page_says_what_makes_the_model_again(runs):
    found = check((runs / "iris" / "report.html").read_text(encoding="utf-8"))
    command = "myelin train iris --hidden 8,8 --learning-rate 0.01 --epochs 3 --seed 0"
    assert found.one("pre").text == command


def test_the_mark_is_that_of_the_metrics(command, tmp_path):
    write_people(tmp_path / "p.csv")
    ended = command("train", "p.csv", "--target", "buys", "--test-split", 0, "--epochs", 2, *QUICK,
                    "-o", "out")  # fmt: skip
    assert ended.code == 0, ended.err
    found = check((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["judged_on"] == "validation"
    said = found.one("div", id="honesty").text
    assert said == f"! OptimisticThis score is optimistic: {metrics['why']}."


def test_the_command_leaves_out_what_is_as_by_default():
    given = options(hidden=None, optimizer=None, epochs=50, dropout=None)
    assert command_of("digits", given) == "myelin train digits --seed 0"
    odd = options(hidden=(), optimizer=None, dropout=0.5, image_size=(32, 48), target="a b", seed=3,
                  output="there", epochs=50, augment="light")  # fmt: skip
    assert command_of("my data", odd) == (
        "myelin train 'my data' --target 'a b' --hidden 0 --dropout 0.5 --seed 3 "
        "--image-size 32x48 --augment light"
    )


def test_a_history_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "history.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["epoch", "loss", "val_loss", "odd"], [0, 1.5, "NA", "[1, 2]"], [1, "nan", "NA", "x"]]
        )
    found = read_history(path)
    assert list(found) == ["loss"]
    assert found["loss"][0] == 1.5
    path.write_text("")
    assert read_history(path) == {}
