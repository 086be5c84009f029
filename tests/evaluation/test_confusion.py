import numpy as np
import pytest
from sklearn import metrics

from myelin.errors import InputError
from myelin.evaluation import confusion_matrix, most_confused, scores_by_class

RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 5, 300)
PREDICTED = np.where(RNG.random(300) < 0.7, TRUE, RNG.integers(0, 5, 300))


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


def test_scores_by_class_are_sklearns():
    precision, recall, _, support = metrics.precision_recall_fscore_support(TRUE, PREDICTED)
    scores = scores_by_class(confusion_matrix(TRUE, PREDICTED))
    np.testing.assert_allclose([s.precision for s in scores], precision)
    np.testing.assert_allclose([s.recall for s in scores], recall)
    assert [s.support for s in scores] == list(support)


def test_a_class_that_never_occurs_has_no_score():
    scores = scores_by_class(confusion_matrix([0, 0], [0, 1], labels=[0, 1, 2]))
    assert scores[0].precision == 1
    assert scores[0].recall == 0.5
    assert np.isnan(scores[1].recall)
    assert np.isnan(scores[2].precision)


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
