"""The confusion matrix: how often each class was taken for each other."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from myelin import dtypes
from myelin.errors import InputError, ShapeError
from myelin.losses.base import divide_no_nan
from myelin.metrics.arrays import weights_like
from myelin.metrics.base import Metric


@partial(jax.jit, static_argnums=(2, 4))
def tally(
    y_true: jax.Array, y_pred: jax.Array, classes: int, weight: Any, ignore_class: int | None = None
) -> jax.Array:
    """Counts pairs of classes; those out of range are left out.

    Args:
        y_true, y_pred: whole numbers, of one shape.
        classes: how many classes there are.
        weight: for each pair, or None.
        ignore_class: a target that does not count.

    Returns:
        A float32 array `(classes, classes)`: targets along rows, predictions along columns.
    """
    if y_true.size != y_pred.size:
        raise ShapeError(
            f"metric: y_true has {y_true.size} values of shape {y_true.shape} and y_pred "
            f"{y_pred.size} of shape {y_pred.shape}; there must be as many"
        )
    ones = jnp.ones(y_true.shape, jnp.float32)
    weights = ones if weight is None else weights_like(weight, ones)
    true, pred, weights = y_true.reshape(-1), y_pred.reshape(-1), weights.reshape(-1)
    counts = (true >= 0) & (true < classes) & (pred >= 0) & (pred < classes)
    if ignore_class is not None:
        counts &= true != ignore_class
    place = jnp.where(counts, true * classes + pred, -1)
    return jax.ops.segment_sum(weights, place, classes * classes).reshape(classes, classes)


class ConfusionMatrix(Metric):
    """How often each class was taken for each other; rows are targets, columns predictions.

    Args:
        num_classes: how many classes there are, at least 2.
        threshold: for two classes with one output: above it the class is 1.
        normalize: None for counts; `"true"`, `"pred"` or `"all"` divides by the sums of rows, of
            columns, or by the sum of all.
        name: how logs call it.
        dtype: the type of the counts; `"int32"` when None. Fractional weights want a float.

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(
        self,
        num_classes: int,
        threshold: float = 0.5,
        normalize: str | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        if num_classes < 2:
            raise InputError(f"num_classes must be at least 2, got {num_classes}")
        if normalize not in (None, "true", "pred", "all"):
            raise InputError(f'normalize must be None, "true", "pred" or "all", got {normalize!r}')
        self.num_classes = num_classes
        self.threshold = threshold
        self.normalize = normalize
        shape = (num_classes, num_classes)
        (self.total_cm,) = self.add_sums("total_confusion_matrix", shape=shape, dtype="float32")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: class numbers `(...)` or `(..., 1)`, or one-hot `(..., classes)`.
            y_pred: probabilities or logits `(..., classes)`, the probability of class 1 `(...)`
                or `(..., 1)`, or class numbers.
            sample_weight: a weight for each example.
        """
        y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
        k = self.num_classes
        scores = y_pred.ndim > 1 and y_pred.shape[-1] == k and dtypes.is_float(y_pred.dtype)
        one_hot = scores and y_true.shape == y_pred.shape
        true = jnp.argmax(y_true, axis=-1) if one_hot else y_true.astype(jnp.int32)
        if scores:
            pred = jnp.argmax(y_pred, axis=-1)
        elif dtypes.is_float(y_pred.dtype) and k == 2:
            pred = (y_pred > self.threshold).astype(jnp.int32)
        else:
            pred = y_pred.astype(jnp.int32)
        true = true[..., 0] if true.ndim > 1 and true.shape[-1] == 1 else true
        pred = pred[..., 0] if pred.ndim > 1 and pred.shape[-1] == 1 else pred
        self.add_to(self.total_cm, tally(true, pred, k, sample_weight))

    def result(self) -> Any:
        """The matrix so far, `(classes, classes)`."""
        counts = self.total_cm.value
        if self.normalize is None:
            whole = counts if dtypes.is_float(self.dtype) else jnp.rint(counts)
            return whole.astype(self.dtype)
        axes = {"true": (1,), "pred": (0,), "all": (0, 1)}[self.normalize]
        return divide_no_nan(counts, jnp.sum(counts, axis=axes, keepdims=True))
