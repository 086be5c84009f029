"""Labels as one-hot rows, and rows of unit length."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

from myelin.errors import InputError


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Class numbers as one-hot rows.

    Args:
        x: whole numbers from 0 to `num_classes - 1`, of any shape; a last axis of length 1 is
            dropped.
        num_classes: the length of a row; None takes the largest number plus one.

    Returns:
        An array of 0 and 1 with the classes as its last axis: float64 from NumPy arrays and
        lists, a float32 jax array from a jax array.

    Raises:
        InputError: a class below 0 or not below `num_classes`, or values that are no numbers.
    """
    if _is_jax(x):
        return _one_hot_on_device(x, num_classes)
    try:
        # Class numbers that were read as 3.0 are as good as 3, but 3.7 is a mistake.
        given = np.asarray(x)
        labels = given.astype(np.int64)
    except (TypeError, ValueError) as error:
        raise InputError(f"to_categorical wants whole numbers from 0 upwards: {error}") from None
    if given.dtype.kind == "f" and not np.array_equal(given, labels):
        raise InputError("to_categorical wants whole numbers, and some here have a fraction")
    shape = _without_last_one(labels.shape)
    labels = labels.reshape(-1)
    if not num_classes:
        if not labels.size:
            raise InputError("to_categorical got no labels: pass num_classes")
        num_classes = int(labels.max()) + 1
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if wrong.size:
        raise InputError(
            f"to_categorical: the class {wrong[0]} is not among 0 to {num_classes - 1}; "
            "count classes from 0, or pass a larger num_classes"
        )
    rows = np.zeros((labels.size, num_classes))
    rows[np.arange(labels.size), labels] = 1
    return rows.reshape((*shape, num_classes))


def normalize(x: Any, axis: int = -1, order: Any = 2) -> Any:
    """Divides by the norm along an axis, so that each row has norm 1; rows of zeros stay zeros.

    Args:
        x: an array of any shape.
        axis: along which the norm is taken.
        order: of the norm, such as 1, 2 or `numpy.inf`.

    Returns:
        An array like `x`, a jax array where `x` is one.
    """
    module: Any = np
    if _is_jax(x):
        module = importlib.import_module("jax.numpy")
    norm = module.linalg.norm(x, order, axis, keepdims=True)
    return x / module.where(norm == 0, 1, norm)


def _one_hot_on_device(x: Any, num_classes: int | None) -> Any:
    import jax

    if num_classes is None:
        num_classes = int(x.max()) + 1
    return jax.nn.one_hot(x.reshape(_without_last_one(x.shape)), num_classes)


def _without_last_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape


def _is_jax(x: Any) -> bool:
    """Whether `x` is a jax array, without importing jax to find out."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(x, jax.Array)
