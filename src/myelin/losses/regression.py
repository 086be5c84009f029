"""Losses of regression: distances between numbers, and between directions."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from myelin.losses.base import EPSILON, LossFunctionWrapper, pair


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((y_true - y_pred)²)` along the last axis: `(…, K)` to `(…)`."""
    y_true, y_pred = pair(y_true, y_pred, "mean_squared_error")
    return jnp.mean(jnp.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """`mean(|y_true - y_pred|)` along the last axis: `(…, K)` to `(…)`."""
    y_true, y_pred = pair(y_true, y_pred, "mean_absolute_error")
    return jnp.mean(jnp.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """`100 · mean(|y_true - y_pred| / max(|y_true|, 1e-7))` along the last axis."""
    y_true, y_pred = pair(y_true, y_pred, "mean_absolute_percentage_error")
    share = jnp.abs((y_true - y_pred) / jnp.maximum(jnp.abs(y_true), EPSILON))
    return 100.0 * jnp.mean(share, axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((log(y_true + 1) - log(y_pred + 1))²)` along the last axis; wants numbers ≥ 0."""
    y_true, y_pred = pair(y_true, y_pred, "mean_squared_logarithmic_error")
    wanted = jnp.log(jnp.maximum(y_true, EPSILON) + 1.0)
    given = jnp.log(jnp.maximum(y_pred, EPSILON) + 1.0)
    return jnp.mean(jnp.square(given - wanted), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Squares small errors and takes large ones as they are, so that outliers count less.

        mean of  e² / 2                       for |e| ≤ delta
                 delta · |e| - delta² / 2     otherwise,   e = y_pred - y_true

    Args:
        y_true, y_pred: `(…, K)`.
        delta: where the one becomes the other.

    Source: Huber, Robust Estimation of a Location Parameter, 1964.
    """
    y_true, y_pred = pair(y_true, y_pred, "huber")
    e = jnp.abs(y_pred - y_true)
    values = jnp.where(e <= delta, 0.5 * jnp.square(e), delta * e - 0.5 * delta**2)
    return jnp.mean(values, axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """`mean(log(cosh(y_pred - y_true)))` along the last axis, without overflow."""
    y_true, y_pred = pair(y_true, y_pred, "log_cosh")
    e = y_pred - y_true
    return jnp.mean(e + jax.nn.softplus(-2.0 * e) - math.log(2.0), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """`-Σ y_true · y_pred / (|y_true| · |y_pred|)`: -1 for one direction, 1 for opposite ones."""
    y_true, y_pred = pair(y_true, y_pred, "cosine_similarity")
    return -jnp.sum(unit(y_true, axis) * unit(y_pred, axis), axis=axis)


def unit(x: Any, axis: Any, least: float = EPSILON) -> Any:
    """Vectors of length 1 along an axis; those shorter than `least` are only divided by that."""
    squares = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(squares, least**2))


class MeanSquaredError(LossFunctionWrapper):
    """See `mean_squared_error`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """See `mean_absolute_error`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """See `mean_absolute_percentage_error`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """See `mean_squared_logarithmic_error`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(LossFunctionWrapper):
    """See `huber`."""

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """See `log_cosh`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """See `cosine_similarity`."""

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
