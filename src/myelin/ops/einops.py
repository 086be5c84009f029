"""Axes split, ordered and joined as a pattern says, with `keras.ops`'s name."""

from __future__ import annotations

import math
import re
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import convert_to_tensor
from myelin.promise import lift


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> jax.Array:
    """An array with its axes split, ordered and joined as a pattern says.

    Args:
        tensor: the array.
        pattern: its axes, an arrow, and those of the result, such as
            `"b (h h1) (w w1) c -> b h w (c h1 w1)"`; axes in brackets are one, the first of them
            outermost.
        axes_lengths: the sizes of split axes; of each bracket one can be left open.

    Raises:
        InputError: a pattern without an arrow, or with different axes on its sides.
        ShapeError: an array that the pattern does not fit.

    Source: Rogozhnikov, Einops, 2022.
    """
    x = convert_to_tensor(tensor)
    sides = [_groups(side) for side in pattern.split("->")]
    if len(sides) != 2:
        raise InputError(f'rearrange: the pattern wants one "->", got {pattern!r}')
    before, after = ([axis for group in side for axis in group] for side in sides)
    if sorted(before) != sorted(after) or len(set(before)) != len(before):
        raise InputError(f"rearrange: the pattern wants each axis once on both sides: {pattern!r}")
    if len(sides[0]) != x.ndim:
        raise ShapeError(f"rearrange: {pattern!r} does not fit the shape {tuple(x.shape)}")
    sizes: dict[str, int] = {}
    for group, size in zip(sides[0], x.shape, strict=True):
        sizes.update(_sizes(group, size, axes_lengths, pattern))
    split = x.reshape([sizes[axis] for axis in before])
    ordered = jnp.transpose(split, [before.index(axis) for axis in after])
    return ordered.reshape([math.prod(sizes[axis] for axis in group) for group in sides[1]])


def _groups(side: str) -> list[list[str]]:
    """The axes of one side, those in brackets together."""
    return [re.findall(r"\w+", group) for group in re.findall(r"\w+|\([^)]*\)", side)]


def _sizes(group: list[str], size: int, known: dict[str, int], pattern: str) -> dict[str, int]:
    """The size of each axis that one axis of the array is split into."""
    found = {axis: known[axis] for axis in group if axis in known}
    rest = math.prod(found.values())
    left = [axis for axis in group if axis not in found]
    if len(left) > 1 or size % rest or (not left and rest != size):
        raise ShapeError(
            f"rearrange: {pattern!r} with {known} does not say how to split an axis of {size}"
        )
    return found | dict.fromkeys(left, size // rest)


__all__ = [
    "rearrange",
]
lift(globals(), __all__)
