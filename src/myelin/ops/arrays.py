"""Making, arranging and multiplying arrays, with `keras.ops`'s names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin import dtypes
from myelin.ops.convert import convert_to_tensor, operand

Array = jax.Array


# New arrays.


def zeros(shape: Any, dtype: Any = None) -> Array:
    """Zeros of a shape; the default float type when `dtype` is None."""
    return jnp.zeros(shape, dtypes.name_of(dtype))


def ones(shape: Any, dtype: Any = None) -> Array:
    """Ones of a shape; the default float type when `dtype` is None."""
    return jnp.ones(shape, dtypes.name_of(dtype))


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Array:
    """One number, or an array that is broadcast, in a shape."""
    return jnp.full(shape, operand(fill_value), dtypes.name_of(dtype))


def zeros_like(x: Any, dtype: Any = None) -> Array:
    """Zeros of the shape of x, and of its type when `dtype` is None."""
    return jnp.zeros_like(operand(x), dtype=dtype and dtypes.name_of(dtype))


def ones_like(x: Any, dtype: Any = None) -> Array:
    """Ones of the shape of x, and of its type when `dtype` is None."""
    return jnp.ones_like(operand(x), dtype=dtype and dtypes.name_of(dtype))


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Array:
    """One number in the shape of x, and in its type when `dtype` is None."""
    return jnp.full_like(operand(x), operand(fill_value), dtype=dtype and dtypes.name_of(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Ones on diagonal k of a matrix (N, M), zeros elsewhere; M is N when None."""
    return jnp.eye(N, M, k, dtype=dtypes.name_of(dtype))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Array:
    """Numbers from `start` up to `stop`; from 0 up to the one number given alone."""
    return jnp.arange(start, stop, step, dtype=dtype and dtypes.name_of(dtype))


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Array:
    """`num` numbers at equal distances from `start` to `stop`."""
    return jnp.linspace(operand(start), operand(stop), num, endpoint=endpoint)


# The same numbers, arranged otherwise.


def reshape(x: Any, newshape: Any) -> Array:
    """x in another shape, of which one size may be -1."""
    return jnp.reshape(operand(x), newshape)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Array:
    """x with its axes in another order; in the reverse order when None."""
    return jnp.transpose(operand(x), axes)


def swapaxes(x: Any, axis1: int, axis2: int) -> Array:
    """x with two axes exchanged."""
    return jnp.swapaxes(operand(x), axis1, axis2)


def moveaxis(x: Any, source: Any, destination: Any) -> Array:
    """x with axes moved to other places."""
    return jnp.moveaxis(operand(x), source, destination)


def expand_dims(x: Any, axis: Any) -> Array:
    """x with new axes of size 1."""
    return jnp.expand_dims(operand(x), axis)


def squeeze(x: Any, axis: Any = None) -> Array:
    """x without axes of size 1; without all of them when `axis` is None."""
    return jnp.squeeze(operand(x), axis)


def flip(x: Any, axis: Any = None) -> Array:
    """x in the reverse order along axes."""
    return jnp.flip(operand(x), axis)


def roll(x: Any, shift: Any, axis: Any = None) -> Array:
    """x moved along an axis; what leaves at the end comes in at the start."""
    return jnp.roll(operand(x), shift, axis)


def broadcast_to(x: Any, shape: Any) -> Array:
    """x repeated to a shape, as broadcasting would."""
    return jnp.broadcast_to(operand(x), shape)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Array:
    """x with each number repeated along an axis."""
    return jnp.repeat(operand(x), repeats, axis)


def tile(x: Any, repeats: Any) -> Array:
    """x as a whole repeated along its axes."""
    return jnp.tile(operand(x), repeats)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Array:
    """x with a border: `pad_width` is (before, after), for all axes or for each."""
    given = {} if constant_values is None else {"constant_values": constant_values}
    return jnp.pad(operand(x), pad_width, mode, **given)


def concatenate(xs: Sequence[Any], axis: int = 0) -> Array:
    """Arrays one after another along an axis that they have."""
    return jnp.concatenate([convert_to_tensor(x) for x in xs], axis)


def stack(x: Sequence[Any], axis: int = 0) -> Array:
    """Arrays side by side along a new axis."""
    return jnp.stack([convert_to_tensor(each) for each in x], axis)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Array]:
    """The arrays along an axis; `num`, if given, is how many there are."""
    x = operand(x)
    return [jnp.take(x, i, axis) for i in range(num or x.shape[axis])]


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """x cut into equal parts, or at places, along an axis."""
    return list(jnp.split(operand(x), indices_or_sections, axis))


def sort(x: Any, axis: int = -1) -> Array:
    """x in rising order along an axis."""
    return jnp.sort(operand(x), axis)


def argsort(x: Any, axis: int = -1) -> Array:
    """The places that would bring x into rising order along an axis, int32."""
    return jnp.argsort(operand(x), axis).astype(jnp.int32)


def take(x: Any, indices: Any, axis: int | None = None) -> Array:
    """The numbers at places along an axis; of x in a row when None."""
    return jnp.take(operand(x), operand(indices), axis)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Array:
    """The numbers at places along an axis, a place for each position."""
    return jnp.take_along_axis(operand(x), operand(indices), axis)


def tril(x: Any, k: int = 0) -> Array:
    """The part of a matrix on and below diagonal k, zeros elsewhere."""
    return jnp.tril(operand(x), k)


def triu(x: Any, k: int = 0) -> Array:
    """The part of a matrix on and above diagonal k, zeros elsewhere."""
    return jnp.triu(operand(x), k)


def diag(x: Any, k: int = 0) -> Array:
    """Diagonal k of a matrix, or a matrix with that diagonal."""
    return jnp.diag(operand(x), k)


# Products.


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


def einsum(subscripts: str, *operands: Any) -> Array:
    """The sum of products that Einstein's notation says, such as `"ij,jk->ik"`."""
    return jnp.einsum(subscripts, *map(operand, operands))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """The norm of vectors or matrices; the Euclidean one when `ord` is None."""
    return jnp.linalg.norm(operand(x), ord, axis, keepdims)
