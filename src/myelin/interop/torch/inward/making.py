"""Operations of torch's that make arrays, or find numbers by their places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from myelin import ops
from myelin.interop.torch.inward.arithmetic import cast
from myelin.interop.torch.inward.reading import Reading, Sizes
from myelin.interop.torch.inward.values import Filled, check_count, operand


def filled(value: float) -> Callable[..., Any]:
    """An entry for an array of one number."""

    def entry(r: Reading, size: Any, dtype: Any = None, fill_value: Any = value) -> Any:
        return Filled(fill_value, size, dtype or "float32")

    return entry


def filled_like(value: float) -> Callable[..., Any]:
    """An entry for an array of one number, in the shape of another."""

    def entry(r: Reading, self: Any, dtype: Any = None, fill_value: Any = value) -> Any:
        x = operand(r, self)
        y = ops.full_like(x, fill_value)
        return y if dtype is None else cast(r, y, dtype)

    return entry


def arange(r: Reading, end: Any, start: Any = 0, step: Any = 1, dtype: Any = None) -> np.ndarray:
    """The numbers from start to end."""
    if any(isinstance(value, Sizes) for value in (start, end, step)):
        raise r.refused("counts to a number that varies")
    check_count(r, int((end - start) / step))
    numbers = np.arange(start, end, step)
    return numbers.astype(dtype or ("int32" if numbers.dtype.kind == "i" else "float32"))


def take_along(
    r: Reading, self: Any, dim: Any = None, index: Any = None, indices: Any = None
) -> Any:
    """The numbers at places along an axis."""
    places = operand(r, indices if index is None else index)
    return ops.take_along_axis(operand(r, self), ops.cast(places, "int32"), dim)


def index_select(r: Reading, self: Any, dim: int, index: Any) -> Any:
    """Some places of an axis."""
    return ops.take(operand(r, self), operand(r, index), dim)


def argsort(
    r: Reading, self: Any, dim: int = -1, descending: bool = False, stable: Any = None
) -> Any:
    """The places of numbers in rising order."""
    x = operand(r, self)
    x = ops.cast(x, "int32") if str(x.dtype) in ("bool", "uint8") else x
    return ops.argsort(ops.negative(x) if descending else x, dim)


def sort(r: Reading, self: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    """Numbers in order, and their places."""
    places = argsort(r, self, dim, descending)
    return ops.take_along_axis(operand(r, self), places, dim), places


def bucketize(
    r: Reading, self: Any, boundaries: Any, out_int32: bool = False, right: bool = False
) -> Any:
    """Between which of the boundaries each number lies."""
    side = "right" if right else "left"
    return ops.searchsorted(operand(r, boundaries), operand(r, self), side)


def getitem(r: Reading, a: Any, b: Any) -> Any:
    """One of several values."""
    return a[b]


def triangle(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for one half of matrices."""

    def entry(r: Reading, self: Any, diagonal: int = 0) -> Any:
        x = operand(r, self)
        if isinstance(x, np.ndarray):
            return (np.tril if function is ops.tril else np.triu)(x, diagonal)
        return function(x, diagonal)

    return entry


TABLE: dict[str, Callable[..., Any]] = {
    "zeros": filled(0.0), "ones": filled(1.0), "full": filled(0.0),
    "zeros_like": filled_like(0.0), "ones_like": filled_like(1.0), "full_like": filled_like(0.0),
    "scalar_tensor": lambda r, s: s, "arange": arange, "tril": triangle(ops.tril),
    "triu": triangle(ops.triu), "gather": take_along, "take_along_dim": take_along,
    "index_select": index_select, "argsort": argsort, "sort": sort, "getitem": getitem,
    "bucketize": bucketize,
}  # fmt: skip
