"""The values of images, as a curve maps them: inverted, in fewer steps, stretched or equalized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.augmentation.base import chosen, interval, uniform
from myelin.layers.augmentation.recoloring import (
    AdjustingLayer,
    RecoloringLayer,
    by_image,
    from_bytes,
    to_bytes,
    two_values,
)
from myelin.layers.shapes import positive_int


class RandomInvert(AdjustingLayer):
    """In training inverts some of the images: `y = low + high - x`.

    Args:
        factor: the ends between which each image's chance is drawn, from 0 to 1; a number b means
            0 to b.
        value_range: (low, high), the values that images may take.
        seed: folded into the run's key.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.
    """

    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: float | Sequence[float] = 1.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format, seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`apply_inversion`, whether each image is inverted, `(batch,)`."""
        if not training:
            return None
        return {"apply_inversion": chosen(self.key(seed), self.sizes(data)[0], self.factor)}

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """`low + high - x` where that was drawn, else x."""
        low, high = self.value_range
        inverted = jnp.asarray(transformation["apply_inversion"]).reshape(-1, 1, 1, 1)
        return jnp.where(inverted, low + high - images, images)


class RandomPosterization(AdjustingLayer):
    """In training keeps the upper bits of each value, of the 8 that it has.

    Args:
        factor: (a, b) keeps a to b - 1 bits, as drawn, whole numbers from 1 to 8; (a, a) keeps a.
            A number b means (1, b), as in Keras.
        value_range: (low, high), the values that images may take; the 8 bits count from low up.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.

    Source: Cubuk et al., AutoAugment: Learning Augmentation Policies from Data, 2019.
    """

    _FACTOR_BOUNDS = (1, 8)

    def ends_of(self, factor: Any) -> tuple[float, float]:
        """(a, b), checked to be whole."""
        low, high = super().ends_of(factor)
        if low != int(low) or high != int(high):
            raise InputError(f"{type(self).__name__}: factor wants whole numbers, got {factor!r}")
        return int(low), int(high)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`shift_factor`, how many lower bits each image loses, `(batch,)`."""
        if not training:
            return None
        low, high = (int(end) for end in self.factor)
        kept = jax.random.randint(self.key(seed), (self.sizes(data)[0],), low, max(high, low + 1))
        return {"shift_factor": 8 - kept}

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """The values with the lower bits at 0."""
        shift = jnp.asarray(transformation["shift_factor"]).astype(jnp.int32)
        step = by_image(1 << shift, images)
        values = _whole(to_bytes(images, self.value_range))
        return from_bytes(jnp.floor(values / step) * step, self.value_range)


class Solarization(RecoloringLayer):
    """In training inverts the values from a threshold up: `x = clip(x + a)`, `y = max - x`.

    Args:
        addition_factor: the ends between which each image's a is drawn, from 0 to 1, as a part of
            the range of values; a number b means 0 to b.
        threshold_factor: the same for the threshold.
        value_range: (low, high), the values that images may take.
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.

    Source: Cubuk et al., AutoAugment: Learning Augmentation Policies from Data, 2019.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        addition_factor: float | Sequence[float] = 0.0,
        threshold_factor: float | Sequence[float] = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.addition_factor = interval(addition_factor, (0, 1), owner, "addition_factor")
        self.threshold_factor = interval(threshold_factor, (0, 1), owner, "threshold_factor")
        self.value_range = two_values(value_range, owner)
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`additions` and `thresholds` of each image, from 0 to 255, `(batch, 1, 1, 1)`."""
        if not training:
            return None
        factors = {"additions": self.addition_factor, "thresholds": self.threshold_factor}
        count = self.sizes(data)[0]
        return {
            name: 255 * uniform(key, (count, 1, 1, 1), ends)
            for key, (name, ends) in zip(
                jax.random.split(self.key(seed)), factors.items(), strict=True
            )
        }

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """The sum, inverted from the threshold up."""
        added = by_image(transformation["additions"], images)
        threshold = by_image(transformation["thresholds"], images)
        x = jnp.clip(to_bytes(images, self.value_range) + added, 0, 255)
        return from_bytes(jnp.where(x < threshold, x, 255 - x), self.value_range)


class AutoContrast(RecoloringLayer):
    """Stretches each channel of each image over all values: its lowest to low, its highest to high.

    Nothing in it is random, and it does the same in training and in inference, as in Keras. A
    channel of one value stays.

    Args:
        value_range: (low, high), the values that images may take.

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.
    """

    _USE_BASE_FACTOR = False

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = two_values(value_range, type(self).__name__)

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """The images stretched, in the compute type."""
        return super().transform_images(images, transformation, training=True)

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """`(x - lowest) / (highest - lowest)`, from low to high."""
        low, high = self.value_range
        lowest = images.min((1, 2), keepdims=True)
        spread = images.max((1, 2), keepdims=True) - lowest
        stretched = (images - lowest) * ((high - low) / jnp.where(spread > 0, spread, 1)) + low
        return jnp.where(spread > 0, jnp.clip(stretched, low, high), images)


class Equalization(RecoloringLayer):
    """In training maps each channel of each image so that all values are about as frequent.

    Nothing in it is random. With n pixels, h(v) of them up to bin v, and h0 in the lowest bin that
    is not empty, bin v becomes `round(255·(h(v) - h0) / (n - h0))`. A channel of one bin stays.

    Args:
        value_range: (low, high), the values that images may take.
        bins: into how many bins values are counted, above 0.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = two_values(value_range, type(self).__name__)
        self.bins = positive_int(bins, type(self).__name__, "bins")

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """The values that the bins become."""
        batch, height, width, channels = images.shape
        values = to_bytes(images, self.value_range)
        bins = jnp.clip(_whole(values * ((self.bins - 1) / 255)), 0, self.bins - 1)
        # One long table for all channels of all images: one scatter, one gather.
        table = jnp.arange(batch)[:, None] * channels + jnp.arange(channels)
        place = bins.astype(jnp.int32) + table[:, None, None, :] * self.bins
        counts = jnp.zeros(batch * channels * self.bins, jnp.int32)
        counts = counts.at[place.reshape(-1)].add(1, mode="promise_in_bounds")
        up_to = jnp.cumsum(counts.reshape(batch, channels, self.bins), -1)
        lowest = jnp.where(up_to > 0, up_to, height * width).min(-1, keepdims=True)
        others = height * width - lowest
        curve = jnp.round((up_to - lowest).astype(jnp.float32) * 255 / jnp.maximum(others, 1))
        mapped = curve.reshape(-1).at[place].get(mode="promise_in_bounds").astype(images.dtype)
        several = (others > 0).reshape(batch, 1, 1, channels)
        return jnp.where(several, from_bytes(mapped, self.value_range), images)


def _whole(values: jax.Array) -> jax.Array:
    """Rounded down, but for values that only the arithmetic before left below a whole number."""
    return jnp.floor(values + 1e-4)
