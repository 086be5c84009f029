import numpy as np
import pytest
from sklearn import metrics

from myelin.errors import InputError
from myelin.evaluation import confusion_matrix, most_confused

RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 5, 300)
PREDICTED = np.where(RNG.random(300) < 0.7, TRUE, RNG.integers(0, 5, 300))
FRACTIONS, TIMES = RNG.random(300), RNG.integers(0, 4, 300)


@pytest.mark.parametrize("labels", [None, [0, 1, 2, 3, 4], [4, 2, 0, 3, 1], [0, 1, 2, 3, 4, 9]])
def test_matrix_is_sklearns(labels):
    expected = metrics.confusion_matrix(TRUE, PREDICTED, labels=labels)
    np.testing.assert_array_equal(confusion_matrix(TRUE, PREDICTED, labels), expected)


def test_matrix_of_strings_is_sklearns():
    names = np.array(["dog", "cat", "ant", "cow", "bee"])
    true, predicted = names[TRUE], names[PREDICTED]
    for labels in (None, list(names)):
        expected = metrics.confusion_matrix(true, predicted, labels=labels)
        np.testing.assert_array_equal(confusion_matrix(true, predicted, labels), expected)


@pytest.mark.parametrize("weights", [None, FRACTIONS, TIMES])
@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
def test_weighted_and_normalized_matrix_is_sklearns(weights, normalize):
    labels = [0, 1, 2, 3, 4, 9]  # The last never occurs, and divides nothing.
    expected = metrics.confusion_matrix(
        TRUE, PREDICTED, labels=labels, sample_weight=weights, normalize=normalize
    )
    found = confusion_matrix(TRUE, PREDICTED, labels, weights, normalize)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.dtype.kind == expected.dtype.kind


def test_most_confused_counts_the_largest_first():
    matrix = [[5, 2, 0], [7, 1, 0], [0, 3, 9]]
    assert most_confused(matrix) == [(1, 0, 7), (2, 1, 3), (0, 1, 2)]
    assert most_confused(matrix, most=1) == [(1, 0, 7)]
    assert most_confused(np.diag([1, 2])) == []


@pytest.mark.parametrize(
    ("true", "predicted", "labels"),
    [
        ([0, 1], [0], None),
        ([0, 3], [0, 1], [0, 1]),
        ([0, 1], [0, 0], []),
        ([[0]], [[0]], None),
        ([0], [0], [0, 0]),
    ],
)
def test_matrix_refuses_labels_that_do_not_fit(true, predicted, labels):
    with pytest.raises(InputError):
        confusion_matrix(true, predicted, labels)


@pytest.mark.parametrize(
    "extra",
    [
        {"normalize": "rows"},
        {"sample_weight": [1.0]},
        {"sample_weight": [1.0, -1.0]},
        {"sample_weight": [1.0, np.nan]},
    ],
)
def test_matrix_refuses_arguments_out_of_range(extra):
    with pytest.raises(InputError):
        confusion_matrix([0, 1], [0, 1], **extra)
