import numpy as np
import pytest

from myelin.errors import InputError
from myelin.evaluation import worst_examples

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 3, 50)
TABLE = RNG.dirichlet(np.ones(3), 50)


def test_worst_classified_have_the_least_probable_truth():
    found = worst_examples(CLASSES, TABLE, 5)
    own = TABLE[np.arange(50), CLASSES]
    np.testing.assert_array_equal(found.indices, np.argsort(own)[:5])
    np.testing.assert_allclose(found.loss, -np.log(np.sort(own)[:5]))
    np.testing.assert_array_equal(found.true, CLASSES[found.indices])
    np.testing.assert_array_equal(found.predicted, TABLE[found.indices].argmax(1))
    assert len(found) == 5
    names = np.array(["cat", "ant", "dog"])
    named = worst_examples(names[CLASSES], TABLE, 5, labels=names)
    np.testing.assert_array_equal(named.true, names[found.true])
    np.testing.assert_array_equal(named.predicted, names[found.predicted])
    np.testing.assert_array_equal(worst_examples(np.eye(3)[CLASSES], TABLE, 5).indices,
                                  found.indices)  # fmt: skip


def test_a_probability_of_zero_is_the_worst():
    found = worst_examples([0, 0, 0], [[1e-30, 1], [0, 1], [1, 0]])
    assert list(found.indices) == [1, 0, 2]
    assert np.isfinite(found.loss).all()


def test_worst_values_are_the_farthest_off():
    found = worst_examples([1.0, 2.0, 3.0, 4.0], np.array([[1.5], [0.0], [3.1], [6.0]]), most=3)
    assert list(found.indices) == [1, 3, 0]
    np.testing.assert_allclose(found.loss, [2, 2, 0.5])
    np.testing.assert_allclose(found.predicted, [0, 6, 1.5])
    column = worst_examples(np.array([[0], [1]]), [0.2, 0.1])
    np.testing.assert_allclose(column.loss, [0.9, 0.2])


def test_no_more_than_there_are():
    assert len(worst_examples([1.0], [2.0], most=10)) == 1
    assert len(worst_examples([1.0], [2.0], most=0)) == 0


@pytest.mark.parametrize(
    ("y", "predictions", "most"),
    [
        ([0, 1], TABLE[:3], 10),
        ([0, 5], TABLE[:2], 10),
        ([0, 1], [[3.0, -1.0], [0.1, 0.2]], 10),
        ([1.0, 2.0], [1.0], 10),
        (["a"], [1.0], 10),
        ([1.0], [np.nan], 10),
        ([1.0], [1.0], -1),
    ],
)
def test_what_has_no_loss_is_refused(y, predictions, most):
    with pytest.raises(InputError):
        worst_examples(y, predictions, most)
