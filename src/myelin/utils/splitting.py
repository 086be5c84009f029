"""`split_dataset`: examples in two parts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.utils.dataset import Dataset
from myelin.utils.dataset.trees import stacked


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Splits arrays or a data set into a left and a right part, as training and test data.

    Args:
        dataset: an array, or a tuple, list or dictionary of arrays of one length; or a
            `Dataset`, whose elements are split.
        left_size: the share of examples on the left, above 0 and below 1, or their number;
            None takes what the right leaves over.
        right_size: likewise, from the end.
        shuffle: mixes the examples first, all arrays alike, in the order that Keras draws.
        seed: of that order.
        preferred_backend: taken for the sake of Keras programs; the parts are NumPy arrays.

    Returns:
        The two parts, each built as `dataset` is; for a `Dataset` two of them, in memory.

    Raises:
        InputError: no size, a size out of range, or an empty part.
        ShapeError: arrays of different lengths.
    """
    if isinstance(dataset, Dataset):
        elements = list(dataset)
        columns = stacked(elements, "split_dataset") if elements else np.zeros(0)
        left, right = split_dataset(columns, left_size, right_size, shuffle, seed)
        return Dataset.from_tensor_slices(left), Dataset.from_tensor_slices(right)
    length = _common_length(dataset)
    left, right = _sizes(left_size, right_size, length)
    order = list(range(length))
    if shuffle:
        if seed is None:
            seed = random.randint(0, 10**6)
        random.Random(seed).shuffle(order)
    return _take(dataset, order[:left]), _take(dataset, order[length - right :])


def _common_length(dataset: Any) -> int:
    parts = _parts(dataset)
    if not parts:
        raise InputError("split_dataset wants an array, or a tuple or dictionary of arrays")
    lengths = {len(part) if getattr(part, "shape", True) != () else 0 for part in parts}
    if len(lengths) > 1:
        raise ShapeError(f"split_dataset wants arrays of one length, got {sorted(lengths)}")
    return lengths.pop()


def _parts(dataset: Any) -> list[Any]:
    if isinstance(dataset, dict):
        return list(dataset.values())
    if _is_structure(dataset):
        return list(dataset)
    return [dataset] if hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__") else []


def _is_structure(dataset: Any) -> bool:
    """Whether a tuple or list holds arrays, and not the examples themselves."""
    return isinstance(dataset, tuple | list) and all(hasattr(p, "__array__") for p in dataset)


def _take(dataset: Any, rows: list[int]) -> Any:
    if isinstance(dataset, dict):
        return {name: np.asarray(part)[rows] for name, part in dataset.items()}
    if _is_structure(dataset):
        return type(dataset)(np.asarray(part)[rows] for part in dataset)
    return np.asarray(dataset)[rows]


def _sizes(left: float | None, right: float | None, length: int) -> tuple[int, int]:
    if left is None and right is None:
        raise InputError("split_dataset wants left_size or right_size")
    first, last = _count("left", left, length), _count("right", right, length)
    first = length - (last or 0) if first is None else first
    last = length - first if last is None else last
    if first + last > length:
        raise InputError(f"left_size={left} and right_size={right} are more than {length} examples")
    if not (first and last):
        raise InputError(
            f"left_size={left}, right_size={right} of {length} examples leaves one side empty"
        )
    return first, last


def _count(name: str, size: float | None, length: int) -> int | None:
    if size is None:
        return None
    whole = isinstance(size, int | np.integer)
    if not 0 < size < (length if whole else 1):
        raise InputError(
            f"{name}_size wants a share above 0 and below 1, or a whole number above 0 and "
            f"below {length}, got {size}"
        )
    return int(size) if whole else round(size * length)
