"""`EarlyStopping`: ends training when a value no longer gets better."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.callbacks.base import Logs
from myelin.callbacks.monitor import MonitorCallback
from myelin.console import say


class EarlyStopping(MonitorCallback):
    """Ends training once the watched value has not got better for `patience` epochs.

    With `restore_best_weights` the model has the weights of its best epoch afterwards, whether
    training was stopped, ran to its end, or ended with a fault. A value of NaN is never better.

    Args:
        monitor: the name of the value in the logs.
        min_delta: changes smaller than this are none; at least 0.
        patience: for how many epochs without a better value training goes on.
        verbose: 1 prints why training ended and which epoch's weights are put back.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric.
        baseline: the value to beat from the first epoch on; None for none.
        restore_best_weights: whether to put the weights of the best epoch back at the end.
        start_from_epoch: epochs with a lower index are not looked at.

    Attributes:
        best: the best value so far, or None.
        best_epoch: the index of its epoch.
        best_weights: a snapshot of the weights of then, or None.
        stopped_epoch: the index of the epoch that stopped training; 0 when none did.
        wait: epochs since the last better value.

    Source: Prechelt, Early stopping - but when?, 1998.
    """

    _purpose = "Early stopping"
    chooses_epoch = True

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: dict[str, Any] | None = None
        self._warned = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begins anew, so that one object serves several runs."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Looks at the value, and stops training when it is time."""
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            # Until a better epoch comes, the first one looked at is the best.
            self._keep(epoch)
        self.wait += 1
        if self._improves(current, self.best):
            self.best = current
            self._keep(epoch)
            if self.baseline is None or self._improves(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.snapshot()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Puts the best weights back."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                say(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.restore(self.best_weights)

    def get_state(self) -> dict[str, Any]:
        """What `BackupAndRestore` keeps."""
        weights = self.best_weights
        # By place: a model that is made again may have other names.
        listed = None if weights is None else [np.asarray(value) for value in weights.values()]
        return {
            "wait": self.wait,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "stopped_epoch": self.stopped_epoch,
            "best_weights": listed,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self.wait = state["wait"]
        self.best = state["best"]
        self.best_epoch = state["best_epoch"]
        self.stopped_epoch = state["stopped_epoch"]
        listed = state["best_weights"] if self.restore_best_weights else None
        if listed is not None:
            self.best_weights = dict(zip(self.model.snapshot(), listed, strict=True))
