"""Layers that make one array of several."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape, is_shape
from myelin.losses.regression import unit


class _Merge(Layer):
    """What takes a list of inputs."""

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Checks that the shapes fit each other."""
        self.compute_output_shape(input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Which steps count in some input, where all have a mask."""
        each = _masks(mask)
        if not each or any(own is None for own in each):
            return None
        return functools.reduce(jnp.logical_or, each)

    def _several(self, shapes: Any, at_least: int = 1, at_most: int | None = None) -> list[Shape]:
        """The shapes of the inputs, checked to be a list of the right length."""
        if is_shape(shapes) or not isinstance(shapes, list | tuple):
            raise self.wants("a list of inputs", shapes)
        if len(shapes) < at_least or (at_most is not None and len(shapes) > at_most):
            count = f"{at_least} inputs" if at_least == at_most else f"{at_least} inputs or more"
            raise self.wants(count, list(shapes))
        return [tuple(shape) for shape in shapes]


def _masks(mask: Any) -> list[Any]:
    return list(mask) if isinstance(mask, list | tuple) else []


class _Elementwise(_Merge):
    """Combines inputs number by number, each with the result of those before it."""

    # Given two arrays; a subclass sets it.
    _combine: Callable[[Any, Any], Any]

    def call(self, inputs: Sequence[jax.Array]) -> jax.Array:
        """The inputs, combined number by number."""
        axes = len(self.compute_output_shape([x.shape for x in inputs]))
        return functools.reduce(type(self)._combine, (_stretched(x, axes) for x in inputs))

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape that all inputs broadcast to; their batch axes are one."""
        shapes = self._several(input_shape)
        batch_sizes = {shape[0] for shape in shapes} - {None}
        if len(batch_sizes) > 1:
            raise self.wants("inputs of one batch size", list(shapes))
        batch = batch_sizes.pop() if batch_sizes else None
        inner: Shape = shapes[0][1:]
        for shape in shapes[1:]:
            try:
                inner = _broadcast(inner, shape[1:])
            except ValueError:
                raise self.wants(
                    "inputs whose sizes, from the last axis on, are equal or 1", list(shapes)
                ) from None
        return (batch, *inner)


def _stretched(x: jax.Array, axes: int) -> jax.Array:
    """`x` with axes of size 1 after the batch, so that it has `axes` in all."""
    return jnp.expand_dims(x, tuple(range(1, 1 + axes - x.ndim)))


def _broadcast(one: Shape, other: Shape) -> Shape:
    if len(one) < len(other):
        one, other = other, one
    sizes = list(one[: len(one) - len(other)])
    for a, b in zip(one[len(sizes) :], other, strict=True):
        if None not in (a, b) and a != b and 1 not in (a, b):
            raise ValueError
        sizes.append(None if None in (a, b) else b if a == 1 else a)
    return tuple(sizes)


class Add(_Elementwise):
    """The sum of its inputs: `y = a + b + …`.

    Shapes: a list of arrays `(batch, …)` that broadcast to one shape; one with fewer axes gets
    axes of size 1 after the batch.

    Raises:
        ShapeError: one array in the place of a list, or shapes that do not fit each other.
    """

    _combine = staticmethod(jnp.add)


class Subtract(_Elementwise):
    """The difference of two inputs: `y = a - b`. Shapes and errors as for `Add`."""

    _combine = staticmethod(jnp.subtract)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape that both inputs broadcast to."""
        return super().compute_output_shape(self._several(input_shape, 2, 2))


class Multiply(_Elementwise):
    """The product of its inputs, number by number. Shapes and errors as for `Add`."""

    _combine = staticmethod(jnp.multiply)


class Average(_Elementwise):
    """The mean of its inputs: `y = (a + b + …) / n`. Shapes and errors as for `Add`."""

    _combine = staticmethod(jnp.add)

    def call(self, inputs: Sequence[jax.Array]) -> jax.Array:
        """The sum, divided by the number of inputs."""
        return super().call(inputs) / len(inputs)


class Maximum(_Elementwise):
    """The largest of its inputs, number by number. Shapes and errors as for `Add`."""

    _combine = staticmethod(jnp.maximum)


class Minimum(_Elementwise):
    """The smallest of its inputs, number by number. Shapes and errors as for `Add`."""

    _combine = staticmethod(jnp.minimum)


class Concatenate(_Merge):
    """Puts its inputs one after the other along an axis.

    Args:
        axis: that axis; the batch axis is 0.

    Shapes: a list of arrays that differ in the size of that axis at most.

    Raises:
        ShapeError: one array in the place of a list, or shapes that differ elsewhere.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Sequence[jax.Array]) -> jax.Array:
        """The inputs in one array."""
        self.compute_output_shape([x.shape for x in inputs])
        return jnp.concatenate(inputs, self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Which steps count: of inputs behind each other each its own, of others in some."""
        each = _masks(mask)
        if all(own is None for own in each):
            return None
        wide = [
            jnp.ones(x.shape, bool)
            if own is None
            else jnp.broadcast_to(own.reshape(own.shape + (1,) * (x.ndim - own.ndim)), x.shape)
            for x, own in zip(inputs, each, strict=True)
        ]
        return jnp.any(jnp.concatenate(wide, axis=self.axis), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of the first input, with the sum of sizes along the axis."""
        shapes = self._several(input_shape)
        axes = len(shapes[0])
        if not -axes <= self.axis < axes:
            raise self.wants(f"inputs that have an axis {self.axis}", shapes)
        axis = self.axis % axes
        for others in zip(*(shape[:axis] + shape[axis + 1 :] for shape in shapes), strict=False):
            if len(set(others) - {None}) > 1:
                raise self.wants(f"inputs that differ along axis {self.axis} only", shapes)
        if {len(shape) for shape in shapes} != {axes}:
            raise self.wants("inputs with equally many axes", shapes)
        sizes = [shape[axis] for shape in shapes]
        total = None if None in sizes else sum(size for size in sizes if size is not None)
        return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])


class Dot(_Merge):
    """Sums the products of two inputs along an axis of each, example by example.

    `y[n, i…, j…] = Σ_k a[n, i…, k] · b[n, j…, k]`

    Args:
        axes: the axis of both inputs that the sum runs over, or a pair of axes, one for each;
            not the batch axis, 0.
        normalize: divides by the lengths along these axes first, so that y is the cosine.

    Shapes: a list of `(batch, …)` and `(batch, …)` to the batch axis and the other axes of the
    first and of the second; `(batch, 1)` where there are none.

    Raises:
        InputError: axes that are no whole number and no pair of them, or the batch axis.
        ShapeError: other than two inputs, or axes of different sizes.
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = (axes, axes) if isinstance(axes, int) else tuple(axes)
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise InputError(f"Dot: axes wants a whole number, or two in a tuple, got {axes!r}")
        if 0 in pair:
            raise InputError(f"Dot: axes wants axes after the batch, which is axis 0, got {axes!r}")
        self.axes = axes if isinstance(axes, int) else pair
        self.normalize = normalize

    def call(self, inputs: Sequence[jax.Array]) -> jax.Array:
        """The products, summed along the axes."""
        axes = self._places([x.shape for x in inputs])
        a, b = inputs
        if self.normalize:
            a, b = unit(a, axes[0]), unit(b, axes[1])
        y = jax.lax.dot_general(a, b, (((axes[0],), (axes[1],)), ((0,), (0,))))
        return y[:, None] if y.ndim == 1 else y

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: what is multiplied has no steps left."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The batch axis, and the axes that are not summed over."""
        one, other = self._places(input_shape)
        a, b = input_shape
        rest = (*a[1:one], *a[one + 1 :], *b[1:other], *b[other + 1 :])
        return (a[0], *(rest or (1,)))

    def _places(self, input_shape: Any) -> tuple[int, int]:
        """Which axis of each input is summed over, counted from 0."""
        shapes = self._several(input_shape, 2, 2)
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        places = []
        for axis, shape in zip(pair, shapes, strict=True):
            if not -len(shape) < axis < len(shape):
                raise self.wants(f"inputs that have an axis {axis} after the batch", shapes)
            places.append(axis % len(shape))
        one, other = places
        if shapes[0][one] != shapes[1][other]:
            raise self.wants(
                f"axis {pair[0]} of the first input and axis {pair[1]} of the second to be of one "
                "size",
                shapes,
            )
        if None not in (shapes[0][0], shapes[1][0]) and shapes[0][0] != shapes[1][0]:
            raise self.wants("inputs of one batch size", shapes)
        return one, other


# The same layers, made and called at once.


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of several arrays; see `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The difference of two arrays; see `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of several arrays; see `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of several arrays; see `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The largest of several arrays, number by number; see `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smallest of several arrays, number by number; see `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Several arrays one after the other; see `Concatenate`."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Products of two arrays, summed along an axis of each; see `Dot`."""
    return Dot(axes, **kwargs)(inputs)
