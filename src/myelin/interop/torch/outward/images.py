"""Convolutions, pooling and what resizes or cuts images, in torch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.core import flat
from myelin.interop.torch.outward.functions import activated
from myelin.kernels.geometry import Geometry, geometry, transposed_geometry

_CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_CONV_TRANSPOSE = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVERAGE_POOL = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_ADAPTIVE = {
    "max": {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d},
    "average": {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d},
}


def channels_first(layer: Any, x: Proxy, rank: int) -> Proxy:
    """x with the channels behind the batch, where torch wants them."""
    if layer.data_format == "channels_first":
        return x
    return x.permute(0, rank + 1, *range(1, rank + 1))


def channels_back(layer: Any, x: Proxy, rank: int) -> Proxy:
    """x with the channels where the layer has them."""
    return x if layer.data_format == "channels_first" else x.permute(0, *range(2, rank + 2), 1)


def windows(b: Building, layer: Any, x: Proxy, window: Any, dilation: Any = None) -> Geometry:
    """How the windows of a layer lie over x.

    Raises:
        InputError: their padding depends on a size that is not known.
    """
    image, _ = layer.split(b.shape(x))
    dilation = dilation or (1,) * layer.rank
    moves = zip(image, layer.strides, strict=True)
    if layer.padding == "same" and any(size is None and stride > 1 for size, stride in moves):
        raise refused(
            layer,
            'has padding="same" and strides, which pad by the size of the image, and that is not '
            "known: give Input the size",
        )
    # With strides of 1 the padding is the same for every size.
    sizes = [math.prod(window) * max(dilation) if size is None else size for size in image]
    return geometry(sizes, window, layer.strides, layer.padding, dilation)


def padded(x: Proxy, how: Geometry, value: float = 0.0) -> tuple[Proxy, tuple[int, ...]]:
    """x padded where its ends differ, and the padding that is left for the torch function."""
    if all(before == after for before, after in how.padding):
        return x, tuple(before for before, _ in how.padding)
    return F.pad(x, _reversed(how.padding), value=value), (0,) * len(how.padding)


def _reversed(pairs: Sequence[Sequence[int]]) -> list[int]:
    """Pairs for axes as torch pads them: the last axis first, in one list."""
    return [int(size) for pair in reversed(list(pairs)) for size in pair]


def convolution(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A convolution, whose kernel torch keeps as `(filters, channels, *window)`."""
    turned = lambda k: np.moveaxis(k, (-1, -2), (0, 1))  # noqa: E731
    how = windows(b, layer, x, layer.kernel_size, layer.dilation_rate)
    y = channels_first(layer, x, layer.rank)
    y = _convolved(b, layer, y, how, layer.kernel, turned, layer.groups, layer.bias)
    return activated(b, layer, channels_back(layer, y, layer.rank))


def _convolved(
    b: Building, layer: Any, x: Proxy, how: Geometry, kernel: Any, turned: Any, groups: int,
    bias: Any, part: str = "",
) -> Proxy:  # fmt: skip
    """One convolution of x, channels first.

    Args:
        b: the building.
        layer: whose it is.
        x: the images.
        how: its windows.
        kernel, bias: variables; no bias where None.
        turned: gives torch's kernel for the layer's.
        groups: into how many convolutions the channels fall.
        part: the name of the submodule among several.
    """
    x, padding = padded(x, how)

    def make() -> nn.Module:
        weight = b.tensor(kernel, turned)
        made = _CONV[layer.rank](
            weight.shape[1] * groups, weight.shape[0], how.window, how.strides, padding,
            how.dilation, groups, bias is not None, device="meta",
        )  # fmt: skip
        return b.filled(made, weight=weight, bias=flat(b, bias))

    return b.module(layer, make, part)(x)


def _by_channel(kernel: np.ndarray) -> np.ndarray:
    """A depthwise kernel `(*window, channels, filters each)` as torch has it."""
    turned = np.moveaxis(kernel, (-2, -1), (0, 1))
    return turned.reshape(-1, 1, *kernel.shape[:-2])


def depthwise(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A convolution of each channel by itself."""
    how = windows(b, layer, x, layer.kernel_size, layer.dilation_rate)
    y = channels_first(layer, x, layer.rank)
    groups = layer.kernel.shape[-2]
    y = _convolved(b, layer, y, how, layer.kernel, _by_channel, groups, layer.bias)
    return activated(b, layer, channels_back(layer, y, layer.rank))


def separable(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A convolution of each channel by itself, then one of single points over all channels."""
    how = windows(b, layer, x, layer.kernel_size, layer.dilation_rate)
    y = channels_first(layer, x, layer.rank)
    each, all_of = layer.depthwise_kernel, layer.pointwise_kernel
    y = _convolved(b, layer, y, how, each, _by_channel, each.shape[-2], None, "depthwise")
    ones = (1,) * layer.rank
    point = geometry(ones, ones, ones, "valid", ones)
    turned = lambda k: np.moveaxis(k, (-1, -2), (0, 1))  # noqa: E731
    y = _convolved(b, layer, y, point, all_of, turned, 1, layer.bias, "pointwise")
    return activated(b, layer, channels_back(layer, y, layer.rank))


def transposed(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A transposed convolution, whose kernel torch keeps as `(channels, filters, *window)`."""
    image, _ = layer.split(b.shape(x))
    how = transposed_geometry(
        [1 if size is None else size for size in image], layer.kernel_size, layer.strides,
        layer.padding, layer.output_padding, layer.dilation_rate,
    )  # fmt: skip
    # torch cuts the same off both ends and adds a part of a step behind; what that cannot say is
    # cut or added afterwards.
    cuts = [before for before, _ in how.padding]
    extra = [before - after for before, after in how.padding]
    fits = all(0 <= e < max(s, d) for e, s, d in zip(extra, how.strides, how.dilation, strict=True))
    if not fits:
        cuts, extra = [0] * layer.rank, [0] * layer.rank

    def make() -> nn.Module:
        weight = b.tensor(layer.kernel, lambda k: np.moveaxis(k, (-1, -2), (0, 1)))
        made = _CONV_TRANSPOSE[layer.rank](
            weight.shape[0], weight.shape[1], how.window, how.strides, cuts, extra, 1,
            layer.bias is not None, how.dilation, device="meta",
        )  # fmt: skip
        return b.filled(made, weight=weight, bias=flat(b, layer.bias))

    y = b.module(layer, make)(channels_first(layer, x, layer.rank))
    if not fits:
        if layer.bias is not None and any(after < 0 for _, after in how.padding):
            raise refused(layer, "is longer than its windows reach, and has a bias there")
        y = F.pad(y, _reversed([(-before, -after) for before, after in how.padding]))
    return activated(b, layer, channels_back(layer, y, layer.rank))


# Pooling.


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


def _inner(layer: Any) -> tuple[int, ...]:
    first = 2 if layer.data_format == "channels_first" else 1
    return tuple(range(first, first + layer.rank))


def global_max(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The largest number of each channel."""
    return x.amax(_inner(layer), layer.keepdims)


def global_average(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The mean of each channel."""
    return x.mean(_inner(layer), layer.keepdims)


def global_average_1d(b: Building, layer: Any, x: Proxy, mask: Any = None) -> Proxy:
    """The mean of each channel over the steps that count."""
    if mask is None:
        return global_average(b, layer, x)
    axes = _inner(layer)
    counted = mask.unsqueeze(3 - axes[0]).float()
    return (x * counted).sum(axes, layer.keepdims) / counted.sum(axes, layer.keepdims)


def adaptive(kind: str) -> Any:
    """An entry for windows of which the number is given."""

    def entry(b: Building, layer: Any, x: Proxy) -> Proxy:
        y = channels_first(layer, x, layer.rank)
        y = _ADAPTIVE[kind][layer.rank](y, layer.output_size)
        return channels_back(layer, y, layer.rank)

    return entry


# Sizes.


def zero_padding(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Zeros around images."""
    return F.pad(x, _ends(b, layer, x, 1))


def cropping(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The inner part of images."""
    return F.pad(x, _ends(b, layer, x, -1))


def _ends(b: Building, layer: Any, x: Proxy, sign: int) -> list[int]:
    pairs = [(0, 0)] * len(b.shape(x))
    for axis, ends in zip(layer._places(b.shape(x)), layer._ends, strict=True):
        pairs[axis] = (sign * ends[0], sign * ends[1])
    return _reversed(pairs)


def up_sampling(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Larger images: points repeated, or what lies between them."""
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return resizing(b, layer, x)
    for factor, axis in zip(layer._factors, layer._places(b.shape(x)), strict=True):
        x = x if factor == 1 else x.repeat_interleave(factor, axis)
    return x


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

    def made(image: Any) -> np.ndarray:
        image = image if layer.data_format != "channels_first" else jnp.moveaxis(image, -1, 0)
        y = np.asarray(layer.call(image[None])[0])
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


def _for_ranks(name: str, entry: Any, ranks: Sequence[int] = (1, 2, 3)) -> dict[type, Any]:
    return {getattr(layers, name.format(rank)): entry for rank in ranks}


LAYERS = dict(
    itertools.chain.from_iterable(
        table.items()
        for table in (
            _for_ranks("Conv{}D", convolution),
            _for_ranks("Conv{}DTranspose", transposed),
            _for_ranks("DepthwiseConv{}D", depthwise, (1, 2)),
            _for_ranks("SeparableConv{}D", separable, (1, 2)),
            _for_ranks("MaxPooling{}D", max_pooling),
            _for_ranks("AveragePooling{}D", average_pooling),
            _for_ranks("GlobalMaxPooling{}D", global_max),
            _for_ranks("GlobalAveragePooling{}D", global_average, (2, 3)),
            _for_ranks("GlobalAveragePooling{}D", global_average_1d, (1,)),
            _for_ranks("AdaptiveMaxPooling{}D", adaptive("max")),
            _for_ranks("AdaptiveAveragePooling{}D", adaptive("average")),
            _for_ranks("ZeroPadding{}D", zero_padding),
            _for_ranks("Cropping{}D", cropping),
            _for_ranks("UpSampling{}D", up_sampling),
        )
    )
) | {layers.Resizing: resizing, layers.CenterCrop: center_crop}

