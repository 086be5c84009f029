"""The best value of one share where another one is at least a given value."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.losses.base import divide_no_nan
from myelin.metrics.arrays import check_range
from myelin.metrics.base import Metric
from myelin.metrics.counting import Thresholds, count

_KINDS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class _BestWhere(Metric):
    """Counts at evenly spaced thresholds; `held` must be at least `value`, `sought` is read."""

    _direction = "up"
    _held: str
    _sought: str

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        check_range(self._held, [value])
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self._thresholds = Thresholds.evenly(num_thresholds)
        self.thresholds = self._thresholds.values
        sums = self.add_sums(*_KINDS, shape=(len(self.thresholds),))
        self.true_positives, self.false_positives = sums[:2]
        self.true_negatives, self.false_negatives = sums[2:]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: zeros and ones, probabilities, and a weight for each example."""
        counts = count(
            y_true, y_pred, self._thresholds, sample_weight,
            class_id=self.class_id, dtype=self.dtype,
        )  # fmt: skip
        for kind in _KINDS:
            self.add_to(getattr(self, kind), getattr(counts, kind))

    def result(self) -> Any:
        """The largest value at any threshold that holds the other; 0 where none does."""
        enough = self._share(self._held) >= self.value
        return jnp.max(jnp.where(enough, self._share(self._sought), 0), initial=0)

    def _share(self, kind: str) -> jax.Array:
        hits = self.true_positives.value
        if kind == "specificity":
            rejected = self.true_negatives.value
            return divide_no_nan(rejected, rejected + self.false_positives.value)
        missed = self.false_positives if kind == "precision" else self.false_negatives
        return divide_no_nan(hits, hits + missed.value)


class SensitivityAtSpecificity(_BestWhere):
    """The largest sensitivity (recall) where specificity is at least what is asked.

    Args:
        specificity: in [0, 1].
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: only this column counts.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: a number out of its range.
    """

    _held, _sought = "specificity", "sensitivity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity


class SpecificityAtSensitivity(_BestWhere):
    """The largest specificity where sensitivity (recall) is at least what is asked.

    Args:
        sensitivity: in [0, 1].
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: only this column counts.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: a number out of its range.
    """

    _held, _sought = "sensitivity", "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity


class PrecisionAtRecall(_BestWhere):
    """The largest precision where recall is at least what is asked.

    Args:
        recall: in [0, 1].
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: only this column counts.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: a number out of its range.
    """

    _held, _sought = "recall", "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall


class RecallAtPrecision(_BestWhere):
    """The largest recall where precision is at least what is asked.

    Args:
        precision: in [0, 1].
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: only this column counts.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: a number out of its range.
    """

    _held, _sought = "precision", "recall"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision
