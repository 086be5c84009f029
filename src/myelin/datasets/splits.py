"""How a data set comes apart into training and test data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from myelin.errors import InputError

# (x_train, y_train), (x_test, y_test)
TrainAndTest = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def check_share(test_split: float) -> None:
    """Checks a share of test data, from 0 up to but not including 1.

    Raises:
        InputError: it is out of range.
    """
    if not 0 <= test_split < 1:
        raise InputError(
            f"test_split wants a share of at least 0 and less than 1, got {test_split}"
        )


def shuffled(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> TrainAndTest:
    """Mixed and cut as Keras does for the same seed: the test data are the last."""
    order = shuffled_order(len(x), np.random.RandomState(seed))
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut].copy(), y[:cut].copy()), (x[cut:].copy(), y[cut:].copy())


def shuffled_order(count: int, random: np.random.RandomState) -> np.ndarray:
    """The numbers below `count`, in the order that Keras draws them."""
    order = np.arange(count)
    random.shuffle(order)
    return order


def bundled(
    load: Callable[..., Any],
    test_split: float,
    seed: int,
    image_shape: tuple[int, ...] | None = None,
    classes: bool = True,
) -> TrainAndTest:
    """A data set of scikit-learn, mixed and split.

    Args:
        load: scikit-learn's loader.
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.
        image_shape: of the images that the rows of inputs are; they become uint8. None leaves
            the rows as they are.
        classes: whether the targets are classes; each then has its share on both sides.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: int64 classes or float32 targets.

    Raises:
        InputError: the share is out of range, or too small for one example of each class.
    """
    from sklearn.model_selection import train_test_split

    check_share(test_split)
    x, y = load(return_X_y=True)
    if image_shape is None:
        x = x.astype(np.float32)
    else:
        x = x.astype(np.uint8).reshape(len(x), *image_shape)
    y = y.astype(np.int64 if classes else np.float32)
    if not test_split:
        order = shuffled_order(len(x), np.random.RandomState(seed))
        return (x[order], y[order]), (x[:0], y[:0])
    try:
        x_train, x_test, y_train, y_test = train_test_split(
            x, y, test_size=test_split, random_state=seed, stratify=y if classes else None
        )
    except ValueError as error:
        raise InputError(f"test_split={test_split}: {error}") from None
    return (x_train, y_train), (x_test, y_test)
