"""Whole numbers bit by bit, with `keras.ops`'s names."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.ops.convert import operand
from myelin.promise import lift

Array = jax.Array


def bitwise_and(x: Any, y: Any) -> Array:
    """The bits that are set in both, elementwise."""
    return jnp.bitwise_and(operand(x), operand(y))


def bitwise_or(x: Any, y: Any) -> Array:
    """The bits that are set in one of the two, elementwise."""
    return jnp.bitwise_or(operand(x), operand(y))


def bitwise_xor(x: Any, y: Any) -> Array:
    """The bits that are set in exactly one of the two, elementwise."""
    return jnp.bitwise_xor(operand(x), operand(y))


def bitwise_not(x: Any) -> Array:
    """The bits that are not set in x, elementwise."""
    return jnp.bitwise_not(operand(x))


def bitwise_left_shift(x: Any, y: Any) -> Array:
    """The bits of x moved y places up, elementwise."""
    return jnp.left_shift(operand(x), operand(y))


def bitwise_right_shift(x: Any, y: Any) -> Array:
    """The bits of x moved y places down, elementwise."""
    return jnp.right_shift(operand(x), operand(y))


bitwise_invert = bitwise_not
left_shift = bitwise_left_shift
right_shift = bitwise_right_shift


__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "left_shift",
    "right_shift",
]
lift(globals(), __all__)
