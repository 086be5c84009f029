"""How many predictions hit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import dtypes
from myelin.errors import ShapeError
from myelin.losses.base import same_rank
from myelin.metrics.arrays import check_same, pair
from myelin.metrics.reduction import MeanMetricWrapper


def accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the prediction equals the target, else 0; shaped as they are."""
    y_true, y_pred = pair(y_true, y_pred)
    return (y_true == y_pred).astype(dtypes.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> jax.Array:
    """1 where a probability lies on the target's side of the threshold, else 0.

    Args:
        y_true: zeros and ones.
        y_pred: probabilities, of the same shape or with a last axis of 1.
        threshold: above it counts as 1.
    """
    y_true, y_pred = same_rank(jnp.asarray(y_true), jnp.asarray(y_pred))
    check_same(y_true, y_pred)
    return (y_true == (y_pred > threshold).astype(y_true.dtype)).astype(dtypes.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the largest output stands where the largest target does, else 0.

    Args:
        y_true: one-hot targets, `(..., classes)`.
        y_pred: probabilities or logits, `(..., classes)`.

    Returns:
        An array of shape `(...)`.
    """
    y_true, y_pred = _one_hot(y_true, y_pred)
    hits = jnp.argmax(y_true, axis=-1) == jnp.argmax(y_pred, axis=-1)
    return hits.astype(dtypes.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the largest output stands at the target's class, else 0.

    Args:
        y_true: classes, `(...)` or `(..., 1)`.
        y_pred: probabilities or logits, `(..., classes)`.

    Returns:
        An array of shape `(...)`.
    """
    y_true, y_pred = _sparse(y_true, y_pred)
    matches = y_true == jnp.argmax(y_pred, axis=-1).astype(_index_type(y_true))
    return matches.astype(dtypes.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> jax.Array:
    """1 where the target's class is among the `k` largest outputs, else 0.

    Args:
        y_true: one-hot targets, `(..., classes)`.
        y_pred: probabilities or logits, `(..., classes)`.
        k: how many outputs count.

    Returns:
        An array of shape `(...)`.
    """
    y_true, y_pred = _one_hot(y_true, y_pred)
    return sparse_top_k_categorical_accuracy(jnp.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> jax.Array:
    """1 where the target's class is among the `k` largest outputs, else 0.

    Args:
        y_true: classes, `(...)`.
        y_pred: probabilities or logits, `(..., classes)`; with `from_sorted_ids` the classes
            themselves, the likeliest first.
        k: how many outputs count.
        from_sorted_ids: how to read `y_pred`.

    Returns:
        An array of shape `(...)`.
    """
    y_true, y_pred = _sparse(y_true, y_pred)
    if from_sorted_ids:
        hits = jnp.any(y_true[..., None] == y_pred[..., :k], axis=-1)
        return hits.astype(dtypes.floatx())
    index = y_true.astype(jnp.int32)[..., None]
    own = jnp.take_along_axis(y_pred, index, axis=-1)
    # An output that is not a number is no reason to call it a hit.
    own = jnp.where(jnp.isnan(own), -jnp.inf, own)
    larger = jnp.sum(y_pred > own, axis=-1)
    return (larger < k).astype(dtypes.floatx())


def _one_hot(y_true: Any, y_pred: Any) -> tuple[jax.Array, jax.Array]:
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    check_same(y_true, y_pred, "; class numbers go to the sparse form of this metric")
    return y_true, y_pred


def _sparse(y_true: Any, y_pred: Any) -> tuple[jax.Array, jax.Array]:
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"metric: class numbers of shape {y_true.shape} do not fit outputs of shape "
            f"{y_pred.shape}; one-hot targets go to the metric without sparse in its name"
        )
    return y_true, y_pred


def _index_type(y_true: jax.Array) -> Any:
    """A type in which classes compare without rounding: bfloat16 ends at 256."""
    if y_true.dtype in (jnp.bfloat16, jnp.float16):
        return jnp.float32
    return y_true.dtype if jnp.issubdtype(y_true.dtype, jnp.floating) else jnp.int32


class Accuracy(MeanMetricWrapper):
    """The share of predictions that equal their targets exactly.

    For probabilities take `BinaryAccuracy`, `CategoricalAccuracy` or `SparseCategoricalAccuracy`.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The share of probabilities on the right side of a threshold.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
        threshold: above it counts as 1.
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose largest output is the right one; one-hot targets.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose largest output is the right one; targets are class numbers.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose right class is among the `k` likeliest; one-hot targets.

    Args:
        k: how many outputs count.
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose right class is among the `k` likeliest; class numbers.

    Args:
        k: how many outputs count.
        name: how logs call it.
        dtype: the type to compute in.
        from_sorted_ids: the outputs are classes, the likeliest first, not probabilities.
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids
