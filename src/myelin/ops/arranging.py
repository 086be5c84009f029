"""The same numbers, arranged otherwise, with `keras.ops`'s names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import convert_to_tensor, operand
from myelin.promise import lift

Array = jax.Array


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


def ravel(x: Any) -> Array:
    """x in a row."""
    return jnp.ravel(operand(x))


def fliplr(x: Any) -> Array:
    """x in the reverse order along its second axis."""
    return jnp.fliplr(operand(x))


def flipud(x: Any) -> Array:
    """x in the reverse order along its first axis."""
    return jnp.flipud(operand(x))


def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """An array turned k times by 90 degrees, from the first of two axes to the second."""
    first, second = axes
    return jnp.rot90(operand(array), k, (first, second))


def append(x1: Any, x2: Any, axis: int | None = None) -> Array:
    """x2 after x1 along an axis; all numbers in a row when None."""
    return jnp.append(operand(x1), operand(x2), axis)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """x cut into parts along an axis, of which the first may be larger by one."""
    return list(jnp.array_split(operand(x), indices_or_sections, axis))


def hsplit(x: Any, indices_or_sections: Any) -> list[Array]:
    """x cut along its second axis, or its only one; see `split`."""
    return list(jnp.hsplit(operand(x), indices_or_sections))


def vsplit(x: Any, indices_or_sections: Any) -> list[Array]:
    """x cut along its first axis; see `split`."""
    return list(jnp.vsplit(operand(x), indices_or_sections))


def dsplit(x: Any, indices_or_sections: Any) -> list[Array]:
    """x cut along its third axis; see `split`."""
    return list(jnp.dsplit(operand(x), indices_or_sections))


def hstack(xs: Sequence[Any]) -> Array:
    """Arrays one after another along their second axis, or their only one."""
    return jnp.hstack([convert_to_tensor(x) for x in xs])


def vstack(xs: Sequence[Any]) -> Array:
    """Arrays one after another along their first axis; vectors become rows."""
    return jnp.vstack([convert_to_tensor(x) for x in xs])


def dstack(xs: Sequence[Any]) -> Array:
    """Arrays one after another along their third axis."""
    return jnp.dstack([convert_to_tensor(x) for x in xs])


# Triangles and diagonals.


def tril(x: Any, k: int = 0) -> Array:
    """The part of a matrix on and below diagonal k, zeros elsewhere."""
    return jnp.tril(operand(x), k)


def triu(x: Any, k: int = 0) -> Array:
    """The part of a matrix on and above diagonal k, zeros elsewhere."""
    return jnp.triu(operand(x), k)


def diag(x: Any, k: int = 0) -> Array:
    """Diagonal k of a matrix, or a matrix with that diagonal."""
    return jnp.diag(operand(x), k)


def diagflat(x: Any, k: int = 0) -> Array:
    """A matrix with the numbers of x on diagonal k."""
    return jnp.diagflat(operand(x), k)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonal of two axes, as the last axis."""
    return jnp.diagonal(operand(x), offset, axis1, axis2)


# Blocks of images.


def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Array:
    """Channels laid out as blocks of pixels: `(…, h, w, b²·c)` becomes `(…, b·h, b·w, c)`.

    Args:
        x: a batch of images.
        block_size: b, the side of a block.
        data_format: "channels_last" or "channels_first".

    Raises:
        ShapeError: not four axes, or channels that are no multiple of b².
    """
    y, b = _channels_last(x, data_format, "depth_to_space"), block_size
    n, h, w, c = y.shape
    if c % (b * b):
        raise ShapeError(f"depth_to_space: wants channels in multiples of {b * b}, got {c}")
    if data_format == "channels_last":
        y = y.reshape(n, h, w, b, b, c // b**2).transpose(0, 1, 3, 2, 4, 5)
        return y.reshape(n, h * b, w * b, c // b**2)
    # Here the blocks' places lie inside the channel, as in PyTorch.
    y = y.reshape(n, h, w, c // b**2, b, b).transpose(0, 3, 1, 4, 2, 5)
    return y.reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Array:
    """Blocks of pixels laid out as channels: the inverse of `depth_to_space`.

    Raises:
        ShapeError: not four axes, or sides that are no multiple of `block_size`.
    """
    y, b = _channels_last(x, data_format, "space_to_depth"), block_size
    n, h, w, c = y.shape
    if h % b or w % b:
        raise ShapeError(f"space_to_depth: wants sides in multiples of {b}, got {h} x {w}")
    y = y.reshape(n, h // b, b, w // b, b, c)
    if data_format == "channels_last":
        return y.transpose(0, 1, 3, 2, 4, 5).reshape(n, h // b, w // b, b * b * c)
    return y.transpose(0, 5, 2, 4, 1, 3).reshape(n, c * b * b, h // b, w // b)


def _channels_last(x: Any, data_format: str, owner: str) -> Array:
    x = convert_to_tensor(x)
    if data_format not in ("channels_last", "channels_first"):
        raise InputError(
            f'{owner}: data_format wants "channels_last" or "channels_first", got {data_format!r}'
        )
    if x.ndim != 4:
        raise ShapeError(f"{owner}: wants images with four axes, got {tuple(x.shape)}")
    return x if data_format == "channels_last" else jnp.moveaxis(x, 1, -1)


__all__ = [
    "append",
    "array_split",
    "broadcast_to",
    "concatenate",
    "depth_to_space",
    "diag",
    "diagflat",
    "diagonal",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "moveaxis",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "space_to_depth",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "transpose",
    "tril",
    "triu",
    "unstack",
    "vsplit",
    "vstack",
]
lift(globals(), __all__)
