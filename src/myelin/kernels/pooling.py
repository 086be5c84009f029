"""Maxima and means of windows, one axis after the other, as maxima and sums of slices.

A window's maximum is the maximum over its rows of theirs, so k·k points take 2·k steps, and each
step is a loop over whole slices that XLA compiles well, forwards and back; its `reduce_window`
and the scatter that is the derivative of that go point by point. Where windows adjoin, the
derivative is one comparison of the chosen place with each place, and no scatter at all.

Arrays have their channels last: x `(batch, *image, channels)`, y `(batch, *output, channels)`.
All forms can be differentiated forwards and backwards, any number of times. Of equal maxima the
first in the window takes the derivative, as in `reference_max`.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin.kernels import plain
from myelin.kernels.geometry import Geometry

Array = jax.Array


class _Span(NamedTuple):
    """The windows along one axis of x, which has `size` points with `before` outside it."""

    axis: int
    size: int
    window: int
    stride: int
    before: int
    output: int

    @property
    def adjoin(self) -> bool:
        return self.window == self.stride


def max_pool(x: Array, geometry: Geometry) -> Array:
    """The largest number of each window and channel.

    Args:
        x: `(batch, *image, channels)`.
        geometry: the windows; its padding takes no part in the maximum.

    Shapes: y `(batch, *output, channels)`.

    Raises nothing: a window that holds only padding gives the lowest number of the type.
    """
    if plain.wanted():
        return reference_max(x, geometry)
    for span in reversed(_spans(geometry)):
        x = _max_along(x, span)
    return x


def average_pool(x: Array, geometry: Geometry) -> Array:
    """The mean of each window and channel over the points that are in the image.

    Args:
        x: `(batch, *image, channels)`.
        geometry: the windows; its padding is not counted.

    Shapes: y `(batch, *output, channels)`.
    """
    if plain.wanted():
        return reference_average(x, geometry)
    for span in reversed(_spans(geometry)):
        x = _sum_along(x, span)
    counts = [_counts(span) for span in _spans(geometry)]
    shape = (1, *geometry.output, 1)
    total = functools.reduce(np.multiply.outer, counts).reshape(shape)
    if (total == total.flat[0]).all():
        return x / jnp.asarray(total.flat[0], x.dtype)
    return x / jnp.asarray(total, x.dtype)


def adaptive_max_pool(x: Array, output: Sequence[int]) -> Array:
    """The maxima of as many windows as are wanted, alike in size and covering the image.

    Window i of n along an axis of a points reaches from `floor(i·a/n)` to `ceil((i+1)·a/n)`.

    Args:
        x: `(batch, *image, channels)`.
        output: how many windows along each spatial axis.

    Shapes: y `(batch, *output, channels)`.
    """
    for axis, (size, wanted) in enumerate(zip(x.shape[1:-1], output, strict=True), start=1):
        if size % wanted == 0:
            x = _max_along(x, _tiles(axis, size, wanted))
        else:
            starts, ends = _adaptive_windows(size, wanted)
            places = starts[:, None] + np.arange((ends - starts).max())
            # A shorter window has its last point twice.
            x = jnp.take(x, np.minimum(places, ends[:, None] - 1), axis=axis).max(axis + 1)
    return x


def adaptive_average_pool(x: Array, output: Sequence[int]) -> Array:
    """The means of as many windows as are wanted; see `adaptive_max_pool`.

    Args:
        x: `(batch, *image, channels)`.
        output: how many windows along each spatial axis.

    Shapes: y `(batch, *output, channels)`.
    """
    for axis, (size, wanted) in enumerate(zip(x.shape[1:-1], output, strict=True), start=1):
        if size % wanted == 0:
            x = _sum_along(x, _tiles(axis, size, wanted)) / jnp.asarray(size // wanted, x.dtype)
        else:
            starts, ends = _adaptive_windows(size, wanted)
            at = np.arange(size)
            inside = (starts[:, None] <= at) & (at < ends[:, None])
            weights = jnp.asarray(inside / (ends - starts)[:, None], x.dtype)
            x = jnp.moveaxis(jnp.tensordot(x, weights, ((axis,), (1,))), -1, axis)
    return x


def reference_max(x: Array, geometry: Geometry) -> Array:
    """What `max_pool` computes, in one call of `jax.lax`."""
    lowest = np.asarray(_lowest(x), x.dtype)
    return lax.reduce_window(x, lowest, lax.max, *_window_arguments(geometry))


def reference_average(x: Array, geometry: Geometry) -> Array:
    """What `average_pool` computes, in two calls of `jax.lax`."""
    total, counts = (
        lax.reduce_window(a, np.zeros((), x.dtype), lax.add, *_window_arguments(geometry))
        for a in (x, jnp.ones((1, *geometry.image, 1), x.dtype))
    )
    return total / counts


def _window_arguments(geometry: Geometry) -> tuple[Any, Any, Any]:
    padding = ((0, 0), *geometry.padding, (0, 0))
    return (1, *geometry.window, 1), (1, *geometry.strides, 1), padding


def _spans(geometry: Geometry) -> list[_Span]:
    parts = zip(geometry.image, geometry.window, geometry.strides, geometry.padding,
                geometry.output, strict=True)  # fmt: skip
    return [
        _Span(axis, size, window, stride, padding[0], output)
        for axis, (size, window, stride, padding, output) in enumerate(parts, start=1)
    ]


def _tiles(axis: int, size: int, output: int) -> _Span:
    return _Span(axis, size, size // output, size // output, 0, output)


def _counts(span: _Span) -> np.ndarray:
    """How many points of the image each window holds, at least 1."""
    starts = np.arange(span.output) * span.stride - span.before
    inside = np.minimum(starts + span.window, span.size) - np.maximum(starts, 0)
    return np.maximum(inside, 1)


def _adaptive_windows(size: int, output: int) -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(output)
    return i * size // output, -(-(i + 1) * size // output)


def _fitted(x: Array, span: _Span, fill: Any) -> Array:
    """x from the first window's first point to the last one's last, with `fill` outside it."""
    length = (span.output - 1) * span.stride + span.window
    after = length - span.size - span.before
    if span.before == after == 0:
        return x
    padding = [(0, 0, 0)] * x.ndim
    padding[span.axis] = (span.before, after, 0)
    return lax.pad(x, jnp.asarray(fill, x.dtype), padding)


def _tiled(x: Array, span: _Span) -> Array:
    """A fitted x whose windows adjoin, with an axis for the windows and one inside them."""
    at = span.axis
    return x.reshape(*x.shape[:at], span.output, span.window, *x.shape[at + 1 :])


def _points(x: Array, span: _Span) -> list[Array]:
    """For each point of the window, what it meets in a fitted x."""
    if span.adjoin:
        tiled = _tiled(x, span)
        return [lax.index_in_dim(tiled, i, span.axis + 1, False) for i in range(span.window)]
    last = (span.output - 1) * span.stride + 1
    return [lax.slice_in_dim(x, i, i + last, span.stride, span.axis) for i in range(span.window)]


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _max_along(x: Array, span: _Span) -> Array:
    return functools.reduce(jnp.maximum, _points(_fitted(x, span, _lowest(x)), span))


@_max_along.defjvp
def _max_along_jvp(span: _Span, primals: Any, tangents: Any) -> tuple[Array, Array]:
    points = _points(_fitted(primals[0], span, _lowest(primals[0])), span)
    best, place = points[0], jnp.zeros(points[0].shape, _place_type(span))
    for i, point in enumerate(points[1:], start=1):
        place = jnp.where(point > best, jnp.asarray(i, place.dtype), place)
        best = jnp.maximum(best, point)
    tangent = _fitted(tangents[0], span, 0)
    zero = jnp.zeros((), tangent.dtype)
    if span.adjoin:
        tiled = _tiled(tangent, span)
        here = lax.broadcasted_iota(place.dtype, tiled.shape, span.axis + 1)
        chosen = here == jnp.expand_dims(place, span.axis + 1)
        return best, jnp.where(chosen, tiled, zero).sum(span.axis + 1)
    terms = [jnp.where(place == i, point, zero) for i, point in enumerate(_points(tangent, span))]
    return best, functools.reduce(operator.add, terms)


def _place_type(span: _Span) -> Any:
    return jnp.int8 if span.window <= 127 else jnp.int32


def _lowest(x: Array) -> Any:
    return -math.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _sum_along(x: Array, span: _Span) -> Array:
    return functools.reduce(operator.add, _points(_fitted(x, span, 0), span))


@_sum_along.defjvp
def _sum_along_jvp(span: _Span, primals: Any, tangents: Any) -> tuple[Array, Array]:
    tangent = _fitted(tangents[0], span, 0)
    # The transpose of a sum along an axis is a broadcast; that of slices would be additions.
    if span.adjoin:
        return _sum_along(primals[0], span), _tiled(tangent, span).sum(span.axis + 1)
    total = functools.reduce(operator.add, _points(tangent, span))
    return _sum_along(primals[0], span), total
