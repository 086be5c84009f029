"""Sorting, and choosing numbers by their size or place, with `keras.ops`'s names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import convert_to_tensor, operand
from myelin.promise import lift

Array = jax.Array


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


def argpartition(x: Any, kth: int, axis: int | None = -1) -> Array:
    """The places that bring the k-th smallest to place k, smaller ones before it, int32."""
    x = operand(x)
    if axis is None:
        x, axis = jnp.ravel(x), 0
    return jnp.argpartition(x, kth, axis).astype(jnp.int32)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Array:
    """The places at which values would go into a rising vector, int32.

    Args:
        sorted_sequence: the vector.
        values: any shape.
        side: "left" of numbers that are equal, or "right".

    Raises:
        ShapeError: `sorted_sequence` is no vector.
    """
    sequence = convert_to_tensor(sorted_sequence)
    if sequence.ndim != 1:
        raise ShapeError(f"searchsorted: wants a vector, got {tuple(sequence.shape)}")
    return jnp.searchsorted(sequence, operand(values), side=side).astype(jnp.int32)


def digitize(x: Any, bins: Any) -> Array:
    """How many of the rising edges `bins` are not above each number, int32."""
    return jnp.digitize(operand(x), convert_to_tensor(bins)).astype(jnp.int32)


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Array:
    """Whether each number of x1 is among x2; whether it is not, if `invert`."""
    return jnp.isin(convert_to_tensor(x1), convert_to_tensor(x2), assume_unique, invert)


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The numbers of x, each once.

    Args:
        x: any shape.
        sorted: whether they must rise.
        return_index: whether to give the places where each first stands.
        return_inverse: whether to give, for each number of x, its place in the result.
        return_counts: whether to give how often each comes.
        axis: whole slices along it are compared; single numbers when None.
        size: how many to give, which compiled steps need; cut off or filled up.
        fill_value: what to fill up with; the smallest when None.
    """
    return jnp.unique(
        operand(x),
        return_index=return_index,
        return_inverse=return_inverse,
        return_counts=return_counts,
        axis=axis,
        equal_nan=False,
        size=size,
        sorted=sorted,
        fill_value=fill_value,
    )


def nonzero(x: Any) -> tuple[Array, ...]:
    """The places of the numbers that are not 0, an array for each axis."""
    return tuple(jnp.nonzero(operand(x)))


def unravel_index(indices: Any, shape: Sequence[int]) -> tuple[Array, ...]:
    """For places in an array laid out in a row, their places along each axis of its shape."""
    return tuple(jnp.unravel_index(convert_to_tensor(indices), tuple(shape)))


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Array:
    """From several arrays the number whose condition holds first, else `default`, elementwise."""
    conditions = [convert_to_tensor(each) for each in condlist]
    return jnp.select(conditions, [operand(each) for each in choicelist], operand(default))


def get_item(x: Any, key: Any) -> Any:
    """`x[key]`."""
    # A file keeps a tuple of indices as a list.
    return operand(x)[tuple(key) if isinstance(key, list) else key]


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Array, Array]:
    """The k largest along the last axis, falling, and their places, int32."""
    values, places = jax.lax.top_k(convert_to_tensor(x), k)
    return values, places


def in_top_k(targets: Any, predictions: Any, k: int) -> Array:
    """Whether the class `targets` is among the k with the largest predictions.

    Args:
        targets: classes `(batch,)`.
        predictions: `(batch, classes)`.
        k: how many count; those that are equal to the last of them count too.
    """
    scores, classes = convert_to_tensor(predictions), convert_to_tensor(targets)
    own = jnp.take_along_axis(scores, classes[..., None], axis=-1)
    own = jnp.where(jnp.isnan(own), -jnp.inf, own)
    return jnp.sum(scores > own, axis=-1) < k


# Parts of arrays at places that may be traced.


def scatter(indices: Any, values: Any, shape: Any) -> Array:
    """Zeros of a shape with values added at places, `(…, axes)` for values `(…)`."""
    values, indices = convert_to_tensor(values), convert_to_tensor(indices)
    return jnp.zeros(shape, values.dtype).at[tuple(jnp.moveaxis(indices, -1, 0))].add(values)


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Array:
    """`inputs` with other numbers at places.

    Args:
        inputs: any shape.
        indices: `(updates, axes)`.
        updates: the numbers, or slices where `axes` is fewer than all.
        reduction: None sets them; "add", "max", "min" or "mul" joins them with what is there.

    Raises:
        InputError: another reduction.
    """
    at = convert_to_tensor(inputs).at[tuple(jnp.transpose(convert_to_tensor(indices)))]
    ways: dict[Any, Any] = {
        None: at.set,
        "add": at.add,
        "max": at.max,
        "min": at.min,
        "mul": at.multiply,
    }
    if reduction not in ways:
        raise InputError(
            f'scatter_update: reduction wants None, "add", "max", "min" or "mul", got {reduction!r}'
        )
    return ways[reduction](operand(updates))


def slice(inputs: Any, start_indices: Any, shape: Sequence[int]) -> Array:
    """The part of `inputs` of a shape that begins at `start_indices`; -1 takes all that is left."""
    x, starts = convert_to_tensor(inputs), _places(start_indices)
    sizes = [x.shape[i] - starts[i] if size == -1 else size for i, size in enumerate(shape)]
    return jax.lax.dynamic_slice(x, starts, sizes)


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Array:
    """`inputs` with the part that begins at `start_indices` replaced by `updates`."""
    x = convert_to_tensor(inputs)
    return jax.lax.dynamic_update_slice(x, convert_to_tensor(updates), _places(start_indices))


def _places(indices: Any) -> Any:
    """Places as a sequence: numbers where they are known, as sizes are made of them."""
    return indices if isinstance(indices, list | tuple) else convert_to_tensor(indices)


# Sums by group.


def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The sum of the rows of each group.

    Args:
        data: `(rows, …)`.
        segment_ids: the group of each row, from 0.
        num_segments: how many groups there are, which compiled steps need; as many as the
            largest says when None.
        sorted: whether `segment_ids` rise.
    """
    return _by_segment(jax.ops.segment_sum, data, segment_ids, num_segments, sorted)


def segment_max(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The largest of the rows of each group; see `segment_sum`."""
    return _by_segment(jax.ops.segment_max, data, segment_ids, num_segments, sorted)


def segment_min(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The smallest of the rows of each group; see `segment_sum`."""
    return _by_segment(jax.ops.segment_min, data, segment_ids, num_segments, sorted)


def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The product of the rows of each group; see `segment_sum`."""
    return _by_segment(jax.ops.segment_prod, data, segment_ids, num_segments, sorted)


def _by_segment(
    function: Any, data: Any, segment_ids: Any, num_segments: int | None, sorted: bool
) -> Array:
    return function(convert_to_tensor(data), convert_to_tensor(segment_ids), num_segments, sorted)


__all__ = [
    "argpartition",
    "argsort",
    "digitize",
    "get_item",
    "in_top_k",
    "isin",
    "nonzero",
    "scatter",
    "scatter_update",
    "searchsorted",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "select",
    "slice",
    "slice_update",
    "sort",
    "take",
    "take_along_axis",
    "top_k",
    "unique",
    "unravel_index",
]
lift(globals(), __all__)
