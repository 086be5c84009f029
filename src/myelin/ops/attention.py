"""Attention, with `keras.ops`'s name."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import convert_to_tensor
from myelin.promise import lift

Array = jax.Array


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Array:
    """`softmax(scale · query · keyᵀ + bias) · value` for each head.

    Args:
        query: `(batch, target, heads, depth)`.
        key: `(batch, source, heads, depth)`.
        value: `(batch, source, heads, depth of values)`.
        bias: added to the logits `(batch, heads, target, source)`, or what broadcasts to it.
        mask: of the shape of bias; where it is False nothing is taken.
        scale: `1 / sqrt(depth)` when None.
        is_causal: whether a target sees only sources up to its own place.
        flash_attention: accepted for Keras's sake; XLA decides how it computes.
        attn_logits_soft_cap: c brings logits into `(-c, c)`, as `logits / (1 + |logits| / c)`.

    Returns:
        `(batch, target, heads, depth of values)`.

    Raises:
        InputError: a cap that is not above 0.
        ShapeError: query, key or value without four axes.

    Source: Vaswani et al., Attention Is All You Need, 2017.
    """
    q, k, v = convert_to_tensor(query), convert_to_tensor(key), convert_to_tensor(value)
    for name, given in (("query", q), ("key", k), ("value", v)):
        if given.ndim != 4:
            raise ShapeError(
                f"dot_product_attention: {name} wants (batch, time, heads, depth), got "
                f"{tuple(given.shape)}"
            )
    dtype = jnp.result_type(q, k, v)
    q, k, v = q.astype(dtype), k.astype(dtype), v.astype(dtype)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    # Sums and the softmax in float32 also where the rest is shorter.
    precise = jnp.promote_types(dtype, jnp.float32)
    logits = jnp.einsum("btnh,bsnh->bnts", q, k, preferred_element_type=precise) * scale
    if attn_logits_soft_cap is not None:
        if attn_logits_soft_cap <= 0:
            raise InputError(
                "dot_product_attention: attn_logits_soft_cap wants a number above 0, got "
                f"{attn_logits_soft_cap!r}"
            )
        logits = logits / (1 + jnp.abs(logits) / attn_logits_soft_cap)
    if bias is not None:
        logits = logits + convert_to_tensor(bias).astype(precise)
    seen = None if mask is None else convert_to_tensor(mask).astype(bool)
    if is_causal:
        earlier = jnp.tril(jnp.ones(logits.shape[-2:], bool))
        seen = earlier if seen is None else seen & earlier
    if seen is not None:
        # Finite, so that a target that sees nothing takes the mean and not NaN.
        logits = jnp.where(seen, logits, -0.7 * jnp.finfo(precise).max)
    weights = jax.nn.softmax(logits, axis=-1).astype(dtype)
    return jnp.einsum("bnts,bsnh->btnh", weights, v)


__all__ = [
    "dot_product_attention",
]
lift(globals(), __all__)
