"""Layers that normalize each example by itself, in training as in inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.normalization import ScaleAndShift, axes_of
from myelin.layers.shapes import Shape
from myelin.losses.regression import unit


class GroupNormalization(ScaleAndShift):
    """Normalizes each example by groups of channels.

    `y = gamma·(x - mean) / sqrt(var + epsilon) + beta`, where mean and var are those of a group
    and all other axes but the batch.

    Args:
        groups: how many groups there are, a divisor of the number of channels; -1 makes each
            channel a group (instance normalization), 1 makes all of them one.
        axis: the channel axis.
        epsilon: added to the variance, above 0.
        center, scale: whether there are beta and gamma.
        beta_initializer, gamma_initializer: first values.
        beta_regularizer, gamma_regularizer: penalties that join the loss.
        beta_constraint, gamma_constraint: applied after each update.

    Shapes: any with the channel axis known; gamma and beta have its size.

    Raises:
        InputError: `groups` is neither -1 nor a whole number above 0.
        ShapeError: the number of channels is unknown, or no multiple of `groups`.

    Source: Wu and He, Group Normalization, 2018.
    """

    supports_masking = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise InputError(
                f"GroupNormalization: groups wants a whole number above 0, or -1, got {groups!r}"
            )
        self.groups = groups
        self.axis = axis
        self.epsilon = float(epsilon)
        self._affine(
            center, scale, beta_initializer, gamma_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint,
        )  # fmt: skip

    def build(self, input_shape: Shape) -> None:
        """Makes gamma and beta."""
        (axis,) = axes_of(self.axis, len(input_shape))
        channels = input_shape[axis]
        if axis == 0 or channels is None or channels % self.groups:
            raise self.wants(
                f"a number of channels, along axis {self.axis}, that is known and a multiple of "
                f"its {self.groups} groups",
                input_shape,
            )
        self._make_gamma_and_beta((channels,), self.scale, self.center)

    def call(self, x: jax.Array) -> jax.Array:
        """`gamma·(x - mean) / sqrt(var + epsilon) + beta`, with a mean and var for each group."""
        (axis,) = axes_of(self.axis, x.ndim)
        channels = x.shape[axis]
        groups = channels if self.groups == -1 else self.groups
        grouped = (*x.shape[:axis], groups, channels // groups, *x.shape[axis + 1 :])
        others = tuple(a for a in range(1, x.ndim + 1) if a != axis)
        wide = x.astype(self.variable_dtype).reshape(grouped)
        mean = wide.mean(others, keepdims=True)
        var = jnp.square(wide - mean).mean(others, keepdims=True)
        y = ((wide - mean) * jax.lax.rsqrt(var + self.epsilon)).reshape(x.shape)
        kept = tuple(channels if a == axis else 1 for a in range(x.ndim))
        if self.gamma is not None:
            y = y * self.gamma.value.reshape(kept)
        if self.beta is not None:
            y = y + self.beta.value.reshape(kept)
        return y.astype(x.dtype)


class RMSNormalization(Layer):
    """Divides each example by its root mean square: `y = scale·x / sqrt(mean(x²) + epsilon)`.

    Args:
        axis: the axes that the mean is taken over.
        epsilon: added to the mean square, above 0.

    Shapes: any with these axes known; scale has their sizes.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """

    def __init__(
        self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else tuple(axis)
        self.epsilon = float(epsilon)

    def build(self, input_shape: Shape) -> None:
        """Makes scale."""
        sizes: list[Any] = [input_shape[axis] for axis in axes_of(self.axis, len(input_shape))]
        if None in sizes:
            raise self.wants(f"the sizes of axes {self.axis} to be known", input_shape)
        self.scale = self.add_weight(sizes, "ones", name="scale")

    def call(self, x: jax.Array) -> jax.Array:
        """`scale·x / sqrt(mean(x²) + epsilon)`."""
        axes = axes_of(self.axis, x.ndim)
        kept = tuple(x.shape[axis] if axis in axes else 1 for axis in range(x.ndim))
        wide = x.astype(self.variable_dtype)
        squares = jnp.square(wide).mean(axes, keepdims=True)
        y = wide * jax.lax.rsqrt(squares + self.epsilon) * self.scale.value.reshape(kept)
        return y.astype(x.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x."""
        return input_shape


class UnitNormalization(Layer):
    """Divides each example by its length: `y = x / sqrt(sum x²)`; zeros stay zeros.

    Args:
        axis: the axes that the sum runs over.

    Raises:
        InputError: an axis that the inputs do not have.
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else tuple(axis)

    def call(self, x: jax.Array) -> jax.Array:
        """`x / sqrt(sum x²)`."""
        wide = x.astype(self.variable_dtype)
        return unit(wide, axes_of(self.axis, x.ndim), least=1e-12).astype(x.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x."""
        axes_of(self.axis, len(input_shape))
        return input_shape
