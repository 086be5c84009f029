"""What layers share that change the colors of images, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.augmentation.base import BaseImagePreprocessingLayer, interval, uniform

# Red, green and blue in the brightness that an eye sees, as in ITU-R BT.601.
_LUMINANCE = (0.2989, 0.5870, 0.1140)


class RecoloringLayer(BaseImagePreprocessingLayer):
    """Changes colors in training; labels, boxes and masks stay as they are.

    A subclass draws in `get_random_transformation` and writes `recolor`.

    Args and shapes as for `BaseImagePreprocessingLayer`.
    """

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """The images `(batch, height, width, channels)` changed as drawn, in their type."""
        return images

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The images changed as drawn, in the compute type."""
        images = self.cast(images)
        if not training:
            return images
        return self.channels_last(lambda a: self.recolor(a, transformation), images)

    def has_colors(self, images: jax.Array, allowed: tuple[int, ...] = (3,)) -> None:
        """Checks that the last axis holds one of the `allowed` numbers of channels.

        Raises:
            ShapeError: it holds another.
        """
        if images.shape[-1] not in allowed:
            wanted = "3 channels (red, green, blue)" if allowed == (3,) else "1 or 3 channels"
            raise self.wants(f"images with {wanted}", tuple(images.shape))


class AdjustingLayer(RecoloringLayer):
    """Changes colors by a number f, drawn for each image.

    Args:
        factor: the ends between which f is drawn.
        value_range: (low, high), the values that images may take.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Raises:
        InputError: an argument out of its range.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = self.ends_of(factor)
        self.value_range = two_values(value_range, type(self).__name__)
        self.seed = seed

    def ends_of(self, factor: Any) -> tuple[float, float]:
        """The ends that the argument `factor` means."""
        return interval(factor, self._FACTOR_BOUNDS, type(self).__name__)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`factor`, f of each image, `(batch,)`."""
        if not training:
            return None
        return {"factor": uniform(self.key(seed), (self.sizes(data)[0],), self.factor)}


def two_values(value: Any, owner: str) -> tuple[float, float]:
    """The lowest and the highest value of an image, in order.

    Raises:
        InputError: not two different numbers; names the layer class.
    """
    pair = tuple(value) if isinstance(value, tuple | list) else ()
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in pair)
    if len(pair) != 2 or not numbers or pair[0] == pair[1]:
        raise InputError(
            f"{owner}: value_range wants the lowest and the highest value of an image, such as "
            f"(0, 255), got {value!r}"
        )
    return min(pair), max(pair)


def by_image(numbers: Any, like: jax.Array) -> jax.Array:
    """One number an image, with axes of size 1 to go with `like`, and in its type."""
    return jnp.asarray(numbers).reshape(-1, *(1,) * (like.ndim - 1)).astype(like.dtype)


def gray(images: jax.Array) -> jax.Array:
    """The brightness of each pixel, `(batch, height, width, 1)`; of one channel, the images."""
    if images.shape[-1] == 1:
        return images
    red, green, blue = (images[..., i] * weight for i, weight in enumerate(_LUMINANCE))
    return (red + green + blue)[..., None]


def to_bytes(images: jax.Array, ends: tuple[float, float]) -> jax.Array:
    """Values between `ends` as values from 0 to 255, in their floating-point type."""
    return images if ends == (0, 255) else (images - ends[0]) * (255 / (ends[1] - ends[0]))


def from_bytes(images: jax.Array, ends: tuple[float, float]) -> jax.Array:
    """Values from 0 to 255 as values between `ends`."""
    return images if ends == (0, 255) else images * ((ends[1] - ends[0]) / 255) + ends[0]
