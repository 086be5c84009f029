"""Convolutions in torch, and how windows lie over images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn
from torch.nn import functional

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.core import flat
from myelin.interop.torch.outward.functions import activated
from myelin.kernels.geometry import Geometry, geometry, transposed_geometry

_CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_CONV_TRANSPOSE = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


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
    return functional.pad(x, as_torch_pads(how.padding), value=value), (0,) * len(how.padding)


def as_torch_pads(pairs: Sequence[Sequence[int]]) -> list[int]:
    """Pairs for axes as torch pads them: the last axis first, in one list."""
    return [int(size) for pair in reversed(list(pairs)) for size in pair]


def convolution(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A convolution, whose kernel torch keeps as `(filters, channels, *window)`."""
    turned = lambda k: np.moveaxis(k, (-1, -2), (0, 1))  # noqa: E731
    how = windows(b, layer, x, layer.kernel_size, layer.dilation_rate)
    y = channels_first(layer, x, layer.rank)
    y = convolved(b, layer, y, how, layer.kernel, turned, layer.groups, layer.bias)
    return activated(b, layer, channels_back(layer, y, layer.rank))


def convolved(
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
    y = convolved(b, layer, y, how, layer.kernel, _by_channel, groups, layer.bias)
    return activated(b, layer, channels_back(layer, y, layer.rank))


def separable(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A convolution of each channel by itself, then one of single points over all channels."""
    how = windows(b, layer, x, layer.kernel_size, layer.dilation_rate)
    y = channels_first(layer, x, layer.rank)
    each, all_of = layer.depthwise_kernel, layer.pointwise_kernel
    y = convolved(b, layer, y, how, each, _by_channel, each.shape[-2], None, "depthwise")
    ones = (1,) * layer.rank
    point = geometry(ones, ones, ones, "valid", ones)
    turned = lambda k: np.moveaxis(k, (-1, -2), (0, 1))  # noqa: E731
    y = convolved(b, layer, y, point, all_of, turned, 1, layer.bias, "pointwise")
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
        y = functional.pad(y, as_torch_pads([(-before, -after) for before, after in how.padding]))
    return activated(b, layer, channels_back(layer, y, layer.rank))


def for_ranks(name: str, entry: Any, ranks: Sequence[int] = (1, 2, 3)) -> dict[type, Any]:
    """An entry for the layers of a name for one, two and three axes."""
    return {getattr(layers, name.format(rank)): entry for rank in ranks}


LAYERS = {
    **for_ranks("Conv{}D", convolution),
    **for_ranks("Conv{}DTranspose", transposed),
    **for_ranks("DepthwiseConv{}D", depthwise, (1, 2)),
    **for_ranks("SeparableConv{}D", separable, (1, 2)),
}
