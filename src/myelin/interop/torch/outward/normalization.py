"""Layers that normalize, in torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.core import unit
from myelin.layers.normalization import axes_of

_BATCH_NORM = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}


def batch_normalization(b: Building, layer: Any, x: Proxy, mask: Any = None) -> Proxy:
    """Normalized by the batch in training, by the moving mean and variance else.

    torch's momentum is the share of the new, Keras's that of the old.
    """
    rank = len(b.shape(x))
    axes = axes_of(layer.axis, rank)
    moving = layer.trainable and b.mode is not False
    if layer.renorm:
        raise refused(layer, "has renorm=True, which torch's BatchNorm has not")
    if mask is not None and moving:
        raise refused(layer, "leaves masked steps out of its mean, which torch's BatchNorm cannot")
    if len(axes) != 1 or axes == (0,) or rank not in _BATCH_NORM:
        raise refused(layer, f"normalizes axes {axes} of {rank}, and torch's BatchNorm channels")
    y = _to_second(x, axes[0], rank)
    if moving and b.mode is None:
        y = b.module(layer, lambda: _batch_norm(b, layer, rank))(y)
    else:
        named = {"weight": layer.gamma, "bias": layer.beta}
        given = {name: b.parameter(layer, name, v) for name, v in named.items() if v is not None}
        y = functional.batch_norm(
            y, b.parameter(layer, "running_mean", layer.moving_mean),
            b.parameter(layer, "running_var", layer.moving_variance),
            training=moving, momentum=round(1 - layer.momentum, 12), eps=layer.epsilon, **given,
        )  # fmt: skip
    return _from_second(y, axes[0], rank)


def _to_second(x: Proxy, axis: int, rank: int) -> Proxy:
    """x with an axis behind the batch, where torch has the channels."""
    others = [place for place in range(1, rank) if place != axis]
    return x if axis == 1 else x.permute(0, axis, *others)


def _from_second(y: Proxy, axis: int, rank: int) -> Proxy:
    """y with the axis behind the batch in its place again."""
    others = list(range(2, rank))
    return y if axis == 1 else y.permute(0, *others[: axis - 1], 1, *others[axis - 1 :])


def _batch_norm(b: Building, layer: Any, rank: int) -> nn.Module:
    affine = layer.gamma is not None or layer.beta is not None
    size = layer.moving_mean.shape[0]
    made = _BATCH_NORM[rank](
        size, layer.epsilon, round(1 - layer.momentum, 12), affine, device="meta"
    )
    zeros = torch.zeros(size)
    named = {
        "running_mean": b.tensor(layer.moving_mean).data,
        "running_var": b.tensor(layer.moving_variance).data,
        "num_batches_tracked": torch.zeros((), dtype=torch.int64),
    }
    if affine:
        # What the layer has not is a number that does not train.
        named["weight"] = zeros + 1 if layer.gamma is None else b.tensor(layer.gamma)
        named["bias"] = zeros if layer.beta is None else b.tensor(layer.beta)
    return b.filled(made, **named)


def layer_normalization(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Each example by itself: as `LayerNorm` over the last axes, else written out."""
    rank = len(b.shape(x))
    axes = axes_of(layer.axis, rank)
    last = axes == tuple(range(rank - len(axes), rank)) and layer.gamma is not None
    if last and not layer.rms_scaling:
        sizes, biased = layer.gamma.shape, layer.beta is not None

        def make() -> nn.Module:
            made = nn.LayerNorm(sizes, layer.epsilon, bias=biased, device="meta")
            beta = b.tensor(layer.beta) if biased else None
            return b.filled(made, weight=b.tensor(layer.gamma), bias=beta)

        return b.module(layer, make)(x)
    centred = x - x.mean(axes, True)
    var = (centred * centred).mean(axes, True)
    y = (x if layer.rms_scaling else centred) * (var + layer.epsilon).rsqrt()
    return _scaled(b, layer, y, axes, rank)


def _scaled(b: Building, layer: Any, y: Proxy, axes: tuple[int, ...], rank: int) -> Proxy:
    """`y · gamma + beta`, which lie along `axes`."""
    for name, variable in (("gamma", layer.gamma), ("beta", layer.beta)):
        if variable is None:
            continue
        sizes = iter(variable.shape)
        shape = [next(sizes) if axis in axes else 1 for axis in range(rank)]
        own = b.parameter(layer, name, variable).reshape(shape)
        y = y * own if name == "gamma" else y + own
    return y


def group_normalization(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Each example by groups of channels."""
    (axis,) = axes_of(layer.axis, len(b.shape(x)))
    channels = int(b.shape(x)[axis] or 0)
    groups = channels if layer.groups == -1 else layer.groups

    def make() -> nn.Module:
        made = nn.GroupNorm(groups, channels, layer.epsilon, device="meta")
        ones, zeros = torch.ones(channels), torch.zeros(channels)
        weight = ones if layer.gamma is None else b.tensor(layer.gamma)
        return b.filled(
            made, weight=weight, bias=zeros if layer.beta is None else b.tensor(layer.beta)
        )

    rank = len(b.shape(x))
    return _from_second(b.module(layer, make)(_to_second(x, axis, rank)), axis, rank)


def rms_normalization(b: Building, layer: Any, x: Proxy) -> Proxy:
    """x divided by its root mean square."""
    rank = len(b.shape(x))
    axes = axes_of(layer.axis, rank)
    scale = np.shape(layer.scale)
    if axes == tuple(range(rank - len(axes), rank)):
        make = lambda: b.filled(  # noqa: E731
            nn.RMSNorm(scale, layer.epsilon, device="meta"), weight=b.tensor(layer.scale)
        )
        return b.module(layer, make)(x)
    sizes = iter(scale)
    shape = [next(sizes) if axis in axes else 1 for axis in range(rank)]
    y = x * ((x * x).mean(axes, True) + layer.epsilon).rsqrt()
    return y * b.parameter(layer, "scale", layer.scale).reshape(shape)


def unit_normalization(b: Building, layer: Any, x: Proxy) -> Proxy:
    """x divided by its length."""
    return unit(x, axes_of(layer.axis, len(b.shape(x))), 1e-12)


def rescaling(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`x · scale + offset`."""
    scale, offset = (
        float(value) if np.ndim(value) == 0 else b.parameter(layer, name, np.asarray(value, "f4"))
        for name, value in (("scale", layer.scale), ("offset", layer.offset))
    )
    return x * scale + offset


def normalization(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`(x - mean) / sqrt(variance)`, or its inverse."""
    why = layer.missing()
    if why is not None:
        raise refused(layer, f"cannot compute: {why}")
    mean = np.asarray(layer.mean, "f4")
    spread = np.maximum(np.sqrt(np.asarray(layer.variance, "f4")), np.float32(1e-7))
    mean = b.parameter(layer, "mean", mean)
    spread = b.parameter(layer, "spread", spread)
    return x * spread + mean if layer.invert else (x - mean) / spread


LAYERS = {
    layers.BatchNormalization: batch_normalization,
    layers.LayerNormalization: layer_normalization,
    layers.GroupNormalization: group_normalization,
    layers.RMSNormalization: rms_normalization,
    layers.UnitNormalization: unit_normalization,
    layers.Rescaling: rescaling,
    layers.Normalization: normalization,
}
