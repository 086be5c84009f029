"""Shapes, and trees of shapes: what a layer is built for, and what its sizes may be."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError

Shape = tuple[int | None, ...]


def is_shape(value: Any) -> bool:
    """Whether `value` is one shape, not a tree of shapes."""
    return isinstance(value, tuple | list) and all(a is None or isinstance(a, int) for a in value)


def shapes_of(inputs: Any) -> Any:
    """The shapes of a tree of arrays."""
    return jax.tree.map(lambda a: tuple(a.shape), inputs)


def zeros(input_shape: Any, size: int) -> Any:
    """Arrays of zeros with `size` in the place of each None."""
    fill = lambda shape: jnp.zeros([size if a is None else a for a in shape])  # noqa: E731
    return jax.tree.map(fill, input_shape, is_leaf=is_shape)


def as_tuples(shape: Any) -> Any:
    """A tree of shapes as JSON gives it, with tuples in the place of lists."""
    if isinstance(shape, dict):
        return {name: as_tuples(inner) for name, inner in shape.items()}
    if is_shape(shape):
        return tuple(shape)
    return [as_tuples(inner) for inner in shape]


def positive_int(value: Any, owner: str, argument: str) -> int:
    """`value` as an int above zero.

    Raises:
        InputError: it is none; names the layer class and its argument.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value <= 0:
        raise InputError(f"{owner}: {argument} wants a whole number above 0, got {value!r}")
    return int(value)
