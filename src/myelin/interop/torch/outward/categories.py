"""Numbers into categories and categories into vectors, in torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, is_proxy, refused


def category_encoding(b: Building, layer: Any, x: Proxy, count_weights: Any = None) -> Proxy:
    """A vector of whole numbers: which there are, or how many times."""
    if count_weights is not None and not is_proxy(count_weights):
        count_weights = b.constant(np.asarray(count_weights, "f4"))
    return _vectors(b, x, layer.output_mode, layer.num_tokens, b.shape(x), count_weights)


def discretization(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Between which boundaries each number lies, or vectors of that."""
    why = layer.missing()
    if why is not None:
        raise refused(layer, f"cannot compute: {why}")
    boundaries = b.parameter(layer, "boundaries", np.asarray(layer.bin_boundaries, "f4"))
    bins = torch.bucketize(x.contiguous(), boundaries, out_int32=True, right=True)
    if layer.output_mode == "int":
        return bins
    return _vectors(b, bins, layer.output_mode, len(layer.bin_boundaries) + 1, b.shape(x))


def _vectors(
    b: Building, x: Proxy, mode: str, depth: int, shape: Any, weights: Any = None
) -> Proxy:  # fmt: skip
    if mode == "one_hot" and len(shape) > 1 and shape[-1] == 1:
        x = x.squeeze(-1)
    # Unlike torch's own, numbers out of range give zeros.
    each = (x.long().unsqueeze(-1) == b.constant(np.arange(depth))).float()
    if mode == "one_hot":
        return each
    if mode == "multi_hot":
        return each.amax(-2)
    return (each if weights is None else each * weights.unsqueeze(-1)).sum(-2)


LAYERS = {
    layers.CategoryEncoding: category_encoding,
    layers.Discretization: discretization,
}
