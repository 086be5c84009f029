"""Sharpness and blur of images, changed at random: each pixel mixed with those around it."""

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
    two_values,
)


class RandomSharpness(AdjustingLayer):
    """In training blurs or sharpens each image: `y = clip(x + (1 - 2f)·(smooth - x))`.

    smooth is the mean of the 3 by 3 pixels around, where the middle one counts 5 times; beyond
    the edge there are zeros, as in Keras.

    Args:
        factor: the ends between which f is drawn, from 0 (smooth) over 0.5 (as it is) to 1
            (sharper); a number b means 0 to b.
        value_range: (low, high), the values that images may take; y is clipped to them.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.
    """

    _FACTOR_BOUNDS = (0, 1)

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """`clip(x + (1 - 2f)·(smooth - x))`."""
        ones = jnp.ones((3, 1), images.dtype)
        smooth = (_weighted(_weighted(images, ones, 1), ones, 2) + 4 * images) / 13
        factor = by_image(transformation["factor"], images)
        return jnp.clip(images + (1 - 2 * factor) * (smooth - images), *self.value_range)


class RandomGaussianBlur(RecoloringLayer):
    """In training blurs some of the images with a Gaussian kernel; beyond the edge are zeros.

    Args:
        factor: the ends between which each image's chance is drawn, from 0 to 1; a number b means
            0 to b.
        kernel_size: how many pixels wide and high the kernel is, an odd number or two of them.
        sigma: the ends between which each image's standard deviations, along the width and along
            the height, are drawn, in pixels, 0 or above; a number b means 0 to b.
        value_range: (low, high), the values that images may take; the result is clipped to them.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        factor: float | Sequence[float] = 1.0,
        kernel_size: int | Sequence[int] = 3,
        sigma: float | Sequence[float] = 1.0,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        owner = type(self).__name__
        self.factor = interval(factor, (0, 1), owner)
        self.kernel_size = _odd_pair(kernel_size, owner)
        self.sigma = interval(sigma, (0, float("inf")), owner, "sigma")
        self.value_range = two_values(value_range, owner)
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`should_apply_blur` of each image, `(batch,)`, and `blur_factor`, its two sigmas."""
        if not training:
            return None
        which, sizes = jax.random.split(self.key(seed))
        count = self.sizes(data)[0]
        return {
            "should_apply_blur": chosen(which, count, self.factor),
            # Not quite 0, which no Gaussian has.
            "blur_factor": uniform(sizes, (count, 2), self.sigma) + 1e-6,
        }

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """The images blurred along the width and the height where that was drawn."""
        blurred = images
        for axis, size in ((2, self.kernel_size[0]), (1, self.kernel_size[1])):
            sigma = transformation["blur_factor"][..., 2 - axis]
            blurred = _weighted(blurred, _gaussian(size, sigma).astype(images.dtype), axis)
        blurs = jnp.asarray(transformation["should_apply_blur"]).reshape(-1, 1, 1, 1)
        return jnp.clip(jnp.where(blurs, blurred, images), *self.value_range)


def _gaussian(size: int, sigma: Any) -> jax.Array:
    """The weights of `size` neighbours, `(size, batch)`, or `(size, 1)` of one sigma."""
    steps = jnp.arange(size)[:, None] - (size - 1) / 2
    weights = jnp.exp(-0.5 * (steps / jnp.atleast_1d(sigma)) ** 2)
    return weights / weights.sum(0)


def _weighted(images: jax.Array, weights: jax.Array, axis: int) -> jax.Array:
    """Sums of neighbours along an axis: `weights` has a row a neighbour, a column an image."""
    size = len(weights)
    margins = [(0, 0)] * images.ndim
    margins[axis] = (size // 2, size // 2)
    wide = jnp.pad(images, margins)
    length = images.shape[axis]
    # Slices of a padded copy: measured much faster on a CPU than a convolution, which would have
    # to be one group per image and channel.
    parts = (
        jax.lax.slice_in_dim(wide, i, i + length, axis=axis) * weights[i].reshape(-1, 1, 1, 1)
        for i in range(size)
    )
    return sum(parts, jnp.zeros((), images.dtype))


def _odd_pair(value: Any, owner: str) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    odd = all(isinstance(v, int) and not isinstance(v, bool) and v % 2 and v > 0 for v in pair)
    if len(pair) != 2 or not odd:
        raise InputError(f"{owner}: kernel_size wants an odd number or two of them, got {value!r}")
    return pair
