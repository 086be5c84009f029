"""Losses that look at more than one value at a time: overlaps, pairs of examples, sequences."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import ShapeError
from myelin.losses.base import EPSILON, LossFunctionWrapper, counting, floating, pair


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """`1 - 2 · Σ(y_true · y_pred) / (Σ y_true + Σ y_pred + 1e-7)`.

    Args:
        y_true, y_pred: masks, numbers in [0, 1], of one shape.
        axis: to sum over; None sums over everything, which gives one value for the batch.

    Source: Milletari et al., V-Net, 2016.
    """
    y_true, y_pred = pair(y_true, y_pred, "dice")
    axis = _axes(axis)
    both = jnp.sum(y_true * y_pred, axis=axis)
    either = jnp.sum(y_true, axis=axis) + jnp.sum(y_pred, axis=axis)
    return 1 - 2.0 * both / (either + EPSILON)


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Any:
    """`1 - both / (both + alpha · Σ y_true (1 - y_pred) + beta · Σ y_pred (1 - y_true) + 1e-7)`.

    Args:
        y_true, y_pred: masks, numbers in [0, 1], of one shape; both is `Σ(y_true · y_pred)`.
        alpha, beta: what a miss and a false alarm cost; one half each is `dice`.
        axis: to sum over; None sums over everything, which gives one value for the batch.

    Source: Salehi et al., Tversky loss function, 2017. The roles of alpha and beta are Keras's.
    """
    y_true, y_pred = pair(y_true, y_pred, "tversky")
    axis = _axes(axis)
    both = jnp.sum(y_true * y_pred, axis=axis)
    missed = jnp.sum(y_true * (1 - y_pred), axis=axis)
    false = jnp.sum(y_pred * (1 - y_true), axis=axis)
    return 1 - both / (both + alpha * missed + beta * false + EPSILON)


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _above_zero(y_true: Any, y_pred: Any, values: Any, **_: Any) -> Any:
    return values > 0


@counting(_above_zero)
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Any:
    """Pulls embeddings of one class together and pushes those of different classes apart.

    With d = 1 - cosine of a pair, over the pairs of one class (pos) and of two (neg):

        softplus( logsumexp_pos(gamma · (margin + d) · (d - margin))
                  + logsumexp_neg(gamma · (1 + margin - d) · (1 - margin - d)) )

    An example that lacks pairs of either kind gives 0 and does not count in a mean.

    Args:
        y_true: numbers of classes `(n,)`.
        y_pred: embeddings of length 1 `(n, d)`.
        ref_labels, ref_embeddings: what to pair with, `(m,)` and `(m, d)`; the batch itself when
            None.
        remove_diagonal: leaves out the pair of an example with itself.
        gamma: the scale.
        margin: how near and how far is enough.

    Returns:
        Values `(n,)`.

    Source: Sun et al., Circle Loss, 2020.
    """
    y_pred, labels = floating(y_pred), jnp.asarray(y_true).astype(jnp.int32).reshape(-1)
    others = y_pred if ref_embeddings is None else jnp.asarray(ref_embeddings, y_pred.dtype)
    their = labels if ref_labels is None else jnp.asarray(ref_labels).astype(jnp.int32).reshape(-1)
    d = jnp.maximum(1 - y_pred @ others.T, 0)
    same = labels[:, None] == their[None, :]
    positive, negative = same, ~same
    if remove_diagonal:
        positive = positive & ~jnp.eye(len(labels), len(their), dtype=bool)
    # The weights take part in the gradient, as in Keras.
    pulled = -gamma * jnp.maximum(margin + d, 0) * (margin - d)
    pushed = gamma * jnp.maximum(1 + margin - d, 0) * (1 - margin - d)
    both = positive.any(axis=1) & negative.any(axis=1)
    total = _log_sum(pulled, positive, both) + _log_sum(pushed, negative, both)
    return jnp.where(both, jax.nn.softplus(jnp.where(both, total, 0)), 0)


def _log_sum(values: Any, chosen: Any, rows: Any) -> Any:
    """logsumexp over the chosen of each row; rows that do not count have a slope of 0."""
    return jax.nn.logsumexp(jnp.where(chosen | ~rows[:, None], values, -jnp.inf), axis=1)


def ctc(y_true: Any, y_pred: Any) -> Any:
    """The negative log-likelihood of a label sequence under all its alignments.

    Args:
        y_true: labels from 1, padded with 0 at the end, `(n, length)`.
        y_pred: logits `(n, time, K)`; class 0 is the blank.

    Returns:
        Values `(n,)`.

    Raises:
        ShapeError: other numbers of axes.

    Source: Graves et al., Connectionist Temporal Classification, 2006.
    """
    import optax

    y_pred, labels = floating(y_pred), jnp.asarray(y_true)
    if labels.ndim != 2 or y_pred.ndim != 3:
        raise ShapeError(
            "ctc wants labels (batch, length) and logits (batch, time, classes), got shapes "
            f"{labels.shape} and {y_pred.shape}"
        )
    labels = labels.astype(jnp.int32)
    length = jnp.sum(labels != 0, axis=1, keepdims=True)
    padding = (jnp.arange(labels.shape[1]) >= length).astype(y_pred.dtype)
    return optax.ctc_loss(y_pred, jnp.zeros(y_pred.shape[:2], y_pred.dtype), labels, padding)


class Dice(LossFunctionWrapper):
    """See `dice`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    """See `tversky`."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)


class Circle(LossFunctionWrapper):
    """See `circle`."""

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            circle, reduction, name, dtype,
            gamma=gamma, margin=margin, remove_diagonal=remove_diagonal,
        )  # fmt: skip


class CTC(LossFunctionWrapper):
    """See `ctc`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)
