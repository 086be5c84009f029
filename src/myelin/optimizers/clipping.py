"""Gradients made shorter: by value, each by its norm, all by their common norm."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

Arrays = dict[str, Any]


def by_value(grads: Arrays, limit: float) -> Arrays:
    """Each number brought into `[-limit, limit]`."""
    return {path: jnp.clip(g, -limit, limit) for path, g in grads.items()}


def by_norm(grads: Arrays, limit: float) -> Arrays:
    """Each gradient scaled so that its own Euclidean norm is at most `limit`.

    g · limit / max(‖g‖, limit)
    """
    return {
        path: g * limit / jnp.maximum(jnp.sqrt(jnp.sum(jnp.square(g))), limit)
        for path, g in grads.items()
    }


def by_global_norm(grads: Arrays, limit: float) -> Arrays:
    """All gradients scaled by one factor so that their common norm is at most `limit`.

    A norm that is not finite makes every gradient NaN, so that it cannot pass unseen.

    Source: Pascanu et al., On the difficulty of training recurrent neural networks, 2013.
    """
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in grads.values()))
    scale = limit * jnp.minimum(1 / norm, 1 / limit) + (norm - norm)
    return {path: g * scale.astype(g.dtype) for path, g in grads.items()}
