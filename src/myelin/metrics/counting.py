"""True and false positives and negatives at many thresholds at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.metrics.arrays import check_range, pair, weights_like

# Where only the k largest outputs count: the threshold, and the value of all other outputs.
NOTHING = -1e10


class Counts(NamedTuple):
    """Weighted counts of a batch, each of shape `(thresholds,)` or `(thresholds, labels)`."""

    true_positives: jax.Array
    false_positives: jax.Array
    true_negatives: jax.Array
    false_negatives: jax.Array


class Thresholds:
    """Above which outputs count as positive.

    Args:
        values: numbers; those of `evenly` and `AUC` are sorted.
        even: whether `values` are `0, 1/(n-1), …, 1`, so that arithmetic finds an output's place
            among them and each output is looked at once; found out when None.
    """

    def __init__(self, values: Sequence[float], even: bool | None = None) -> None:
        self.values = [float(value) for value in values]
        n = len(self.values)
        if even is None:
            even = n >= 3 and np.allclose(self.values, np.arange(n) / (n - 1), atol=1e-7)
        self.even = bool(even)

    @classmethod
    def given(cls, thresholds: Any, default: float) -> Thresholds:
        """From an argument: a number, a list of them, or None for the default.

        Raises:
            InputError: a threshold outside [0, 1].
        """
        if thresholds is None:
            return cls([default])
        values = list(thresholds) if np.ndim(thresholds) else [thresholds]
        check_range("thresholds", values)
        return cls(values)

    @classmethod
    def evenly(cls, count: int) -> Thresholds:
        """`count` of them from 0 to 1; 0.5 alone where one is enough.

        Raises:
            InputError: less than one.
        """
        if count <= 0:
            raise InputError(f"num_thresholds must be a whole number above 0, got {count}")
        if count == 1:
            return cls([0.5], even=False)
        return cls([place / (count - 1) for place in range(count)], even=True)

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thresholds) and (self.values, self.even) == (
            other.values,
            other.even,
        )

    def __hash__(self) -> int:
        return hash((tuple(self.values), self.even))


def count(
    y_true: Any,
    y_pred: Any,
    thresholds: Thresholds,
    sample_weight: Any = None,
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
    label_weights: Any = None,
    dtype: str = "float32",
) -> Counts:
    """Counts a batch at every threshold.

    Args:
        y_true: zeros and ones, `(examples,)` or `(examples, labels)`.
        y_pred: probabilities, of the same shape or with a last axis of 1.
        thresholds: above which an output is positive.
        sample_weight: a weight for each example, or for each value.
        top_k: only an example's `k` largest outputs may be positive.
        class_id: only this column counts.
        multi_label: counts each column for itself.
        label_weights: a weight for each column, where they are counted together.
        dtype: the type to compute in.

    Raises:
        ShapeError: shapes that do not go together.
    """
    y_true, y_pred = pair(y_true, y_pred, dtype)
    weight = None if sample_weight is None else weights_like(sample_weight, y_true)
    columns = None if label_weights is None else jnp.asarray(label_weights, dtype)
    return _count(y_true, y_pred, weight, columns, thresholds, top_k, class_id, multi_label)


# One program for each shape, which is faster than its parts where a metric is called eagerly.
@partial(jax.jit, static_argnums=(4, 5, 6, 7))
def _count(
    y_true: jax.Array,
    y_pred: jax.Array,
    weight: jax.Array | None,
    label_weights: jax.Array | None,
    thresholds: Thresholds,
    top_k: int | None,
    class_id: int | None,
    multi_label: bool,
) -> Counts:
    if top_k is not None:
        y_pred = _only_largest(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = _column(y_true, class_id), _column(y_pred, class_id)
        if weight is not None:
            weight = weight[..., class_id : class_id + 1]
    weight = jnp.ones((), y_pred.dtype) if weight is None else weight
    weight = weight if label_weights is None else weight * label_weights
    labels = (y_true != 0).astype(y_pred.dtype)
    shape = (y_pred.shape[0], -1) if multi_label else (-1,)
    positive, negative, y_pred = (
        jnp.reshape(array, shape) for array in (labels * weight, (1 - labels) * weight, y_pred)
    )
    place = _above_even if thresholds.even else _above
    true_positives = place(positive, y_pred, thresholds)
    false_positives = place(negative, y_pred, thresholds)
    return Counts(
        true_positives,
        false_positives,
        jnp.sum(negative, axis=0) - false_positives,
        jnp.sum(positive, axis=0) - true_positives,
    )


def _above(labels: jax.Array, y_pred: jax.Array, thresholds: Thresholds) -> jax.Array:
    """The sum of the labels whose output lies above, for each threshold."""
    limits = jnp.asarray(thresholds.values, y_pred.dtype)
    limits = limits.reshape(-1, *[1] * y_pred.ndim)
    return jnp.sum(jnp.where(y_pred[None] > limits, labels[None], 0), axis=1)


def _above_even(labels: jax.Array, y_pred: jax.Array, thresholds: Thresholds) -> jax.Array:
    """The same, with a histogram over the spaces between thresholds, summed from above."""
    n = len(thresholds)
    place = jnp.ceil(jnp.clip(y_pred, 0, 1) * (n - 1)) - 1
    if thresholds.values[0] < 0:
        place = jnp.maximum(place, 0)
    # An output of 0 lies above no threshold; its place of -1 is outside and is dropped.
    place = place.astype(jnp.int32)

    def histogram(labels: jax.Array, place: jax.Array) -> jax.Array:
        return jax.ops.segment_sum(labels, place, num_segments=n)

    if labels.ndim > 1:
        histogram = jax.vmap(histogram, in_axes=1, out_axes=1)
    return jnp.cumsum(histogram(labels, place)[::-1], axis=0)[::-1]


def _only_largest(y_pred: jax.Array, k: int) -> jax.Array:
    _, places = jax.lax.top_k(y_pred, k)
    kept = jnp.sum(jax.nn.one_hot(places, y_pred.shape[-1], dtype=y_pred.dtype), axis=-2)
    return y_pred * kept + NOTHING * (1 - kept)


def _column(values: jax.Array, class_id: int) -> jax.Array:
    if values.ndim < 2 or not 0 <= class_id < values.shape[-1]:
        raise ShapeError(
            f"class_id={class_id}: wants outputs of shape (examples, classes) with more than "
            f"{class_id} classes, got shape {values.shape}"
        )
    return values[..., class_id : class_id + 1]
