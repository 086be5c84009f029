"""Brightness, contrast, saturation and hue of images, changed at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.layers.augmentation.base import interval, uniform
from myelin.layers.augmentation.recoloring import (
    AdjustingLayer,
    RecoloringLayer,
    by_image,
    gray,
    two_values,
)


class RandomBrightness(AdjustingLayer):
    """In training makes each image lighter or darker: `y = clip(x + f·(high - low))`.

    Args:
        factor: the ends between which f is drawn, from -1 (black) to 1 (white); a number b means
            -b to b.
        value_range: (low, high), the values that images may take; y is clipped to them.
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed=seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`rgb_delta`, what is added to each image, `(batch, 1, 1, 1)`."""
        if not training:
            return None
        low, high = self.value_range
        delta = uniform(self.key(seed), (self.sizes(data)[0],), self.factor) * (high - low)
        return {"rgb_delta": delta.reshape(-1, 1, 1, 1)}

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """`clip(x + rgb_delta)`."""
        delta = by_image(transformation["rgb_delta"], images)
        return jnp.clip(images + delta, *self.value_range)


class RandomContrast(AdjustingLayer):
    """In training moves values away from their channel's mean: `y = clip((x - mean)·f + mean)`.

    Args:
        factor: (a, b), both from 0 to 1, draws f between 1 - a and 1 + b; a number b means (b, b).
        value_range: (low, high), the values that images may take; y is clipped to them.
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.
    """

    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed=seed, **kwargs)

    def ends_of(self, factor: Any) -> tuple[float, float]:
        """(a, b); of a number both are that number, as Keras describes (it takes a to be 0)."""
        pair = factor if isinstance(factor, tuple | list) else (factor, factor)
        return super().ends_of(pair)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`contrast_factor`, f of each image, `(batch, 1, 1, 1)`."""
        if not training:
            return None
        ends = (1 - self.factor[0], 1 + self.factor[1])
        factor = uniform(self.key(seed), (self.sizes(data)[0],), ends)
        return {"contrast_factor": factor.reshape(-1, 1, 1, 1)}

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """`clip((x - mean)·f + mean)`."""
        factor = by_image(transformation["contrast_factor"], images)
        mean = images.mean((1, 2), keepdims=True)
        return jnp.clip((images - mean) * factor + mean, *self.value_range)


class _FromZero(AdjustingLayer):
    """A number given as the factor means from 0 to it, as Keras describes; a pair may lie lower."""

    def ends_of(self, factor: Any) -> tuple[float, float]:
        return super().ends_of(factor if isinstance(factor, tuple | list) else (0, factor))


class RandomSaturation(_FromZero):
    """In training multiplies the saturation of each image by `f / (1 - f)`, at most to full color.

    Args:
        factor: the ends between which f is drawn, from -1 to 1: 0 and below is gray, 0.5 leaves
            the image alone, 1 is full color; a number b means 0 to b.
        value_range: (low, high), the values that images may take.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, with 3 channels.

    Raises:
        InputError: an argument out of its range.
        ShapeError: images without 3 channels.
    """

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`factor`, `f / (1 - f)` of each image, `(batch,)`."""
        if not training:
            return None
        f = uniform(self.key(seed), (self.sizes(data)[0],), self.factor)
        return {"factor": f / (1 - f + 1e-7)}

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """`value - (value - x)·k`, where k is the factor, or less where color is full."""
        self.has_colors(images)
        *_, value, spread = _parts(images)
        # Saturation is spread / (value - low); 1 is the most that there is.
        low = self.value_range[0]
        fullest = (value - low) / jnp.where(spread > 0, spread, 1)
        k = jnp.clip(by_image(transformation["factor"], images), 0, jnp.maximum(fullest, 0))
        return jnp.maximum(value - (value - images) * k, low)


class RandomHue(AdjustingLayer):
    """In training turns the hue of each image by up to half the color circle, either way.

    Args:
        factor: the ends between which the size of the turn is drawn, from 0 (none) to 1 (half the
            circle); its direction is drawn too. A number b means 0 to b.
        value_range: (low, high), the values that images may take; the result is clipped to them.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, with 3 channels.

    Raises:
        InputError: an argument out of its range.
        ShapeError: images without 3 channels.
    """

    _FACTOR_BOUNDS = (0, 1)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`factor`, the part of the color circle to turn each image by, `(batch,)`."""
        if not training:
            return None
        size, direction = jax.random.split(self.key(seed))
        count = self.sizes(data)[0]
        turn = uniform(size, (count,), self.factor) / 2
        return {"factor": jnp.where(jax.random.bernoulli(direction, shape=(count,)), turn, -turn)}

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """Each pixel with its brightest and darkest value, and its hue turned."""
        self.has_colors(images)
        red, green, blue, value, spread = _parts(images)
        scaled = 1 / jnp.where(spread > 0, spread, 1)
        # The hue, in sixths of the color circle.
        hue = jnp.where(
            value == red,
            (green - blue) * scaled,
            jnp.where(value == green, (blue - red) * scaled + 2, (red - green) * scaled + 4),
        )
        hue = hue + 6 * by_image(transformation["factor"], images)
        # Red is at its darkest around 3 sixths of the circle, green around 5 and blue around 1.
        away = hue + jnp.asarray([5, 3, 1], images.dtype)
        away = away - 6 * jnp.floor(away / 6)
        dark = jnp.clip(jnp.minimum(away, 4 - away), 0, 1)
        return jnp.clip(value - spread * dark, *self.value_range)


def _parts(images: jax.Array) -> tuple[jax.Array, ...]:
    """Red, green, blue, the greatest of them, and how far the least is below it.

    Each `(batch, height, width, 1)`. Of three slices, not a reduction over an axis of three, and
    with floor in the place of mod: the hue of 64 images of 32 x 32 takes a CPU 0.3 ms, not 2.
    """
    red, green, blue = (images[..., i : i + 1] for i in range(3))
    value = jnp.maximum(jnp.maximum(red, green), blue)
    return red, green, blue, value, value - jnp.minimum(jnp.minimum(red, green), blue)


class RandomColorDegeneration(_FromZero):
    """In training takes color from each image: `y = clip(x + f·(gray - x))`.

    Args:
        factor: the ends between which f is drawn, from -1 (more color) over 0 (as it is) to 1
            (gray); a number b means 0 to b.
        value_range: (low, high), the values that images may take; y is clipped to them.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, with 1 or 3 channels.

    Raises:
        InputError: an argument out of its range.
        ShapeError: images with another number of channels.
    """

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """`clip(x + f·(gray - x))`."""
        self.has_colors(images, (1, 3))
        factor = by_image(transformation["factor"], images)
        return jnp.clip(images + factor * (gray(images) - images), *self.value_range)


class RandomGrayscale(RecoloringLayer):
    """In training makes a share of the images gray, in all their channels.

    Args:
        factor: the share, from 0 to 1.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, with 1 or 3 channels.

    Raises:
        InputError: factor is out of range.
        ShapeError: images with another number of channels.
    """

    _USE_BASE_FACTOR = False
    factor: Any

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = interval((factor, factor), (0, 1), type(self).__name__)[0]
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Whether each image becomes gray, `(batch, 1, 1, 1)`."""
        if not training:
            return None
        shape = (self.sizes(data)[0], 1, 1, 1)
        return jax.random.bernoulli(self.key(seed), self.factor, shape)

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """Gray where that was drawn, else x."""
        self.has_colors(images, (1, 3))
        return jnp.where(transformation, gray(images), images)


class RandomColorJitter(RecoloringLayer):
    """In training changes brightness, contrast, saturation and hue, in this order.

    Args:
        value_range: (low, high), the values that images may take.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: the factors of
            `RandomBrightness`, `RandomContrast`, `RandomSaturation` and `RandomHue`; None leaves
            the change out.
        seed: folded into the run's key.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: as for `BaseImagePreprocessingLayer`; with 3 channels where saturation or hue change.

    Raises:
        InputError: an argument out of its range.
        ShapeError: images without 3 channels.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        brightness_factor: float | Sequence[float] | None = None,
        contrast_factor: float | Sequence[float] | None = None,
        saturation_factor: float | Sequence[float] | None = None,
        hue_factor: float | Sequence[float] | None = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = two_values(value_range, type(self).__name__)
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        self.seed = seed
        factors: dict[type[AdjustingLayer], Any] = {
            RandomBrightness: brightness_factor,
            RandomContrast: contrast_factor,
            RandomSaturation: saturation_factor,
            RandomHue: hue_factor,
        }
        self._steps: list[AdjustingLayer] = [
            layer(factor, self.value_range, seed=seed, dtype=self.dtype_policy)
            for layer, factor in factors.items()
            if factor is not None
        ]

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What each of the changes draws, in order."""
        if not training:
            return None
        keys = jax.random.split(self.key(seed), 4)
        return [
            step.get_random_transformation(data, training, key)
            for step, key in zip(self._steps, keys, strict=False)
        ]

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """The images after each of the changes."""
        for step, own in zip(self._steps, transformation, strict=True):
            images = step.recolor(images, own)
        return images
