"""Shapes, and trees of shapes: what a layer is built for, and what its sizes may be."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from myelin.errors import InputError

Shape = tuple[int | None, ...]


def is_shape(value: Any) -> bool:
    """Whether `value` is one shape, not a tree of shapes."""
    return isinstance(value, tuple | list) and all(a is None or isinstance(a, int) for a in value)


def fit(wanted: Shape, given: Shape) -> bool:
    """Whether two shapes can be of one array; None stands for any size."""
    return len(wanted) == len(given) and all(
        None in (one, other) or one == other for one, other in zip(wanted, given, strict=True)
    )


def shapes_of(inputs: Any) -> Any:
    """The shapes of a tree of arrays."""
    return jax.tree.map(lambda a: tuple(a.shape), inputs)


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
