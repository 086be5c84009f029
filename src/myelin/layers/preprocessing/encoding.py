"""From indices to vectors: one-hot, multi-hot, counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from myelin.errors import InputError, unknown_name
from myelin.layers.shapes import Shape

VECTORS = ("one_hot", "multi_hot", "count")
_OLD_NAMES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def output_mode(given: Any, known: tuple[str, ...], owner: str) -> str:
    """The name of an output mode, also by what it was once called.

    Raises:
        UnknownNameError: the layer has no such mode.
    """
    mode = str(_OLD_NAMES.get(given, given))
    if mode not in known:
        raise unknown_name(f"output_mode of {owner}", given, known)
    return mode


def refuse_sparse(sparse: Any, owner: str) -> None:
    """Raises InputError where sparse tensors are asked for."""
    if sparse:
        raise InputError(f"{owner}: sparse tensors do not exist here; leave sparse=True out")


def encoded_shape(shape: Shape, mode: str, depth: int | None) -> Shape:
    """The shape of the vectors of `depth` numbers for indices of `shape`."""
    if mode == "int":
        return tuple(shape)
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


def encoded(indices: np.ndarray, mode: str, depth: int) -> np.ndarray:
    """Vectors for indices; those outside of 0 up to `depth` count nowhere.

    Args:
        indices: whole numbers `(…, n)`; a single number is a row of one.
        mode: "one_hot" gives `(…, n, depth)`, or `(…, depth)` where n is 1; "multi_hot" and
            "count" give `(…, depth)`: which indices are in a row, and how many times.
        depth: the size of the vectors.

    Returns:
        Whole numbers in the fewest bytes that hold them.
    """
    indices = indices[None] if indices.ndim == 0 else indices
    shape = encoded_shape(indices.shape, mode, depth)
    lead = math.prod(shape[:-1])  # type: ignore[arg-type]
    rows = np.repeat(np.arange(lead), indices.size // max(lead, 1))
    return scattered(rows, indices.ravel(), lead, depth, mode).reshape(shape)  # type: ignore[arg-type]


def scattered(
    rows: np.ndarray, indices: np.ndarray, count: int, depth: int, mode: str
) -> np.ndarray:
    """`count` vectors of `depth` numbers, with each index marked or counted in its row."""
    inside = (indices >= 0) & (indices < depth)
    rows, indices = rows[inside], indices[inside]
    if mode != "count":
        vectors = np.zeros((count, depth), np.uint8)
        vectors[rows, indices] = 1
        return vectors
    most = int(np.bincount(rows, minlength=1).max())
    vectors = np.zeros((count, depth), np.min_scalar_type(most))
    np.add.at(vectors, (rows, indices), 1)
    return vectors
