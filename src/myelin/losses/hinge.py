"""Hinge losses, for margins: labels are -1 and 1; 0 and 1 are taken as those."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from myelin.losses.base import LossFunctionWrapper, pair


def hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true · y_pred, 0))` along the last axis."""
    y_true, y_pred = pair(y_true, y_pred, "hinge")
    return jnp.mean(jnp.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true · y_pred, 0)²)` along the last axis."""
    y_true, y_pred = pair(y_true, y_pred, "squared_hinge")
    return jnp.mean(jnp.square(jnp.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """`max(1 + neg - pos, 0)`: the truth's score against the best of the others.

    pos is `Σ y_true · y_pred` and neg is `max((1 - y_true) · y_pred)`, along the last axis.

    Args:
        y_true: one-hot `(…, K)`.
        y_pred: scores `(…, K)`.
    """
    y_true, y_pred = pair(y_true, y_pred, "categorical_hinge")
    pos = jnp.sum(y_true * y_pred, axis=-1)
    neg = jnp.max((1.0 - y_true) * y_pred, axis=-1)
    return jnp.maximum(neg - pos + 1.0, 0.0)


def _signs(y_true: Any) -> Any:
    zeros_and_ones = jnp.all((y_true == 0) | (y_true == 1))
    return jnp.where(zeros_and_ones, 2 * y_true - 1, y_true)


class Hinge(LossFunctionWrapper):
    """See `hinge`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """See `squared_hinge`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """See `categorical_hinge`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
