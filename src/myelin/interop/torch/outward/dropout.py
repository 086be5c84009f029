"""Dropout and noise in torch."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused


def dropped(
    b: Building, layer: Any, x: Proxy, rate: float, part: str = "", of: Any = None
) -> Proxy:
    """x with a share of its numbers dropped in training, the rest enlarged.

    Args:
        b: the building.
        layer: whose dropout it is.
        x: what is dropped from.
        rate: the share.
        part: the name of the submodule among several.
        of: a part of x, such as its first step, whose places stand for all; x when None.
    """
    if not rate or b.mode is False:
        return x
    if b.mode:
        drop: Any = functools.partial(functional.dropout, p=rate, training=True)
    else:
        drop = b.module(layer, lambda: nn.Dropout(rate), part)
    return drop(x) if of is None else x * drop(torch.ones_like(of))


def dropout(b: Building, layer: Any, x: Proxy) -> Proxy:
    """x with a share of its numbers dropped, along axes of 1 in `noise_shape` together."""
    return dropped(b, layer, x, layer.rate, of=_shared(b, layer, x))


def _shared(b: Building, layer: Any, x: Proxy) -> Any:
    """The part of x that has the shape of the mask, or None where that is x."""
    shape = b.shape(x)
    if not hasattr(layer, "_mask_shape"):
        given = layer.noise_shape
        mask = None if given is None else [a or b for a, b in zip(given, shape, strict=True)]
    else:
        mask = layer._mask_shape(shape)
    if mask is None or tuple(mask) == shape:
        return None
    if any(m not in (1, size) for m, size in zip(mask, shape, strict=True)):
        raise refused(layer, f"has a noise_shape {layer.noise_shape} that is neither 1 nor whole")
    narrow = (slice(0, 1) if m == 1 else slice(None) for m in mask)
    return x[tuple(narrow)]


def alpha_dropout(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Dropout that keeps mean and variance."""
    if layer.noise_shape is not None:
        raise refused(layer, "has a noise_shape, which torch's AlphaDropout has not")
    if not layer.rate or b.mode is False:
        return x
    if b.mode:
        return functional.alpha_dropout(x, layer.rate, True)
    return b.module(layer, lambda: nn.AlphaDropout(layer.rate))(x)


def never_trains(b: Building) -> bool:
    """Whether what only training does can be left out."""
    return b.mode is False or (b.mode is None and not b.trains)


def in_training(b: Building, layer: Any, one: Proxy) -> Proxy:
    """1 in training, else 0.

    No module of torch's says that. A Dropout of all makes 0 of 1 in training, and leaves it else.

    Args:
        b: the building; not one that never trains.
        layer: whose submodule says it.
        one: a tensor that is 1; it says what device is asked.
    """
    return one if b.mode else 1 - b.module(layer, lambda: nn.Dropout(1.0), "in_training")(one)


def gaussian_noise(b: Building, layer: Any, x: Proxy) -> Proxy:
    """x and normal noise in training."""
    if not layer.stddev or never_trains(b):
        return x
    return x + torch.randn_like(x) * (layer.stddev * in_training(b, layer, x.new_ones(())))


def gaussian_dropout(b: Building, layer: Any, x: Proxy) -> Proxy:
    """x times noise around 1 in training."""
    stddev = math.sqrt(layer.rate / (1 - layer.rate))
    if not stddev or never_trains(b):
        return x
    return x * (1 + torch.randn_like(x) * (stddev * in_training(b, layer, x.new_ones(()))))


LAYERS = {
    layers.Dropout: dropout,
    layers.SpatialDropout1D: dropout,
    layers.SpatialDropout2D: dropout,
    layers.SpatialDropout3D: dropout,
    layers.AlphaDropout: alpha_dropout,
    layers.GaussianNoise: gaussian_noise,
    layers.GaussianDropout: gaussian_dropout,
}
