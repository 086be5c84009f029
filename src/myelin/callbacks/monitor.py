"""`MonitorCallback`: what callbacks share that watch a value get better or worse."""

from __future__ import annotations

import math
import re
import warnings
from typing import Any

import numpy as np

from myelin.callbacks.base import Callback, Logs

# Beginnings and ends of names of values that are better the higher they are.
_RISING = (
    "acc", "accuracy", "auc", "fmeasure", "precision", "recall", "f1", "f1_score", "fbeta",
    "fbeta_score", "iou", "io_u", "r2", "r2_score", "sensitivity", "specificity",
    "cosine_similarity", "correlation", "true_positives", "true_negatives", "dice",
)  # fmt: skip
_FALLING = (
    "loss", "error", "crossentropy", "divergence", "hinge", "mae", "mse", "rmse", "mape", "msle",
    "log_cosh", "logcosh", "poisson", "perplexity", "false_positives", "false_negatives",
)  # fmt: skip


class MonitorCallback(Callback):
    """The base of callbacks that watch one value of the logs.

    Args:
        monitor: its name, such as `"val_loss"`.
        mode: `"min"` when lower is better, `"max"` when higher is; `"auto"` goes by the metric,
            or by its name.
        baseline: the first value of `best`, or None.
        min_delta: changes smaller than this are none.
    """

    # What to call it in the warning that it is missing.
    _purpose = "Monitoring"

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f'{type(self).__name__}: there is no mode {mode!r}; "auto" is used '
                '(known: "auto", "min", "max")',
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self._warned = False
        self._warned_of_mode = mode != "auto"

    def get_monitor_value(self, logs: Logs | None) -> Any:
        """The watched value in `logs`; None, with one warning a run, where it is missing."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None and not self._warned:
            self._warned = True
            warnings.warn(
                f"{self._purpose} conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}",
                stacklevel=4,
            )
        return value

    @property
    def rises(self) -> bool:
        """Whether the watched value is better the higher it is."""
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self.model, "metrics", None) or ():
            if getattr(metric, "name", None) == name:
                direction = getattr(metric, "_direction", None)
                if direction is not None:
                    return bool(direction == "up")
        rises = rises_by_name(name)
        if rises is None and not self._warned_of_mode:
            self._warned_of_mode = True
            warnings.warn(
                f"{type(self).__name__} takes `{self.monitor}` for a value that is better the "
                'lower it is; pass mode="max" if it is better the higher it is',
                stacklevel=5,
            )
        return bool(rises)

    def _improves(self, value: Any, reference: Any) -> bool:
        """Whether `value` is better than `reference`; NaN never is, anything beats None."""
        value = float(np.asarray(value))
        if math.isnan(value):
            return False
        if reference is None:
            return True
        # Metrics come in float32; in it a step of exactly min_delta is judged as in Keras.
        delta = self.min_delta if self.rises else -self.min_delta
        changed, before = np.float32(value - delta), np.float32(reference)
        return bool(changed > before if self.rises else changed < before)


def rises_by_name(name: str) -> bool | None:
    """Whether a metric called so is better the higher it is; None where the name does not say.

    Args:
        name: without `"val_"`; a number at its end (`"auc_1"`) is passed over.
    """
    name = re.sub(r"_\d+$", "", name.lower())
    if name.endswith(_FALLING):
        return False
    if name.startswith(_RISING) or name.endswith(_RISING):
        return True
    return None
