"""Arithmetic of two arrays, number by number, with `keras.ops`'s names; they broadcast."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.losses import base as losses
from myelin.ops.convert import operand
from myelin.promise import lift

Array = jax.Array


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


def fmax(x1: Any, x2: Any) -> Array:
    """The larger of the two, and the other where one is NaN, elementwise."""
    return jnp.fmax(operand(x1), operand(x2))


def fmin(x1: Any, x2: Any) -> Array:
    """The smaller of the two, and the other where one is NaN, elementwise."""
    return jnp.fmin(operand(x1), operand(x2))


def fmod(x1: Any, x2: Any) -> Array:
    """The remainder of `x1 / x2`, with the sign of x1, elementwise."""
    return jnp.fmod(operand(x1), operand(x2))


def gcd(x1: Any, x2: Any) -> Array:
    """The greatest common divisor of whole numbers, elementwise."""
    return jnp.gcd(operand(x1), operand(x2))


def lcm(x1: Any, x2: Any) -> Array:
    """The least common multiple of whole numbers, elementwise."""
    return jnp.lcm(operand(x1), operand(x2))


def heaviside(x1: Any, x2: Any) -> Array:
    """0 where x1 is below 0, x2 where it is 0, 1 above, elementwise."""
    return jnp.heaviside(operand(x1), operand(x2))


def hypot(x1: Any, x2: Any) -> Array:
    """The `sqrt(x1² + x2²)`, elementwise."""
    return jnp.hypot(operand(x1), operand(x2))


def ldexp(x1: Any, x2: Any) -> Array:
    """The `x1 · 2^x2` for whole x2, elementwise."""
    return jnp.ldexp(operand(x1), operand(x2))


def logaddexp(x1: Any, x2: Any) -> Array:
    """The `log(exp(x1) + exp(x2))` without overflow, elementwise."""
    return jnp.logaddexp(operand(x1), operand(x2))


def logaddexp2(x1: Any, x2: Any) -> Array:
    """The `log2(2^x1 + 2^x2)` without overflow, elementwise."""
    return jnp.logaddexp2(operand(x1), operand(x2))


def nextafter(x1: Any, x2: Any) -> Array:
    """The next number from x1 in the direction of x2, elementwise."""
    return jnp.nextafter(operand(x1), operand(x2))


def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Whether `|x1 - x2| ≤ atol + rtol · |x2|`, elementwise; NaN is close to NaN if `equal_nan`."""
    return jnp.isclose(operand(x1), operand(x2), rtol, atol, equal_nan)


def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Whether all of x1 are close to x2; see `isclose`."""
    return jnp.all(isclose(x1, x2, rtol, atol, equal_nan))


true_divide = divide


__all__ = [
    "add",
    "allclose",
    "arctan2",
    "divide",
    "divide_no_nan",
    "equal",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "greater",
    "greater_equal",
    "heaviside",
    "hypot",
    "isclose",
    "lcm",
    "ldexp",
    "less",
    "less_equal",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "nextafter",
    "not_equal",
    "power",
    "subtract",
    "true_divide",
]
lift(globals(), __all__)
