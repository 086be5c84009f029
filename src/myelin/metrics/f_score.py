"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.backend import epsilon
from myelin.errors import InputError, ShapeError
from myelin.metrics.arrays import weights_like
from myelin.metrics.base import Metric


class FBetaScore(Metric):
    """`(1 + beta²) · precision · recall / (beta² · precision + recall)`.

    Args:
        average: None for a number for each class; `"micro"` counts all classes together,
            `"macro"` takes the mean of the classes, `"weighted"` weighs it by their examples.
        beta: how many times more recall weighs than precision, above 0.
        threshold: above it, in (0, 1], an output is positive; when None the largest of an
            example is.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: an argument out of its range.
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise InputError(
                f'average must be None, "micro", "macro" or "weighted", got {average!r}'
            )
        if isinstance(beta, bool) or not isinstance(beta, float | int) or beta <= 0:
            raise InputError(f"beta must be a number above 0, got {beta!r}")
        if threshold is not None and not (
            isinstance(threshold, float | int) and 0 < threshold <= 1
        ):
            raise InputError(f"threshold must be a number in (0, 1], got {threshold!r}")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, classes: int) -> None:
        self.true_positives, self.false_positives, self.false_negatives, self.positives = (
            self.add_sums(
                "true_positives", "false_positives", "false_negatives", "intermediate_weights",
                shape=() if self.average == "micro" else (classes,),
            )
        )  # fmt: skip
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: zeros and ones, `(examples, classes)`.
            y_pred: probabilities, `(examples, classes)`.
            sample_weight: a weight for each example.

        Raises:
            ShapeError: other shapes.
        """
        y_true, y_pred = jnp.asarray(y_true, self.dtype), jnp.asarray(y_pred, self.dtype)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{self.name}: wants y_true and y_pred of one shape (examples, classes), got "
                f"{y_true.shape} and {y_pred.shape}; make class numbers one-hot first"
            )
        if not self._built:
            self._build(y_pred.shape[-1])
        if self.threshold is None:
            largest = jnp.max(y_pred, axis=-1, keepdims=True)
            chosen = (y_pred >= largest) & (jnp.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        called = chosen.astype(self.dtype)
        weight = None if sample_weight is None else weights_like(sample_weight, y_true)

        def summed(values: jax.Array) -> jax.Array:
            values = values if weight is None else values * weight
            return jnp.sum(values, axis=None if self.average == "micro" else 0)

        self.add_to(self.true_positives, summed(called * y_true))
        self.add_to(self.false_positives, summed(called * (1 - y_true)))
        self.add_to(self.false_negatives, summed((1 - called) * y_true))
        self.add_to(self.positives, summed(y_true))

    def result(self) -> Any:
        """The score so far: a scalar, or `(classes,)` with `average=None`."""
        if not self._built:
            return jnp.zeros((), self.dtype)
        hits = self.true_positives.value
        precision = hits / (hits + self.false_positives.value + epsilon())
        recall = hits / (hits + self.false_negatives.value + epsilon())
        square = self.beta**2
        score = (1 + square) * precision * recall / (square * precision + recall + epsilon())
        if self.average == "weighted":
            positives = self.positives.value
            return jnp.sum(score * positives / (jnp.sum(positives) + epsilon()))
        return score if self.average is None else jnp.mean(score)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Args:
        average: None for a number for each class; `"micro"` counts all classes together,
            `"macro"` takes the mean of the classes, `"weighted"` weighs it by their examples.
        threshold: above it, in (0, 1], an output is positive; when None the largest of an
            example is.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
