"""Pooling, and what resizes, cuts or pads images, in torch."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch.nn import functional

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.convolution import (
    as_torch_pads,
    channels_back,
    channels_first,
    for_ranks,
    padded,
    windows,
)

_MAX_POOL = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
_AVERAGE_POOL = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}
_ADAPTIVE = {
    "max": {
        1: functional.adaptive_max_pool1d,
        2: functional.adaptive_max_pool2d,
        3: functional.adaptive_max_pool3d,
    },
    "average": {
        1: functional.adaptive_avg_pool1d,
        2: functional.adaptive_avg_pool2d,
        3: functional.adaptive_avg_pool3d,
    },
}


def max_pooling(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The largest number of each window."""
    how = windows(b, layer, x, layer.pool_size)
    y, padding = padded(channels_first(layer, x, layer.rank), how, -math.inf)
    y = _MAX_POOL[layer.rank](y, how.window, how.strides, padding)
    return channels_back(layer, y, layer.rank)


def average_pooling(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The mean of each window, over the points inside the image."""
    how = windows(b, layer, x, layer.pool_size)
    first = channels_first(layer, x, layer.rank)
    y, padding = padded(first, how)
    pool = _AVERAGE_POOL[layer.rank]
    if y is first:
        y = pool(y, how.window, how.strides, padding, count_include_pad=False)
    else:
        counted, _ = padded(torch.ones_like(first[:1, :1]), how)
        y = pool(y, how.window, how.strides) / pool(counted, how.window, how.strides)
    return channels_back(layer, y, layer.rank)


def over_images(reduce: Any) -> Any:
    """An entry for one number a channel: `reduce(x, axes, keepdims)`, channels first."""

    def entry(b: Building, layer: Any, x: Proxy) -> Proxy:
        axes = tuple(range(2, layer.rank + 2))
        y = reduce(channels_first(layer, x, layer.rank), axes, layer.keepdims)
        return channels_back(layer, y, layer.rank) if layer.keepdims else y

    return entry


global_max = over_images(lambda x, axes, kept: x.amax(axes, kept))
global_average = over_images(lambda x, axes, kept: x.mean(axes, kept))


def global_average_1d(b: Building, layer: Any, x: Proxy, mask: Any = None) -> Proxy:
    """The mean of each channel over the steps that count."""
    if mask is None:
        return global_average(b, layer, x)
    axis = 2 if layer.data_format == "channels_first" else 1
    counted = mask.unsqueeze(3 - axis).float()
    return (x * counted).sum(axis, layer.keepdims) / counted.sum(axis, layer.keepdims)


def adaptive(kind: str) -> Any:
    """An entry for windows of which the number is given."""

    def entry(b: Building, layer: Any, x: Proxy) -> Proxy:
        y = channels_first(layer, x, layer.rank)
        y = _ADAPTIVE[kind][layer.rank](y, layer.output_size)
        return channels_back(layer, y, layer.rank)

    return entry


# Sizes.


def with_ends(sign: int) -> Any:
    """An entry for zeros around images, or less of them where the sign is -1."""

    def entry(b: Building, layer: Any, x: Proxy) -> Proxy:
        pairs = [(sign * before, sign * after) for before, after in layer._ends]
        y = functional.pad(channels_first(layer, x, layer._axes), as_torch_pads(pairs))
        return channels_back(layer, y, layer._axes)

    return entry


def up_sampling(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Larger images: points repeated, or what lies between them."""
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return resizing(b, layer, x)
    y = channels_first(layer, x, layer._axes)
    for axis, factor in enumerate(layer._factors, 2):
        y = y if factor == 1 else y.repeat_interleave(factor, axis)
    return channels_back(layer, y, layer._axes)


def resizing(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Images of another size: a matrix for rows and one for columns, whatever the interpolation.

    torch's own interpolations differ in their weights.

    Raises:
        InputError: the size of the images is not known.
    """
    shape = b.shape(x)
    if len(shape) != 4 or None in shape[1:]:
        raise refused(layer, "wants a batch of images of a known size: give Input the size")
    last = layer.data_format != "channels_first"
    height, width = shape[1:3] if last else shape[2:]
    rows, columns, bars = _as_matrices(layer, int(height or 0), int(width or 0))
    y = torch.einsum(
        "ih,bhwc->biwc" if last else "ih,bchw->bciw", b.parameter(layer, "rows", rows), x
    )
    y = torch.einsum(
        "jw,biwc->bijc" if last else "jw,bciw->bcij", b.parameter(layer, "columns", columns), y
    )
    if not bars.any():
        return y
    return y + b.parameter(layer, "bars", bars if last else np.moveaxis(bars, -1, 0))


def _as_matrices(layer: Any, height: int, width: int) -> tuple[np.ndarray, ...]:
    """What a layer does to rows, to columns, and what it adds in bars."""

    # Augmentation changes images by chance unless it is told that nothing trains.
    takes = "training" in inspect.signature(layer.call).parameters
    call = functools.partial(layer.call, training=False) if takes else layer.call

    def made(image: Any) -> np.ndarray:
        image = image if layer.data_format != "channels_first" else jnp.moveaxis(image, -1, 0)
        y = np.asarray(call(image[None])[0])
        return y if layer.data_format != "channels_first" else np.moveaxis(y, 0, -1)

    with jax.ensure_compile_time_eval():
        bars = made(jnp.zeros((height, width, 1)))
        along_rows = made(jnp.broadcast_to(jnp.eye(height)[:, None], (height, width, height)))
        along_columns = made(jnp.broadcast_to(jnp.eye(width)[None], (height, width, width)))
    along_rows, along_columns = along_rows - bars, along_columns - bars
    return (
        along_rows[:, along_rows.shape[1] // 2],
        along_columns[along_columns.shape[0] // 2],
        bars,
    )


def center_crop(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The middle of images; of images that are smaller, what `Resizing` gives."""
    shape = b.shape(x)
    first = 2 if layer.data_format == "channels_first" else 1
    for axis, size in zip((first, first + 1), (layer.height, layer.width), strict=True):
        whole = shape[axis]
        if len(shape) != 4 or whole is None or whole < size:
            return resizing(b, layer, x)
        x = x.narrow(axis, (whole - size) // 2, size)
    return x


LAYERS = {
    **for_ranks("MaxPooling{}D", max_pooling),
    **for_ranks("AveragePooling{}D", average_pooling),
    **for_ranks("GlobalMaxPooling{}D", global_max),
    **for_ranks("GlobalAveragePooling{}D", global_average, (2, 3)),
    layers.GlobalAveragePooling1D: global_average_1d,
    **for_ranks("AdaptiveMaxPooling{}D", adaptive("max")),
    **for_ranks("AdaptiveAveragePooling{}D", adaptive("average")),
    **for_ranks("ZeroPadding{}D", with_ends(1)),
    **for_ranks("Cropping{}D", with_ends(-1)),
    **for_ranks("UpSampling{}D", up_sampling),
    layers.Resizing: resizing,
    layers.CenterCrop: center_crop,
}
