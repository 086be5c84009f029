import numpy as np
import pytest
from scipy import special

from myelin import losses
from myelin.errors import InputError, ShapeError
from myelin.evaluation.report import judged

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(50, 3))
PROBABILITIES = special.softmax(LOGITS, 1)
Y = RNG.integers(0, 3, 50)


def test_probabilities_of_classes():
    found = judged.read(PROBABILITIES, Y, "sparse_categorical_crossentropy")
    assert found.classes == ("0", "1", "2")
    np.testing.assert_array_equal(found.predicted, PROBABILITIES.argmax(1))
    np.testing.assert_allclose(found.probabilities, PROBABILITIES)
    assert found.notes == ()


@pytest.mark.parametrize(
    "y", [Y, Y[:, None], np.eye(3)[Y], Y.astype(np.float32), np.array(["a", "b", "c"])[Y], list(Y)]
)
def test_targets_come_in_many_forms(y):
    found = judged.read(PROBABILITIES, y, None, ["a", "b", "c"])
    np.testing.assert_array_equal(found.y, Y)
    assert found.classes == ("a", "b", "c")


def test_logits_become_probabilities():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    found = judged.read(LOGITS, Y, loss)
    np.testing.assert_allclose(found.probabilities, PROBABILITIES)
    assert "logits" in found.notes[0]
    unsaid = judged.read(LOGITS, Y, "sparse_categorical_crossentropy")
    np.testing.assert_allclose(unsaid.probabilities, PROBABILITIES)


def test_one_output_of_two_classes():
    y = Y % 2
    p = special.expit(LOGITS[:, :1])
    found = judged.read(p, y, "binary_crossentropy")
    np.testing.assert_allclose(found.probabilities[:, 1], p[:, 0])
    np.testing.assert_array_equal(found.predicted, p[:, 0] > 0.5)
    logits = judged.read(LOGITS[:, 0], y, losses.BinaryCrossentropy(from_logits=True))
    np.testing.assert_allclose(logits.probabilities, found.probabilities)


def test_numbers():
    y = RNG.normal(size=50)
    found = judged.read(LOGITS[:, :1], y[:, None], "mse")
    assert found.classes is None
    np.testing.assert_allclose(found.y, y)
    np.testing.assert_allclose(found.predicted, LOGITS[:, 0])
    whole = judged.read(LOGITS[:, :1], Y, "mse")
    assert whole.classes is None


def test_classes_are_told_from_numbers():
    assert judged.read(PROBABILITIES, np.eye(3)[Y], "mse").classes is not None
    assert judged.read(PROBABILITIES[:, :1], Y == 1, "mse").classes is not None
    assert judged.read(PROBABILITIES[:, :1], Y, None).classes is None


@pytest.mark.parametrize(
    ("outputs", "y", "names", "words"),
    [
        ({"a": PROBABILITIES}, Y, None, "one output"),
        (PROBABILITIES[:, :, None], Y, None, r"\(n, classes\)"),
        (PROBABILITIES[:9], Y, None, "9 outputs but 50 targets"),
        (PROBABILITIES[:0], Y[:0], None, "no rows"),
        (PROBABILITIES * np.nan, Y, None, "NaN"),
        (PROBABILITIES, Y + 1, None, "not among the labels"),
        (PROBABILITIES, Y, ["a", "b"], "2 names"),
        (PROBABILITIES, np.array(["a", "b", "d"])[Y], ["a", "b", "c"], "not among the labels"),
        (LOGITS, RNG.normal(size=(50, 3)), None, "one value an example"),
        (LOGITS[:, :1], np.full(50, np.nan), None, "targets hold NaN"),
        (PROBABILITIES, RNG.integers(0, 2, (50, 3)), ["a", "b", "c"], "single 1"),
    ],
)
def test_what_cannot_be_judged_is_an_error(outputs, y, names, words):
    with pytest.raises((InputError, ShapeError), match=words):
        judged.read(outputs, y, None, names)
