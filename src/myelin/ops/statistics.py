"""What a set of numbers looks like: quantiles, histograms, correlations; `keras.ops`'s names."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.ops.convert import convert_to_tensor, operand
from myelin.ops.networks import one_hot
from myelin.ops.reductions import axes
from myelin.promise import lift

Array = jax.Array


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The middle number over axes, or the mean of the two in the middle."""
    return jnp.median(operand(x), axis=axes(axis), keepdims=keepdims)


def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The middle number over axes, NaN left out."""
    return jnp.nanmedian(operand(x), axis=axes(axis), keepdims=keepdims)


def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """The numbers below which given shares lie.

    Args:
        x: any shape.
        q: the shares, from 0 to 1; a vector's become the first axis.
        axis: a number, several, or None for all.
        method: what to take between two numbers: "linear", "lower", "higher", "midpoint" or
            "nearest".
        keepdims: whether axes stay, with size 1.
    """
    return jnp.quantile(operand(x), operand(q), axes(axis), method=method, keepdims=keepdims)


def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """The numbers below which given shares lie, NaN left out; see `quantile`."""
    return jnp.nanquantile(operand(x), operand(q), axes(axis), method=method, keepdims=keepdims)


def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """The numbers below which so many percent lie, `q` from 0 to 100; see `quantile`."""
    return jnp.percentile(operand(x), operand(q), axes(axis), method=method, keepdims=keepdims)


def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """The numbers below which so many percent lie, NaN left out; see `percentile`."""
    return jnp.nanpercentile(operand(x), operand(q), axes(axis), method=method, keepdims=keepdims)


def average(x: Any, axis: Any = None, weights: Any = None) -> Array:
    """The mean over axes, in which each number counts by its weight.

    Args:
        x: any shape.
        axis: a number, several, or None for all.
        weights: of the shape of x, or of its one axis; all 1 when None.
    """
    weights = None if weights is None else operand(weights)
    return jnp.average(operand(x), axes(axis), weights)


def corrcoef(x: Any) -> Array:
    """Pearson's correlations between the rows of a matrix, `(rows, rows)`."""
    return jnp.corrcoef(operand(x))


def histogram(x: Any, bins: Any = 10, range: Any = None) -> tuple[Array, Array]:
    """How many numbers lie in each bin, and the edges of the bins.

    Args:
        x: any shape.
        bins: how many of equal width, or the edges.
        range: the outermost edges; the smallest and largest of x when None.
    """
    counts, edges = jnp.histogram(operand(x), bins if isinstance(bins, int) else operand(bins),
                                  range)  # fmt: skip
    return counts, edges


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Array:
    """How often each whole number from 0 comes, in a vector or in each row of a matrix.

    Args:
        x: whole numbers `(n,)` or `(batch, n)`.
        weights: how much each counts; all 1 when None.
        minlength: how many numbers to count at least. In a compiled step exactly so many are
            counted, since sizes cannot depend on numbers there.
        sparse: accepted as False only; arrays are dense.

    Raises:
        InputError: `sparse`, or a compiled step without `minlength`.
    """
    x = convert_to_tensor(x)
    if sparse:
        raise InputError("bincount: sparse arrays do not exist here; leave sparse out")
    traced = isinstance(x, jax.core.Tracer)
    if traced and minlength == 0:
        raise InputError("bincount: in a compiled step say how many numbers to count, minlength=…")
    length = minlength if traced or x.size == 0 else max(int(x.max()) + 1, minlength)
    weights = None if weights is None else convert_to_tensor(weights)
    ones = one_hot(x, length, dtype="int32" if weights is None else weights.dtype)
    return jnp.sum(ones if weights is None else ones * weights[..., None], axis=-2)


__all__ = [
    "average",
    "bincount",
    "corrcoef",
    "histogram",
    "median",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "percentile",
    "quantile",
]
lift(globals(), __all__)
