"""How targets and outputs go together: cosine, Pearson's and Lin's coefficients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.backend import epsilon
from myelin.losses.regression import unit
from myelin.metrics.arrays import pair
from myelin.metrics.reduction import MeanMetricWrapper


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """The cosine between targets and outputs along an axis, in [-1, 1]; 0 where one is zero."""
    y_true, y_pred = pair(y_true, y_pred)
    return jnp.sum(unit(y_true, axis) * unit(y_pred, axis), axis=axis)


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """Pearson's coefficient of targets and outputs along an axis, in [-1, 1].

    It is not a number where either is constant.
    """
    y_true, y_pred = pair(y_true, y_pred)
    true = y_true - jnp.mean(y_true, axis=axis, keepdims=True)
    pred = y_pred - jnp.mean(y_pred, axis=axis, keepdims=True)
    true = true / jnp.std(true, axis=axis, keepdims=True)
    pred = pred / jnp.std(pred, axis=axis, keepdims=True)
    return jnp.mean(true * pred, axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """Lin's coefficient along an axis: 1 only where outputs equal targets.

    Source: Lin, A Concordance Correlation Coefficient to Evaluate Reproducibility, 1989.
    """
    y_true, y_pred = pair(y_true, y_pred)
    true_mean = jnp.mean(y_true, axis=axis, keepdims=True)
    pred_mean = jnp.mean(y_pred, axis=axis, keepdims=True)
    true, pred = y_true - true_mean, y_pred - pred_mean
    spread = jnp.var(true, axis=axis) + jnp.var(pred, axis=axis)
    apart = jnp.squeeze(jnp.square(true_mean - pred_mean), axis=axis)
    return 2 * jnp.mean(true * pred, axis=axis) / (spread + apart + epsilon())


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine between targets and outputs, in [-1, 1]; more is better.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
        axis: along which they are vectors.
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)
        self.axis = axis


class PearsonCorrelation(MeanMetricWrapper):
    """The mean over examples of Pearson's coefficient along an axis, in [-1, 1].

    Args:
        name: how logs call it.
        dtype: the type to compute in.
        axis: along which the coefficient is taken; 0 takes it over a batch, and then the mean of
            the batches counts each as one example a column.
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean over examples of Lin's concordance coefficient along an axis, in [-1, 1].

    Args:
        name: how logs call it.
        dtype: the type to compute in.
        axis: along which the coefficient is taken; 0 takes it over a batch, and then the mean of
            the batches counts each as one example a column.
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
