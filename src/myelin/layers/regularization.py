"""Layers that make training harder so that the model generalises: noise and penalties."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin import random, regularizers
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape


class _Noise(Layer):
    """What is random in training and the identity in inference."""

    supports_masking = True

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed

    def _key(self) -> Any:
        return random.key_for(self.place, self.seed)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of x."""
        return input_shape


class Dropout(_Noise):
    """In training sets a share of the inputs to 0 and scales the others: `y = x·m / (1 - rate)`.

    Args:
        rate: the share that becomes 0, from 0 to below 1 (1 gives zeros throughout).
        noise_shape: the shape of the mask m; axes of size 1 share one draw. The batch axis
            may be None. That of x when None.
        seed: folded into the run's key.

    Raises:
        InputError: rate is out of range.

    Source: Srivastava et al., Dropout, JMLR 2014.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = share(rate, type(self).__name__)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, x: jax.Array, training: bool = False) -> jax.Array:
        """`x·m / (1 - rate)` in training, else x."""
        if not training:
            return x
        # A sweep varies the rate as a number of the compiled step, which has no one value to ask.
        if not isinstance(self.rate, jax.core.Tracer):
            if self.rate == 0:
                return x
            if self.rate == 1:
                return jnp.zeros_like(x)
        mask = jax.random.bernoulli(self._key(), 1 - self.rate, self._mask_shape(x.shape))
        return jnp.where(mask, x / (1 - self.rate), jnp.zeros((), x.dtype))

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.noise_shape is None:
            return shape
        if len(self.noise_shape) != len(shape):
            raise self.wants(f"as many axes as noise_shape {self.noise_shape}", shape)
        return tuple(
            size if given is None else given
            for given, size in zip(self.noise_shape, shape, strict=True)
        )


class _SpatialDropout(Dropout):
    """Drops whole channels, since neighbours along the other axes say much the same."""

    _axes = 1

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        if data_format not in (None, "channels_last", "channels_first"):
            raise InputError(
                f'{type(self).__name__}: data_format wants "channels_last" or '
                f'"channels_first", got {data_format!r}'
            )
        self.data_format = data_format or "channels_last"

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) != self._axes + 2:
            raise self.wants(f"{self._axes + 2} axes", shape)
        ones = (1,) * self._axes
        if self.data_format == "channels_first":
            return (shape[0], shape[1], *ones)
        return (shape[0], *ones, shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, which are those that Keras takes."""
        config = super().get_config()
        lacking = {"noise_shape", "trainable"}
        if self._axes == 1 and self.data_format == "channels_last":
            lacking.add("data_format")
        return {name: value for name, value in config.items() if name not in lacking}


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of sequences `(batch, steps, channels)`.

    Args:
        rate: the share of channels that becomes 0, from 0 to 1.
        data_format: where the channels are; last when None.
        seed: folded into the run's key.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks, 2014.
    """

    _axes = 1


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images `(batch, rows, columns, channels)`.

    Args and source as for `SpatialDropout1D`.
    """

    _axes = 2


class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes `(batch, depth, rows, columns, channels)`.

    Args and source as for `SpatialDropout1D`.
    """

    _axes = 3


class GaussianNoise(_Noise):
    """In training adds noise: `y = x + stddev·n`, n standard normal.

    Args:
        stddev: the spread of the noise, 0 or above (Keras takes 0 to 1).
        seed: folded into the run's key.

    Raises:
        InputError: stddev is negative.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        if not stddev >= 0:
            raise InputError(f"GaussianNoise: stddev wants a number from 0 up, got {stddev!r}")
        self.stddev = stddev

    def call(self, x: jax.Array, training: bool = False) -> jax.Array:
        """`x + stddev·n` in training, else x."""
        if not training or self.stddev == 0:
            return x
        return x + self.stddev * jax.random.normal(self._key(), x.shape, x.dtype)


class GaussianDropout(_Noise):
    """In training multiplies by noise around 1: `y = x·n`, n normal(1, sqrt(rate / (1 - rate))).

    Args:
        rate: as for `Dropout`, whose mean and spread it shares; from 0 to below 1.
        seed: folded into the run's key.

    Raises:
        InputError: rate is out of range.

    Source: Srivastava et al., Dropout, JMLR 2014, section 10.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = share(rate, "GaussianDropout")
        if rate == 1:
            raise InputError("GaussianDropout: rate wants a share below 1, got 1")

    def call(self, x: jax.Array, training: bool = False) -> jax.Array:
        """`x·n` in training, else x."""
        if not training or self.rate == 0:
            return x
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return x * (1 + stddev * jax.random.normal(self._key(), x.shape, x.dtype))


class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance of self-normalizing activations (SELU).

    `y = a·(x·m + alpha'·(1 - m)) + b` with `alpha' = -1.7581`, and a and b such that a standard
    normal x stays one.

    Args:
        rate: the share set to alpha', from 0 to below 1.
        noise_shape: the shape of the mask m, that of x when None.
        seed: folded into the run's key.

    Raises:
        InputError: rate is out of range.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017, section 3.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = share(rate, "AlphaDropout")
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, x: jax.Array, training: bool = False) -> jax.Array:
        """`a·(x·m + alpha'·(1 - m)) + b` in training, else x."""
        if not training or self.rate == 0:
            return x
        alpha = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946
        a = ((1 - self.rate) * (1 + self.rate * alpha**2)) ** -0.5 if self.rate < 1 else 0.0
        b = -a * alpha * self.rate
        shape = self.noise_shape or x.shape
        m = jax.random.bernoulli(self._key(), 1 - self.rate, shape)
        return a * jnp.where(m, x, jnp.asarray(alpha, x.dtype)) + b


class ActivityRegularization(Layer):
    """Adds `l1·sum|x| + l2·sum x²`, divided by the number of examples, to the loss; `y = x`.

    Args:
        l1, l2: factors, 0 or above.
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2

    def call(self, x: Any) -> Any:
        """`x`."""
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x."""
        return input_shape


def share(rate: Any, owner: str) -> float:
    """`rate`, checked to be a number from 0 to 1.

    Raises:
        InputError: it is none.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise InputError(f"{owner}: rate wants a share from 0 to 1, got {rate!r}")
    return rate
