"""Sums over axes and their kin, with `keras.ops`'s names.

`axis` is a number, several, or None for all; `keepdims` leaves the axes with size 1.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import dtypes
from myelin.ops.convert import operand
from myelin.promise import lift

Array = jax.Array


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether all are true over axes."""
    return jnp.all(operand(x), axis=axes(axis), keepdims=keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether one is true over axes."""
    return jnp.any(operand(x), axis=axes(axis), keepdims=keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The largest over axes and, if given, `initial`."""
    initial = None if initial is None else operand(initial)
    return jnp.max(operand(x), axis=axes(axis), keepdims=keepdims, initial=initial)


def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The largest over axes."""
    return max(x, axis, keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The mean over axes."""
    return jnp.mean(operand(x), axis=axes(axis), keepdims=keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The smallest over axes and, if given, `initial`."""
    initial = None if initial is None else operand(initial)
    return jnp.min(operand(x), axis=axes(axis), keepdims=keepdims, initial=initial)


def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The smallest over axes."""
    return min(x, axis, keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Array:
    """The product over axes, in the type `dtype`, or that of x when None."""
    return jnp.prod(operand(x), axis=axes(axis), keepdims=keepdims, dtype=_named(dtype))


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The standard deviation over axes."""
    return jnp.std(operand(x), axis=axes(axis), keepdims=keepdims)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum over axes."""
    return jnp.sum(operand(x), axis=axes(axis), keepdims=keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The variance over axes."""
    return jnp.var(operand(x), axis=axes(axis), keepdims=keepdims)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The `log(Σ exp(x))` over axes, without overflow."""
    return jax.nn.logsumexp(operand(x), axis=axes(axis), keepdims=keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the largest along an axis, int32; of the first where several are."""
    return jnp.argmax(operand(x), axis=axis, keepdims=keepdims).astype(jnp.int32)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the smallest along an axis, int32; of the first where several are."""
    return jnp.argmin(operand(x), axis=axis, keepdims=keepdims).astype(jnp.int32)


def count_nonzero(x: Any, axis: Any = None) -> Array:
    """How many are not 0, over axes, int32."""
    return jnp.count_nonzero(operand(x), axis=axes(axis)).astype(jnp.int32)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """The sums so far along an axis; of all numbers in a row when None."""
    return jnp.cumsum(operand(x), axis=axis, dtype=_named(dtype))


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """The products so far along an axis; of all numbers in a row when None."""
    return jnp.cumprod(operand(x), axis=axis, dtype=_named(dtype))


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The largest less the smallest over axes."""
    return jnp.ptp(operand(x), axis=axes(axis), keepdims=keepdims)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The sum of the diagonal of two axes."""
    return jnp.trace(operand(x), offset, axis1, axis2)


def diff(a: Any, n: int = 1, axis: int = -1) -> Array:
    """The differences of neighbours along an axis, taken n times."""
    return jnp.diff(operand(a), n, axis)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    """The integral of y along an axis, by trapezoids.

    Args:
        y: the values.
        x: where they were taken; at equal distances dx when None.
        dx: that distance.
        axis: the axis.
    """
    return jnp.trapezoid(operand(y), None if x is None else operand(x), operand(dx), axis)


# As if the NaN were not there.


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The largest over axes, of the numbers that are not NaN."""
    return jnp.nanmax(operand(x), axis=axes(axis), keepdims=keepdims)


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The mean over axes, of the numbers that are not NaN."""
    return jnp.nanmean(operand(x), axis=axes(axis), keepdims=keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The smallest over axes, of the numbers that are not NaN."""
    return jnp.nanmin(operand(x), axis=axes(axis), keepdims=keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The product over axes, of the numbers that are not NaN."""
    return jnp.nanprod(operand(x), axis=axes(axis), keepdims=keepdims)


def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The standard deviation over axes, of the numbers that are not NaN."""
    return jnp.nanstd(operand(x), axis=axes(axis), keepdims=keepdims)


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum over axes, of the numbers that are not NaN."""
    return jnp.nansum(operand(x), axis=axes(axis), keepdims=keepdims)


def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The variance over axes, of the numbers that are not NaN."""
    return jnp.nanvar(operand(x), axis=axes(axis), keepdims=keepdims)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the largest along an axis, NaN left out, int32; -1 where all are NaN."""
    return jnp.nanargmax(operand(x), axis=axis, keepdims=keepdims).astype(jnp.int32)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the smallest along an axis, NaN left out, int32; -1 where all are NaN."""
    return jnp.nanargmin(operand(x), axis=axis, keepdims=keepdims).astype(jnp.int32)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """The sums so far along an axis, where NaN count as 0."""
    return jnp.nancumsum(operand(x), axis=axis, dtype=_named(dtype))


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """The products so far along an axis, where NaN count as 1."""
    return jnp.nancumprod(operand(x), axis=axis, dtype=_named(dtype))


def _named(dtype: Any) -> Any:
    return None if dtype is None else dtypes.name_of(dtype)


def axes(axis: Any) -> Any:
    """An axis, or several as the tuple that jax wants."""
    return tuple(axis) if isinstance(axis, list) else axis


__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "diff",
    "logsumexp",
    "max",
    "mean",
    "min",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
    "prod",
    "ptp",
    "std",
    "sum",
    "trace",
    "trapezoid",
    "var",
]
lift(globals(), __all__)
