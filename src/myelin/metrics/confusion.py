"""Counts of hits and misses, and the shares read off them."""

from __future__ import annotations

from typing import Any

from myelin.losses.base import divide_no_nan
from myelin.metrics.base import Metric
from myelin.metrics.counting import NOTHING, Thresholds, count


class _Count(Metric):
    _which: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self._thresholds = Thresholds.given(thresholds, 0.5)
        self.thresholds = self._thresholds.values
        (self.accumulator,) = self.add_sums("accumulator", shape=(len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: zeros and ones, probabilities, and a weight for each example."""
        counts = count(y_true, y_pred, self._thresholds, sample_weight, dtype=self.dtype)
        self.add_to(self.accumulator, getattr(counts, self._which))

    def result(self) -> Any:
        """The count so far: a scalar for one threshold, else one number for each."""
        counted = self.accumulator.value
        return counted[0] if len(self.thresholds) == 1 else counted

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How many positives were called positive.

    Args:
        thresholds: a number in [0, 1] or a list of them, above which an output is positive; 0.5
            when None.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: a threshold outside [0, 1].
    """

    _which = "true_positives"


class TrueNegatives(_Count):
    """How many negatives were called negative; arguments as of `TruePositives`."""

    _which = "true_negatives"


class FalsePositives(_Count):
    """How many negatives were called positive; arguments as of `TruePositives`."""

    _which = "false_positives"


class FalseNegatives(_Count):
    """How many positives were called negative; arguments as of `TruePositives`."""

    _which = "false_negatives"


class _Share(Metric):
    """True positives as a share of them and the misses of one kind."""

    _direction = "up"
    _missed: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self._thresholds = Thresholds.given(thresholds, 0.5 if top_k is None else NOTHING)
        self.thresholds = self._thresholds.values
        shape = (len(self.thresholds),)
        self.true_positives, missed = self.add_sums("true_positives", self._missed, shape=shape)
        setattr(self, self._missed, missed)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: zeros and ones, probabilities, and a weight for each example."""
        counts = count(
            y_true, y_pred, self._thresholds, sample_weight,
            top_k=self.top_k, class_id=self.class_id, dtype=self.dtype,
        )  # fmt: skip
        self.add_to(self.true_positives, counts.true_positives)
        self.add_to(getattr(self, self._missed), getattr(counts, self._missed))

    def result(self) -> Any:
        """The share so far, 0 of nothing: a scalar for one threshold, else one for each."""
        hits = self.true_positives.value
        share = divide_no_nan(hits, hits + getattr(self, self._missed).value)
        return share[0] if len(self.thresholds) == 1 else share

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class Precision(_Share):
    """Of what was called positive, the share that is.

    Args:
        thresholds: a number in [0, 1] or a list of them, above which an output is positive; 0.5
            when None.
        top_k: only an example's `k` largest outputs may be positive.
        class_id: only this column counts.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: a threshold outside [0, 1].
    """

    _missed = "false_positives"


class Recall(_Share):
    """Of what is positive, the share that was called so; arguments as of `Precision`."""

    _missed = "false_negatives"
