"""Contrast that is limited and adapts to each part of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.augmentation.recoloring import RecoloringLayer, from_bytes, to_bytes, two_values
from myelin.layers.shapes import positive_int

_BINS = 256


class ContrastLimitedAdaptiveHistogramEqualization(RecoloringLayer):
    """Equalizes each part of an image by itself, but holds back where it would amplify noise.

    The image is cut into tiles. The histogram of a tile, of each channel, is cut off at
    `clip_limit` times its mean, what was cut off goes to all bins alike, and its running sum maps
    the values. A pixel is mapped by the four tiles around it, in proportion to how near they are.

    Nothing in it is random, and it does the same in training and in inference, as in Keras.

    Args:
        value_range: (low, high), the values that images may take.
        clip_limit: how far above the mean a bin may be; 0 or less cuts nothing off.
        tile_grid_size: how many tiles there are down and across; images that they do not divide
            are mirrored at the lower and the right edge.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: as for `BaseImagePreprocessingLayer`, any number of channels.

    Raises:
        InputError: an argument out of its range.

    Source: Zuiderveld, Contrast Limited Adaptive Histogram Equalization, in Graphics Gems IV, 1994.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Sequence[int] = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        owner = type(self).__name__
        self.value_range = two_values(value_range, owner)
        self.clip_limit = float(clip_limit)
        if not isinstance(tile_grid_size, tuple | list) or len(tile_grid_size) != 2:
            raise InputError(
                f"{owner}: tile_grid_size wants two whole numbers, got {tile_grid_size!r}"
            )
        rows, columns = (positive_int(n, owner, "tile_grid_size") for n in tile_grid_size)
        self.tile_grid_size = (rows, columns)

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """The images equalized, in the compute type."""
        return super().transform_images(images, transformation, training=True)

    def recolor(self, images: jax.Array, transformation: Any) -> jax.Array:
        """The values as the tiles around each pixel map them."""
        height, width = images.shape[1:3]
        rows, columns = self.tile_grid_size
        tall, wide = -(-height // rows), -(-width // columns)
        beyond = [(0, 0), (0, tall * rows - height), (0, wide * columns - width), (0, 0)]
        values = to_bytes(images.astype(jnp.float32), self.value_range)
        # Rounded down, but for values that only the arithmetic before left below a whole number.
        bins = jnp.clip(jnp.floor(values + 1e-4), 0, _BINS - 1).astype(jnp.int32)
        curves = self._curves(jnp.pad(bins, beyond, mode="symmetric"), tall, wide)
        down, across = _between(height, tall, rows), _between(width, wide, columns)
        mapped = jnp.zeros_like(values)
        for row, near in down:
            for column, beside in across:
                weight = near[:, None, None] * beside[None, :, None]
                mapped = mapped + weight * _looked_up(curves, bins, row, column)
        return from_bytes(mapped, self.value_range).astype(images.dtype)

    def _curves(self, bins: jax.Array, tall: int, wide: int) -> jax.Array:
        """What each tile maps the bins to, `(batch, rows, columns, channels, 256)`."""
        batch, _, _, channels = bins.shape
        rows, columns = self.tile_grid_size
        tiles = bins.reshape(batch, rows, tall, columns, wide, channels)
        tiles = tiles.transpose(0, 1, 3, 5, 2, 4).reshape(-1, tall * wide)
        # One long table for all tiles: one scatter.
        place = tiles + jnp.arange(tiles.shape[0])[:, None] * _BINS
        counts = jnp.zeros(tiles.shape[0] * _BINS).at[place.reshape(-1)].add(1.0)
        counts = counts.reshape(batch, rows, columns, channels, _BINS)
        pixels = tall * wide
        if self.clip_limit > 0:
            cut = jnp.minimum(counts, self.clip_limit * pixels / _BINS)
            counts = cut + (counts - cut).sum(-1, keepdims=True) / _BINS
        up_to = jnp.cumsum(counts, -1)
        lowest = up_to[..., :1]
        others = pixels - lowest
        curve = (up_to - lowest) * 255 / jnp.where(others == 0, 1, others)
        return jnp.clip(curve, 0, 255)


def _between(size: int, tile: int, tiles: int) -> list[tuple[jax.Array, jax.Array]]:
    """For each pixel along an axis the tiles before and after it, and how much each counts."""
    place = (jnp.arange(size, dtype=jnp.float32) - tile / 2) / tile
    before = jnp.floor(place)
    share = place - before
    return [
        (jnp.clip(before + step, 0, tiles - 1).astype(jnp.int32), weight)
        for step, weight in ((0, 1 - share), (1, share))
    ]


def _looked_up(curves: jax.Array, bins: jax.Array, row: jax.Array, column: jax.Array) -> jax.Array:
    """The values of the pixels as the tiles of these rows and columns map them."""
    batch, rows, columns, channels, count = curves.shape
    image = jnp.arange(batch)[:, None, None, None] * rows + row[None, :, None, None]
    tile = (image * columns + column[None, None, :, None]) * channels + jnp.arange(channels)
    return curves.reshape(-1).at[tile * count + bins].get(mode="promise_in_bounds")
