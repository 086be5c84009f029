"""Products of arrays, with `keras.ops`'s names."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import ShapeError
from myelin.ops.convert import convert_to_tensor, operand
from myelin.promise import lift

Array = jax.Array


def matmul(x1: Any, x2: Any) -> Array:
    """The matrix product over the last two axes."""
    return jnp.matmul(operand(x1), operand(x2))


def dot(x1: Any, x2: Any) -> Array:
    """The sum of products over the last axis of x1 and the second last of x2."""
    return jnp.dot(operand(x1), operand(x2))


def outer(x1: Any, x2: Any) -> Array:
    """All products of a number of x1 with one of x2, `(n, m)`."""
    return jnp.outer(operand(x1), operand(x2))


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Array:
    """The sum of products over chosen axes."""
    return jnp.tensordot(operand(x1), operand(x2), axes)


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Array:
    """The sum of products that Einstein's notation says, such as `"ij,jk->ik"`.

    Args:
        subscripts: the axes of each operand, and those of the result.
        operands: the arrays.
        kwargs: what `jax.numpy.einsum` takes beside, such as `optimize`.
    """
    return jnp.einsum(subscripts, *map(operand, operands), **kwargs)


def inner(x1: Any, x2: Any) -> Array:
    """The sum of products over the last axes of both."""
    return jnp.inner(operand(x1), operand(x2))


def vdot(x1: Any, x2: Any) -> Array:
    """The sum of the products of all numbers, those of x1 conjugated."""
    return jnp.vdot(operand(x1), operand(x2))


def kron(x1: Any, x2: Any) -> Array:
    """The Kronecker product: x2 times each number of x1, in blocks."""
    return jnp.kron(operand(x1), operand(x2))


def cross(
    x1: Any,
    x2: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Array:
    """The cross product of vectors of two or three numbers.

    Args:
        x1, x2: the vectors, along one axis of each.
        axisa, axisb, axisc: the axis of the vectors in x1, in x2 and in the result.
        axis: stands for all three.
    """
    return jnp.cross(operand(x1), operand(x2), axisa, axisb, axisc, axis)


def cdist(x: Any, y: Any) -> Array:
    """The Euclidean distances between the rows of x `(…, n, d)` and of y `(…, m, d)`.

    Raises:
        ShapeError: fewer than two axes, or rows of different lengths.
    """
    x, y = convert_to_tensor(x), convert_to_tensor(y)
    if min(x.ndim, y.ndim) < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            f"cdist: wants (…, n, d) and (…, m, d), got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    return jnp.sqrt(jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), axis=-1))


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Array:
    """The sums of products of a vector with another one at each shift.

    Args:
        x1, x2: vectors.
        mode: "valid" where they overlap wholly, "same" for the length of the longer, "full".
    """
    return jnp.correlate(operand(x1), operand(x2), mode)


__all__ = [
    "cdist",
    "correlate",
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
    "vdot",
]
lift(globals(), __all__)
