"""What maps the values of images by no chance, in torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.convolution import channels_back, channels_first

_BINS = 256


def auto_contrast(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Each channel stretched over all values; one of a single value stays."""
    low, high = layer.value_range
    axes = (2, 3) if layer.data_format == "channels_first" else (1, 2)
    x = b.floats(x)
    lowest = x.amin(axes, True)
    spread = x.amax(axes, True) - lowest
    flat = spread <= 0
    stretched = (x - lowest) * ((high - low) / spread.masked_fill(flat, 1)) + low
    return torch.where(flat, x, stretched.clamp(low, high))


def adapted_contrast(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The values as the tiles around each pixel map them.

    Raises:
        InputError: the size of the images is not known.
    """
    shape = b.shape(x)
    if len(shape) != 4 or None in shape[1:]:
        raise refused(layer, "wants a batch of images of a known size: give Input the size")
    first = layer.data_format == "channels_first"
    sizes = [int(size or 0) for size in shape[1:]]
    channels, height, width = sizes if first else (sizes[2], *sizes[:2])
    rows, columns = layer.tile_grid_size
    tall, wide = -(-height // rows), -(-width // columns)
    low, high = layer.value_range
    values = (channels_first(layer, b.floats(x), 2) - low) * (255 / (high - low))
    # Rounded down, but for values that only the arithmetic before left below a whole number.
    bins = (values + 1e-4).floor().clamp(0, _BINS - 1).long()
    whole = bins.index_select(2, b.constant(_mirrored(height, tall * rows)))
    whole = whole.index_select(3, b.constant(_mirrored(width, wide * columns)))
    tiles = whole.unflatten(3, (columns, wide)).unflatten(2, (rows, tall)).transpose(3, 4)
    curves = _curves(layer, tiles.flatten(4), tall * wide).flatten(1)
    mapped = torch.zeros_like(values)
    for row, near in _between(height, tall, rows):
        for column, beside in _between(width, wide, columns):
            # The curves lie behind each other, by channel, row and column.
            tile = np.arange(channels)[:, None, None] * rows + row[:, None]
            place = bins + b.constant((tile * columns + column) * _BINS)
            found = curves.gather(1, place.flatten(1)).unflatten(1, (channels, height, width))
            mapped = mapped + found * b.constant(near[:, None] * beside)
    return channels_back(layer, mapped * ((high - low) / 255) + low, 2)


def _mirrored(size: int, whole: int) -> np.ndarray:
    """The places of an axis, and of its mirror image behind it up to `whole`."""
    return np.pad(np.arange(size), (0, whole - size), mode="symmetric")


def _curves(layer: Any, tiles: Proxy, pixels: int) -> Proxy:
    """What each tile maps the bins to, `(batch, channels, rows, columns, 256)`."""
    ones = torch.ones_like(tiles, dtype=torch.float32)
    counts = torch.zeros_like(ones[..., :1]).repeat(1, 1, 1, 1, _BINS).scatter_add(4, tiles, ones)
    if layer.clip_limit > 0:
        cut = counts.clamp(max=layer.clip_limit * pixels / _BINS)
        counts = cut + (counts - cut).sum(-1, True) / _BINS
    up_to = counts.cumsum(-1)
    lowest = up_to[..., :1]
    others = pixels - lowest
    curve = (up_to - lowest) * 255 / others.masked_fill(others == 0, 1)
    return curve.clamp(0, 255)


def _between(size: int, tile: int, tiles: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each place along an axis the tiles before and after it, and how much each counts."""
    place = (np.arange(size, dtype="f4") - np.float32(tile / 2)) / np.float32(tile)
    before = np.floor(place)
    share = place - before
    return [
        (np.clip(before + step, 0, tiles - 1).astype(int), weight)
        for step, weight in ((0, 1 - share), (1, share))
    ]


LAYERS = {
    layers.AutoContrast: auto_contrast,
    layers.ContrastLimitedAdaptiveHistogramEqualization: adapted_contrast,
}
