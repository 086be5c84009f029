"""SpectralNormalization in torch."""

from __future__ import annotations

from typing import Any

import torch

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.core import unit
from myelin.interop.torch.outward.dropout import in_training, never_trains
from myelin.losses.base import EPSILON

# Layers whose outputs before bias and activation grow as their kernel does, so that dividing the
# inputs is dividing the kernel; torch keeps the axis of the outputs first.
_PRODUCTS = (
    layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D,
    layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose,
)  # fmt: skip


def spectral_normalization(b: Building, layer: Any, x: Proxy) -> Proxy:
    """What the layer inside gives, in training with its kernel divided by sigma.

    torch's own spectral_norm divides in its eval mode as well, where Myelin and Keras do not.
    """
    inner = layer.layer
    # Makes the module inside; where its outputs are not used, the call goes.
    y = b.call(inner, (x,), {})
    if never_trains(b):
        return y
    if type(inner) not in (*_PRODUCTS, layers.Embedding):
        raise refused(
            layer,
            f"divides the kernel of a {type(inner).__name__} in training, which has a torch form "
            "for Dense, convolutions and Embedding alone",
        )
    weight = b.weight(inner)
    trains = in_training(b, layer, weight.new_ones(()))
    matrix = weight if type(inner) is layers.Embedding else weight.flatten(1).t()
    sigma = _sigma(b, layer, matrix, trains)
    if type(inner) is layers.Embedding:
        return y / sigma
    return b.call(inner, (b.note(x / sigma, b.shape(x)),), {})


def _sigma(b: Building, layer: Any, matrix: Proxy, trains: Proxy) -> Proxy:
    """The largest singular value in training, else 1; u moves towards its vector in training."""
    kept = b.parameter(layer, "vector_u", layer.vector_u)
    fixed = matrix.detach()
    u = kept
    for _ in range(layer.power_iterations):
        v = unit(u @ fixed.t(), (0, 1), EPSILON)
        u = unit(v @ fixed, (0, 1), EPSILON)
    counts = (trains > 0) & (fixed != 0).any()
    torch.ops.aten.copy_.default(kept, torch.where(counts, u, kept))
    sigma = (v @ matrix @ u.t()).sum()
    return torch.where(counts, sigma, torch.ones_like(sigma))


LAYERS: dict[type, Any] = {layers.SpectralNormalization: spectral_normalization}
