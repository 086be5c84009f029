import json

import numpy as np
import pytest
from sklearn import metrics

from myelin.cli.data.targets import Target
from myelin.cli.judge import judge, show

RNG = np.random.default_rng(0)


def outputs(y, classes, wrong=0.3):
    """Probabilities whose largest is the true class, but for a share that is wrong."""
    predicted = np.where(RNG.random(len(y)) < wrong, RNG.integers(0, classes, len(y)), y)
    return np.eye(classes)[predicted] * 0.5 + 0.5 / classes, predicted


def test_scores_of_classes_are_sklearns(capsys):
    y = RNG.integers(0, 3, 200)
    probabilities, predicted = outputs(y, 3)
    scores = judge(probabilities, y, Target(("a", "b", "c")), seed=0)
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(y, predicted))
    np.testing.assert_array_equal(
        scores["confusion_matrix"], metrics.confusion_matrix(y, predicted)
    )
    show(scores, "Test")
    printed = capsys.readouterr().out
    assert f"Test accuracy {scores['accuracy']:.1%} on 200 examples (95 % interval" in printed
    for name, counts in zip("abc", scores["confusion_matrix"], strict=True):
        line = next(line for line in printed.splitlines() if line.strip().startswith(f"{name} "))
        assert line.split()[1:4] == [str(count) for count in counts]


def test_scores_of_values_are_sklearns(capsys):
    y = RNG.normal(50, 9, 100)
    predicted = y + RNG.normal(0, 3, 100)
    scores = judge(predicted[:, None], y, Target(None), seed=0)
    assert scores["mae"] == pytest.approx(metrics.mean_absolute_error(y, predicted))
    assert scores["rmse"] == pytest.approx(metrics.mean_squared_error(y, predicted) ** 0.5)
    assert scores["r2"] == pytest.approx(metrics.r2_score(y, predicted))
    show(scores, "Test")
    printed = capsys.readouterr().out
    for name in ("MAE", "RMSE", "R²", "95 % interval"):
        assert name in printed


def test_many_classes_show_the_most_confused(capsys):
    y = np.repeat(np.arange(30), 10)
    probabilities, _ = outputs(y, 30)
    scores = judge(probabilities, y, Target(tuple(f"c{i}" for i in range(30))), seed=0)
    show(scores, "Test")
    printed = capsys.readouterr().out
    assert "most confused" in printed
    assert "true \\ predicted" not in printed
    assert printed.count("\n") < 25


def test_class_names_are_not_read_as_commands(capsys):
    y = np.array([0, 1] * 5)
    show(judge(np.eye(2)[y], y, Target(("[red]", ":cat:")), seed=0), "Test")
    printed = capsys.readouterr().out
    assert printed.count("[red]") == 2
    assert printed.count(":cat:") == 2


def test_what_is_undefined_is_null_in_json():
    y = np.array([0, 0, 0])
    scores = judge(np.eye(2)[y], y, Target(("a", "b")), seed=0)
    assert scores["by_class"][1]["recall"] is None
    json.dumps(scores, allow_nan=False)
    equal = judge(np.ones((3, 1)), np.ones(3), Target(None), seed=0)
    assert equal["r2"] is None
