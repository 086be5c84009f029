"""Losses between distributions: Kullback-Leibler and Poisson."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from myelin.losses.base import EPSILON, LossFunctionWrapper, pair


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """`Σ y_true · log(y_true / y_pred)` along the last axis, both kept within [1e-7, 1]."""
    y_true, y_pred = pair(y_true, y_pred, "kl_divergence")
    y_true, y_pred = jnp.clip(y_true, EPSILON, 1), jnp.clip(y_pred, EPSILON, 1)
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """`mean(y_pred - y_true · log(y_pred + 1e-7))` along the last axis, for counts."""
    y_true, y_pred = pair(y_true, y_pred, "poisson")
    return jnp.mean(y_pred - y_true * jnp.log(y_pred + EPSILON), axis=-1)


class KLDivergence(LossFunctionWrapper):
    """See `kl_divergence`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """See `poisson`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)
