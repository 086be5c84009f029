import numpy as np
import pytest

from myelin.cli.data.targets import decide
from myelin.errors import InputError


def text(*values):
    return np.array(values, object)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (text("b", "a", "b", "a"), ("a", "b")),
        (text("True", "False", "True", "False"), ("False", "True")),
        (np.array([2.0, 10.0] * 10), ("2", "10")),
        (np.array([-1.0, 1.0] * 3), ("-1", "1")),
        (np.random.default_rng(0).normal(size=50), None),
        (np.arange(50.0), None),
        (np.repeat(np.arange(30.0), 5), None),
        (np.array([0.5, 1.5] * 10), None),
    ],
)
def test_the_target_decides(y, classes):
    target, reason = decide(y, None, None, labels=False)
    assert target.classes == classes
    assert ("Classification" if classes else "Regression") in reason


def test_labels_from_zero_are_classes_however_many():
    y = np.repeat(np.arange(100.0), 5)
    target, _ = decide(y, None, None, labels=True)
    assert len(target.classes or ()) == 100


def test_the_user_has_the_last_word():
    y = np.array([1.0, 2.0, 3.0] * 10)
    assert decide(y, "n", "regression", labels=False)[0].classes is None
    halves = np.array([0.5, 1.5] * 10)
    assert decide(halves, "n", "classification", labels=False)[0].classes == ("0.5", "1.5")


def test_classes_and_their_numbers():
    target, _ = decide(np.array([3.0, 7.0] * 5), "n", None, labels=False)
    assert target.encode(np.array([7.0, 3.0])).tolist() == [1, 0]
    with pytest.raises(InputError, match='"4" is not one of'):
        target.encode(np.array([4.0]))


@pytest.mark.parametrize(
    ("y", "forced", "message"),
    [
        (text("a", "a", "a", "a"), None, "a in every row"),
        (np.ones(9), None, "1 in every row"),
        (text("a", "a", "b", "b", "rare"), None, "class rare has one example"),
        (text("a", "a", "x", "y"), None, "classes x, y have one example"),
        (text(*(f"text {i}" for i in range(50))), None, "50 different texts"),
        (text("a", "b", "a", "b"), "regression", "wants numbers"),
    ],
)
def test_what_cannot_be_learned(y, forced, message):
    with pytest.raises(InputError, match=message):
        decide(y, "n", forced, labels=False)
