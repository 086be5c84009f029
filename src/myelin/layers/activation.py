"""Activations as layers, with their arguments in the constructor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations, constraints, initializers, regularizers
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape


class _Elementwise(Layer):
    """A layer whose outputs have the shape of its inputs."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of x."""
        return input_shape


class ReLU(_Elementwise):
    """`y = min(x, max_value)` for x >= threshold, else `negative_slope·(x - threshold)`.

    Args:
        max_value: the largest output, 0 or above; None for no bound.
        negative_slope: of the part below the threshold, 0 or above.
        threshold: 0 or above.

    Raises:
        InputError: a negative argument.
    """

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        for name in ("max_value", "negative_slope", "threshold"):
            value = getattr(self, name)
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise InputError(f"ReLU: {name} wants a number from 0 up, got {value!r}")

    def call(self, x: jax.Array) -> jax.Array:
        """`relu(x)` with these arguments."""
        return activations.relu(
            x,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )


class LeakyReLU(_Elementwise):
    """`y = x` for x >= 0, else `negative_slope·x`.

    Args:
        negative_slope: 0 or above.
        alpha: its old name.

    Raises:
        InputError: a slope that is negative or None.
    """

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise InputError(
                f"LeakyReLU: negative_slope wants a number from 0 up, got {negative_slope!r}"
            )
        self.negative_slope = negative_slope

    def call(self, x: jax.Array) -> jax.Array:
        """`leaky_relu(x)`."""
        return activations.leaky_relu(x, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, under today's names."""
        config = super().get_config()
        config.pop("alpha", None)
        return config


class PReLU(_Elementwise):
    """`y = x` for x >= 0, else `alpha·x`, with alpha learned.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of alpha.
        shared_axes: axes, counted from 1, along which alpha is one number.

    Shapes: alpha has the shape of one example, 1 along shared axes.

    Source: He et al., Delving Deep into Rectifiers, 2015.
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if axes is None else list(axes)

    def build(self, input_shape: Shape) -> None:
        """Makes alpha."""
        shared = self.shared_axes or []
        sizes = [1 if i + 1 in shared else size for i, size in enumerate(input_shape[1:])]
        if None in sizes:
            raise self.wants("all axes but the batch and the shared ones known", input_shape)
        self.alpha = self.add_weight(
            sizes,  # type: ignore[arg-type]
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )

    def call(self, x: jax.Array) -> jax.Array:
        """`max(x, 0) + alpha·min(x, 0)`."""
        return activations.relu(x) - self.alpha.value * activations.relu(-x)


class ELU(_Elementwise):
    """`y = x` for x > 0, else `alpha·(exp(x) - 1)`.

    Args:
        alpha: the limit on the left, as a positive number.

    Source: Clevert et al., Fast and Accurate Deep Network Learning by ELUs, 2015.
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, x: jax.Array) -> jax.Array:
        """`elu(x)`."""
        return activations.elu(x, alpha=self.alpha)


class Softmax(_Elementwise):
    """`y = exp(x) / sum exp(x)` along an axis.

    Args:
        axis: one axis, or several that are taken together.
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)

    def call(self, x: jax.Array, mask: Any = None) -> jax.Array:
        """`softmax(x)`, where `mask` is False 0."""
        if mask is not None:
            x = jnp.where(mask, x, jnp.finfo(x.dtype).min)
        if isinstance(self.axis, int):
            y = activations.softmax(x, axis=self.axis)
        else:
            y = jnp.exp(x - jax.nn.logsumexp(x, axis=tuple(self.axis), keepdims=True))
        # Also where the mask is False all along the axis.
        return y if mask is None else jnp.where(mask, y, 0)
