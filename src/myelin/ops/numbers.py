"""Arithmetic number by number, and sums over axes, with `keras.ops`'s names.

Everything takes arrays, variables, numbers and lists, and works inside compiled steps. Two
arrays broadcast as in NumPy.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.losses import base as losses
from myelin.ops.convert import operand

Array = jax.Array

# Number by number.


def abs(x: Any) -> Array:
    """The absolute value, `|x|`, elementwise."""
    return jnp.abs(operand(x))


def arccos(x: Any) -> Array:
    """The inverse cosine, in radians, elementwise."""
    return jnp.arccos(operand(x))


def arccosh(x: Any) -> Array:
    """The inverse hyperbolic cosine, elementwise."""
    return jnp.arccosh(operand(x))


def arcsin(x: Any) -> Array:
    """The inverse sine, in radians, elementwise."""
    return jnp.arcsin(operand(x))


def arcsinh(x: Any) -> Array:
    """The inverse hyperbolic sine, elementwise."""
    return jnp.arcsinh(operand(x))


def arctan(x: Any) -> Array:
    """The inverse tangent, in radians, elementwise."""
    return jnp.arctan(operand(x))


def arctanh(x: Any) -> Array:
    """The inverse hyperbolic tangent, elementwise."""
    return jnp.arctanh(operand(x))


def ceil(x: Any) -> Array:
    """The smallest whole number not below x, elementwise."""
    return jnp.ceil(operand(x))


def cos(x: Any) -> Array:
    """The cosine of x in radians, elementwise."""
    return jnp.cos(operand(x))


def cosh(x: Any) -> Array:
    """The hyperbolic cosine, elementwise."""
    return jnp.cosh(operand(x))


def exp(x: Any) -> Array:
    """The exponential, `e^x`, elementwise."""
    return jnp.exp(operand(x))


def expm1(x: Any) -> Array:
    """The `e^x - 1`, exact for small x, elementwise."""
    return jnp.expm1(operand(x))


def floor(x: Any) -> Array:
    """The largest whole number not above x, elementwise."""
    return jnp.floor(operand(x))


def isfinite(x: Any) -> Array:
    """Whether x is neither NaN nor infinite, elementwise."""
    return jnp.isfinite(operand(x))


def isinf(x: Any) -> Array:
    """Whether x is infinite, elementwise."""
    return jnp.isinf(operand(x))


def isnan(x: Any) -> Array:
    """Whether x is NaN, elementwise."""
    return jnp.isnan(operand(x))


def log(x: Any) -> Array:
    """The natural logarithm, elementwise."""
    return jnp.log(operand(x))


def log10(x: Any) -> Array:
    """The logarithm to base 10, elementwise."""
    return jnp.log10(operand(x))


def log1p(x: Any) -> Array:
    """The `log(1 + x)`, exact for small x, elementwise."""
    return jnp.log1p(operand(x))


def log2(x: Any) -> Array:
    """The logarithm to base 2, elementwise."""
    return jnp.log2(operand(x))


def logical_not(x: Any) -> Array:
    """Whether x is false, elementwise."""
    return jnp.logical_not(operand(x))


def negative(x: Any) -> Array:
    """The `-x`, elementwise."""
    return jnp.negative(operand(x))


def reciprocal(x: Any) -> Array:
    """The `1 / x`, elementwise."""
    return jnp.reciprocal(operand(x))


def sign(x: Any) -> Array:
    """-1, 0 or 1, by the sign of x, elementwise."""
    return jnp.sign(operand(x))


def sin(x: Any) -> Array:
    """The sine of x in radians, elementwise."""
    return jnp.sin(operand(x))


def sinh(x: Any) -> Array:
    """The hyperbolic sine, elementwise."""
    return jnp.sinh(operand(x))


def sqrt(x: Any) -> Array:
    """The square root, elementwise."""
    return jnp.sqrt(operand(x))


def square(x: Any) -> Array:
    """The `x²`, elementwise."""
    return jnp.square(operand(x))


def tan(x: Any) -> Array:
    """The tangent of x in radians, elementwise."""
    return jnp.tan(operand(x))


def tanh(x: Any) -> Array:
    """The hyperbolic tangent, elementwise."""
    return jnp.tanh(operand(x))


def round(x: Any, decimals: int = 0) -> Array:
    """The nearest number with so many decimals, halves to even, elementwise."""
    return jnp.round(operand(x), decimals)


def rsqrt(x: Any) -> Array:
    """The `1 / sqrt(x)`, elementwise."""
    return jax.lax.rsqrt(operand(x))


def erf(x: Any) -> Array:
    """The error function, elementwise."""
    return jax.scipy.special.erf(operand(x))


def clip(x: Any, x_min: Any, x_max: Any) -> Array:
    """The x brought into `[x_min, x_max]`, elementwise."""
    return jnp.clip(operand(x), operand(x_min), operand(x_max))


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Takes x1 where the condition holds and x2 elsewhere; alone, the places where it holds."""
    if x1 is None and x2 is None:
        return jnp.where(operand(condition))
    return jnp.where(operand(condition), operand(x1), operand(x2))


# Two arrays.


def add(x1: Any, x2: Any) -> Array:
    """The `x1 + x2`, elementwise."""
    return jnp.add(operand(x1), operand(x2))


def arctan2(x1: Any, x2: Any) -> Array:
    """The angle of the point (x2, x1), in radians, elementwise."""
    return jnp.arctan2(operand(x1), operand(x2))


def divide(x1: Any, x2: Any) -> Array:
    """The `x1 / x2`, elementwise."""
    return jnp.divide(operand(x1), operand(x2))


def equal(x1: Any, x2: Any) -> Array:
    """Whether x1 equals x2, elementwise."""
    return jnp.equal(operand(x1), operand(x2))


def floor_divide(x1: Any, x2: Any) -> Array:
    """The `floor(x1 / x2)`, elementwise."""
    return jnp.floor_divide(operand(x1), operand(x2))


def greater(x1: Any, x2: Any) -> Array:
    """Whether x1 is above x2, elementwise."""
    return jnp.greater(operand(x1), operand(x2))


def greater_equal(x1: Any, x2: Any) -> Array:
    """Whether x1 is not below x2, elementwise."""
    return jnp.greater_equal(operand(x1), operand(x2))


def less(x1: Any, x2: Any) -> Array:
    """Whether x1 is below x2, elementwise."""
    return jnp.less(operand(x1), operand(x2))


def less_equal(x1: Any, x2: Any) -> Array:
    """Whether x1 is not above x2, elementwise."""
    return jnp.less_equal(operand(x1), operand(x2))


def logical_and(x1: Any, x2: Any) -> Array:
    """Whether both are true, elementwise."""
    return jnp.logical_and(operand(x1), operand(x2))


def logical_or(x1: Any, x2: Any) -> Array:
    """Whether one is true, elementwise."""
    return jnp.logical_or(operand(x1), operand(x2))


def logical_xor(x1: Any, x2: Any) -> Array:
    """Whether exactly one is true, elementwise."""
    return jnp.logical_xor(operand(x1), operand(x2))


def maximum(x1: Any, x2: Any) -> Array:
    """The larger of the two, elementwise."""
    return jnp.maximum(operand(x1), operand(x2))


def minimum(x1: Any, x2: Any) -> Array:
    """The smaller of the two, elementwise."""
    return jnp.minimum(operand(x1), operand(x2))


def mod(x1: Any, x2: Any) -> Array:
    """The remainder of `x1 / x2`, with the sign of x2, elementwise."""
    return jnp.mod(operand(x1), operand(x2))


def multiply(x1: Any, x2: Any) -> Array:
    """The `x1 · x2`, elementwise."""
    return jnp.multiply(operand(x1), operand(x2))


def not_equal(x1: Any, x2: Any) -> Array:
    """Whether x1 differs from x2, elementwise."""
    return jnp.not_equal(operand(x1), operand(x2))


def power(x1: Any, x2: Any) -> Array:
    """The `x1^x2`, elementwise."""
    return jnp.power(operand(x1), operand(x2))


def subtract(x1: Any, x2: Any) -> Array:
    """The `x1 - x2`, elementwise."""
    return jnp.subtract(operand(x1), operand(x2))


def divide_no_nan(x1: Any, x2: Any) -> Array:
    """The `x1 / x2`, and 0 where x2 is 0, elementwise."""
    return losses.divide_no_nan(operand(x1), operand(x2))


# Over axes: `axis` is a number, several, or None for all.


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether all are true over axes; `keepdims` leaves them with size 1."""
    return jnp.all(operand(x), axis=axes(axis), keepdims=keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether one is true over axes; `keepdims` leaves them with size 1."""
    return jnp.any(operand(x), axis=axes(axis), keepdims=keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The largest over axes; `keepdims` leaves them with size 1."""
    return jnp.max(operand(x), axis=axes(axis), keepdims=keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The mean over axes; `keepdims` leaves them with size 1."""
    return jnp.mean(operand(x), axis=axes(axis), keepdims=keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The smallest over axes; `keepdims` leaves them with size 1."""
    return jnp.min(operand(x), axis=axes(axis), keepdims=keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The product over axes; `keepdims` leaves them with size 1."""
    return jnp.prod(operand(x), axis=axes(axis), keepdims=keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The standard deviation over axes; `keepdims` leaves them with size 1."""
    return jnp.std(operand(x), axis=axes(axis), keepdims=keepdims)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum over axes; `keepdims` leaves them with size 1."""
    return jnp.sum(operand(x), axis=axes(axis), keepdims=keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """The variance over axes; `keepdims` leaves them with size 1."""
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


def cumsum(x: Any, axis: int | None = None) -> Array:
    """The sums so far along an axis; of all numbers in a row when None."""
    return jnp.cumsum(operand(x), axis=axis)


def cumprod(x: Any, axis: int | None = None) -> Array:
    """The products so far along an axis; of all numbers in a row when None."""
    return jnp.cumprod(operand(x), axis=axis)


def axes(axis: Any) -> Any:
    """An axis, or several as the tuple that jax wants."""
    return tuple(axis) if isinstance(axis, list) else axis


absolute = abs
true_divide = divide
