import numpy as np
import pytest

from myelin import errors
from myelin.utils import Dataset, split_dataset

X = np.arange(20).reshape(10, 2)
Y = np.arange(10)
SIZES = [
    {"left_size": 0.8}, {"right_size": 0.25}, {"left_size": 3}, {"right_size": 3},
    {"left_size": 0.3, "right_size": 0.4}, {"left_size": 2, "right_size": 3},
    {"left_size": 0.5, "right_size": 2},
]  # fmt: skip


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("seed", [None, 3])
def test_is_kerass(keras, sizes, seed):
    pytest.importorskip("tensorflow")
    given = sizes | ({} if seed is None else {"shuffle": True, "seed": seed})
    ours = split_dataset((X, Y), **given)
    theirs = keras.utils.split_dataset((X, Y), **given)
    for (x, y), part in zip(ours, theirs, strict=True):
        rows = [tuple(np.asarray(entry) for entry in row) for row in part]
        np.testing.assert_array_equal(x, [row[0] for row in rows])
        np.testing.assert_array_equal(y, [row[1] for row in rows])


def test_keeps_the_structure():
    left, right = split_dataset(X, 0.7)
    np.testing.assert_array_equal(left, X[:7])
    np.testing.assert_array_equal(right, X[7:])
    left, right = split_dataset({"a": X, "b": Y}, right_size=4)
    np.testing.assert_array_equal(left["b"], Y[:6])
    np.testing.assert_array_equal(right["a"], X[6:])
    left, right = split_dataset([1, 2, 3, 4], 0.5)
    np.testing.assert_array_equal(right, [3, 4])
    left, right = split_dataset([X, Y], 5)
    assert isinstance(left, list)
    np.testing.assert_array_equal(left[1], Y[:5])


def test_shuffling_keeps_rows_together_and_leaves_pythons_random_numbers_alone():
    import random

    random.seed(1)
    following = random.random()
    random.seed(1)
    (x, y), (_, y_right) = split_dataset((X, Y), 0.6, shuffle=True, seed=0)
    assert random.random() == following
    np.testing.assert_array_equal(x[:, 0], 2 * y)
    assert sorted([*y, *y_right]) == list(range(10))
    assert list(y) != sorted(y)


@pytest.mark.parametrize(
    ("dataset", "sizes", "says"),
    [
        (X, {}, "left_size or right_size"),
        (X, {"left_size": 1.5}, "left_size"),
        (X, {"left_size": 10}, "left_size"),
        (X, {"right_size": -0.1}, "right_size"),
        (X, {"left_size": 0.6, "right_size": 0.6}, "more than 10"),
        (X, {"left_size": 0.01}, "empty"),
        ((X, Y[:5]), {"left_size": 0.5}, "one length"),
        (3, {"left_size": 0.5}, "array"),
        ((), {"left_size": 0.5}, "array"),
    ],
)
def test_wrong_input(dataset, sizes, says):
    with pytest.raises(errors.InputError, match=says):
        split_dataset(dataset, **sizes)


def test_a_data_set_is_split_by_elements():
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    dataset = Dataset.from_tensor_slices((x, y)).map(lambda x, y: (x + 1, y))
    left, right = split_dataset(dataset, left_size=0.6, shuffle=True, seed=3)
    assert (len(left), len(right)) == (6, 4)
    numbers = [int(y) for part in (left, right) for _, y in part]
    wanted = split_dataset(y, left_size=0.6, shuffle=True, seed=3)
    np.testing.assert_array_equal(numbers, np.concatenate(wanted))
    assert all((part == x[n] + 1).all() for part, n in left)
    with pytest.raises(errors.InputError, match="left_size"):
        split_dataset(dataset.take(0), left_size=0.5)
