"""Attention in torch: projections as `Linear`s, the softmax of scores between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.core import linear
from myelin.interop.torch.outward.dropout import dropped

_LEAST = torch.finfo(torch.float32).min


def with_heads(
    b: Building, layer: Any, query: Proxy, value: Proxy, key: Any = None, query_mask: Any = None,
    value_mask: Any = None, key_mask: Any = None, attention_mask: Any = None,
    return_attention_scores: bool = False, use_causal_mask: bool = False,
) -> Any:  # fmt: skip
    """Attention through several heads.

    torch's own MultiheadAttention wants all heads together to be as wide as the query and as the
    output, and gives NaN where nothing may be looked at.
    """
    if len(b.shape(query)) != 3 or layer._axes != (1,):
        raise refused(layer, "attends over other axes than the steps of (batch, steps, features)")
    key = value if key is None else key
    given = [(query, query_mask), (value, value_mask), (key, key_mask)]
    masks = [b.mask_of(array) if mask is None else mask for array, mask in given]
    if key is value:
        masks[2] = None
    mask = _joint(b, layer, query, value, masks, attention_mask, use_causal_mask)
    q, k, v = (
        _heads(b, layer, array, getattr(layer, f"{part}_dense"), part)
        for part, array in (("query", query), ("key", key), ("value", value))
    )
    if layer._sharing > 1:
        k, v = (a.repeat_interleave(layer._sharing, 1) for a in (k, v))
    scores = (q * (1 / math.sqrt(layer.query_dense.kernel.shape[-1]))) @ k.transpose(-2, -1)
    if mask is not None:
        mask = mask.unsqueeze(1)
        scores = scores.masked_fill(~mask, _LEAST)
    weights = torch.softmax(scores, -1)
    if mask is not None and (return_attention_scores or layer.dropout):
        weights = weights.masked_fill(~mask, 0)
    found = dropped(b, layer, weights, layer.dropout, "dropout") @ v
    found = found.transpose(1, 2).flatten(2)
    if layer.gate_dense is not None:
        gate = layer.gate_dense
        found = found * torch.sigmoid(linear(b, layer, query, gate.kernel, gate.bias, "gate"))
    out = layer.output_dense
    y = linear(b, layer, found, out.kernel, out.bias, "attention_output", bound=2)
    y = y if len(out.kernel.shape) == 3 else y.unflatten(-1, out.kernel.shape[2:])
    return (y, weights) if return_attention_scores else y


def _heads(b: Building, layer: Any, x: Proxy, dense: Any, part: str) -> Proxy:
    """What a projection gives, `(batch, heads, steps, size)`."""
    y = linear(b, layer, x, dense.kernel, dense.bias, part)
    return y.unflatten(-1, dense.kernel.shape[1:]).transpose(1, 2)


def _joint(
    b: Building, layer: Any, query: Proxy, value: Proxy, masks: Sequence[Any], given: Any,
    causal: bool,
) -> Any:  # fmt: skip
    """Who may look at whom, `(batch or 1, T, S)`, or None for everyone at everything."""
    parts = [] if given is None else [given.bool()]
    for place, mask in enumerate(masks):
        if mask is not None:
            parts.append(mask.bool().unsqueeze(-1 if place == 0 else -2))
    if causal or layer.sliding_window is not None:
        rows, columns = _places(b, layer, query), _places(b, layer, value)
        ahead = rows.unsqueeze(1) - columns
        parts += [(ahead >= 0).unsqueeze(0)] if causal else []
        if layer.sliding_window is not None:
            parts.append((ahead.abs() < layer.sliding_window).unsqueeze(0))
    joint = None
    for part in parts:
        joint = part if joint is None else joint & part
    return joint


def _places(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The numbers of the steps of x, as a tensor where x is."""
    return torch.ones_like(x[0, :, 0]).cumsum(0)


def attention(
    b: Building, layer: Any, inputs: Any, mask: Any = None, return_attention_scores: bool = False,
    use_causal_mask: bool = False,
) -> Any:  # fmt: skip
    """Attention by products or sums of query and key."""
    query, value = inputs[:2]
    key = inputs[2] if len(inputs) == 3 else value
    query_mask, value_mask = (mask or [None, None])[:2]
    scores = _scores(b, layer, query, key)
    allowed = None if value_mask is None else value_mask.bool().unsqueeze(-2)
    if use_causal_mask:
        ahead = _places(b, layer, query).unsqueeze(1) - _places(b, layer, value)
        past = (ahead >= 0).unsqueeze(0)
        allowed = past if allowed is None else allowed & past
    if allowed is not None:
        scores = torch.where(allowed, scores, scores - 1e9)
    weights = torch.softmax(scores, -1)
    y = dropped(b, layer, weights, layer.dropout) @ value
    if query_mask is not None:
        y = y.masked_fill(~query_mask.bool().unsqueeze(-1), 0)
    return (y, weights) if return_attention_scores else y


def _scores(b: Building, layer: Any, query: Proxy, key: Proxy) -> Proxy:
    scale = None if layer.scale is None else b.parameter(layer, "scale", layer.scale)
    if isinstance(layer, layers.AdditiveAttention):
        sums = torch.tanh(query.unsqueeze(2) + key.unsqueeze(1))
        return (sums if scale is None else scale * sums).sum(-1)
    if layer.concat_score_weight is None:
        scores = query @ key.transpose(-2, -1)
        return scores if scale is None else scores * scale
    sums = query.unsqueeze(2) + key.unsqueeze(1)
    sums = torch.tanh(sums if scale is None else sums * scale).sum(-1)
    return b.parameter(layer, "concat_score_weight", layer.concat_score_weight) * sums


LAYERS = {
    layers.MultiHeadAttention: with_heads,
    layers.GroupedQueryAttention: with_heads,
    layers.Attention: attention,
    layers.AdditiveAttention: attention,
}
