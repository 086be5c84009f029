"""Arithmetic number by number, with `keras.ops`'s names.

Everything takes arrays, variables, numbers and lists, and works inside compiled steps.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.ops.convert import operand
from myelin.promise import lift

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


def cbrt(x: Any) -> Array:
    """The cube root, elementwise."""
    return jnp.cbrt(operand(x))


def exp2(x: Any) -> Array:
    """The `2^x`, elementwise."""
    return jnp.exp2(operand(x))


def fabs(x: Any) -> Array:
    """The absolute value as a floating-point number, elementwise."""
    return jnp.fabs(operand(x))


def trunc(x: Any) -> Array:
    """The whole number next to x on the side of 0, elementwise."""
    return jnp.trunc(operand(x))


def sinc(x: Any) -> Array:
    """The `sin(πx) / (πx)`, and 1 at 0, elementwise."""
    return jnp.sinc(operand(x))


def deg2rad(x: Any) -> Array:
    """Degrees as radians, elementwise."""
    return jnp.deg2rad(operand(x))


def rad2deg(x: Any) -> Array:
    """Radians as degrees, elementwise."""
    return jnp.rad2deg(operand(x))


def i0(x: Any) -> Array:
    """The modified Bessel function of the first kind of order 0, elementwise."""
    return jnp.i0(operand(x))


def erfc(x: Any) -> Array:
    """The `1 - erf(x)`, exact for large x, elementwise."""
    return jax.scipy.special.erfc(operand(x))


def erfinv(x: Any) -> Array:
    """The number whose error function is x, elementwise."""
    return jax.scipy.special.erfinv(operand(x))


def isneginf(x: Any) -> Array:
    """Whether x is -∞, elementwise."""
    return jnp.isneginf(operand(x))


def isposinf(x: Any) -> Array:
    """Whether x is +∞, elementwise."""
    return jnp.isposinf(operand(x))


def isreal(x: Any) -> Array:
    """Whether x has no imaginary part, elementwise."""
    return jnp.isreal(operand(x))


def signbit(x: Any) -> Array:
    """Whether the sign of x is set, also that of -0, elementwise."""
    return jnp.signbit(operand(x))


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    """x with numbers in the place of NaN and the infinities, elementwise.

    Args:
        x: any shape.
        nan: in the place of NaN.
        posinf, neginf: in the place of +∞ and -∞; the largest and smallest number when None.
    """
    return jnp.nan_to_num(operand(x), nan=nan, posinf=posinf, neginf=neginf)


absolute = abs


__all__ = [
    "abs",
    "absolute",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "cbrt",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "deg2rad",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "floor",
    "i0",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "log",
    "log10",
    "log1p",
    "log2",
    "logical_not",
    "nan_to_num",
    "negative",
    "rad2deg",
    "reciprocal",
    "round",
    "rsqrt",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
    "where",
]
lift(globals(), __all__)
