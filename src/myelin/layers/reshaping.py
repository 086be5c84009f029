"""Layers that move numbers about and compute nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape, positive_int


class Flatten(Layer):
    """Makes one axis of all axes but the batch.

    Args:
        data_format: `"channels_last"` (the default) or `"channels_first"`, which moves the
            channels to the end first.

    Shapes: `(batch, a, b, …)` to `(batch, a·b·…)`; `(batch,)` to `(batch, 1)`.

    Raises:
        InputError: another data format.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last", "channels_first"):
            raise InputError(
                f'Flatten: data_format wants "channels_last" or "channels_first", '
                f"got {data_format!r}"
            )
        self.data_format = data_format or "channels_last"

    def call(self, x: jax.Array) -> jax.Array:
        """The same numbers in two axes."""
        if self.data_format == "channels_first" and x.ndim > 2:
            x = jnp.moveaxis(x, 1, -1)
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The batch axis, and the product of the others (None where one is unknown)."""
        inner = input_shape[1:]
        return (input_shape[0], None if None in inner else math.prod(a for a in inner if a))


class Reshape(Layer):
    """Gives each example another shape of as many numbers.

    Args:
        target_shape: sizes without the batch axis; one may be -1, to be worked out.

    Shapes: `(batch, …)` to `(batch, *target_shape)`.

    Raises:
        InputError: more than one -1.
        ShapeError: the numbers do not fit into the target shape.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(target_shape, int):
            target_shape = (target_shape,)
        self.target_shape = tuple(int(size) for size in target_shape)
        if self.target_shape.count(-1) > 1:
            raise InputError("Reshape: target_shape may hold one -1 at most")

    def build(self, input_shape: Shape) -> None:
        """Checks that the numbers fit."""
        self.compute_output_shape(input_shape)

    def call(self, x: jax.Array) -> jax.Array:
        """The same numbers in the target shape."""
        return x.reshape(self.compute_output_shape(x.shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The batch axis and the target shape, with -1 worked out."""
        if None in input_shape[1:]:
            return (input_shape[0], *(None if size == -1 else size for size in self.target_shape))
        total = math.prod(a for a in input_shape[1:] if a is not None)
        known = math.prod(size for size in self.target_shape if size != -1)
        wanted = -1 in self.target_shape
        if (wanted and (known == 0 or total % known)) or (not wanted and total != known):
            raise self.wants(f"{known} numbers per example for {self.target_shape}", input_shape)
        rest = total // known if wanted else 0
        return (input_shape[0], *(rest if size == -1 else size for size in self.target_shape))


class Permute(Layer):
    """Puts the axes of each example in another order.

    Args:
        dims: the axes in their new order, counted from 1; the batch axis stays first.

    Raises:
        InputError: `dims` is not a rearrangement of 1, 2, …
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise InputError(f"Permute: dims wants each of 1 to {len(dims)} once, got {dims}")

    def call(self, x: jax.Array) -> jax.Array:
        """The transposed array."""
        if x.ndim != len(self.dims) + 1:
            raise self.wants(f"{len(self.dims)} axes after the batch", x.shape)
        return jnp.transpose(x, (0, *self.dims))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The sizes in the new order."""
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class RepeatVector(Layer):
    """Repeats each example n times along a new axis.

    Args:
        n: how often, above 0.

    Shapes: `(batch, features)` to `(batch, n, features)`.

    Raises:
        InputError: n is not a whole number above 0.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_int(n, "RepeatVector", "n")

    def call(self, x: jax.Array) -> jax.Array:
        """x with a new axis of n equal slices."""
        if x.ndim != 2:
            raise self.wants("inputs (batch, features)", x.shape)
        return jnp.repeat(x[:, None], self.n, axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(batch, n, features)`."""
        return (input_shape[0], self.n, input_shape[1])
