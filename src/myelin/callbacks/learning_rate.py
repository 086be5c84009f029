"""Callbacks that change the learning rate: `ReduceLROnPlateau` and `LearningRateScheduler`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from myelin.callbacks.base import Callback, Logs
from myelin.callbacks.monitor import MonitorCallback
from myelin.console import say
from myelin.errors import InputError


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate once the watched value no longer gets better.

    It writes `learning_rate` into the logs of every epoch.

    Args:
        monitor: the name of the value in the logs.
        factor: what the learning rate is multiplied by; below 1.
        patience: for how many epochs without a better value it waits.
        verbose: 1 prints each change.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric.
        min_delta: changes smaller than this are none.
        cooldown: epochs after a change in which it does not count.
        min_lr: the learning rate below which it does not go.

    Attributes:
        best: the best value so far, or None.
        wait: epochs since the last better value.
        cooldown_counter: epochs of the cooldown that are left.

    Raises:
        InputError: a factor of 1 or more.
    """

    _purpose = "Learning rate reduction is"

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if kwargs:
            raise InputError(f"ReduceLROnPlateau has no argument {', '.join(sorted(kwargs))}")
        if factor >= 1.0:
            raise InputError(
                f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}"
            )
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.cooldown_counter = 0
        self.wait = 0
        self._warned = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begins anew, so that one object serves several runs."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Looks at the value, and lowers the learning rate when it is time."""
        logs = {} if logs is None else logs
        logs["learning_rate"] = learning_rate_of(self.model, "ReduceLROnPlateau")
        current = self.get_monitor_value(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._improves(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch, logs["learning_rate"])

    def _reduce(self, epoch: int, old: float) -> None:
        # In float32, as the optimizer holds it: 0.01 there is a little less than 0.01 here.
        if not np.float32(old) > np.float32(self.min_lr):
            return
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether the last change is too recent to count."""
        return self.cooldown_counter > 0

    def get_state(self) -> dict[str, Any]:
        """What `BackupAndRestore` keeps."""
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self.best = state["best"]
        self.wait = state["wait"]
        self.cooldown_counter = state["cooldown_counter"]


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of every epoch.

    It writes `learning_rate` into the logs of every epoch.

    Args:
        schedule: a function `(epoch, learning_rate) -> learning_rate`, or `(epoch)` alone;
            epochs count from 0.
        verbose: 1 prints the learning rate of each epoch.

    Raises:
        InputError: in `fit`, where the function gives no finite number ≥ 0.
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise InputError(
                "LearningRateScheduler wants a function (epoch, learning_rate) -> learning_rate, "
                f"got {schedule!r}"
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Asks the function and sets what it says."""
        old = learning_rate_of(self.model, "LearningRateScheduler")
        asked = self.schedule(epoch, old) if _takes_two(self.schedule) else self.schedule(epoch)
        rate = _as_rate(asked)
        if rate is None:
            raise InputError(
                "LearningRateScheduler: the schedule must give a finite number >= 0, for epoch "
                f"{epoch} it gave {asked!r}"
            )
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds `learning_rate` to the logs."""
        if logs is not None:
            logs["learning_rate"] = learning_rate_of(self.model, "LearningRateScheduler")


def learning_rate_of(model: Any, who: str) -> float:
    """The learning rate that the model's optimizer has now.

    Raises:
        InputError: the optimizer has none, as with a bare optax transformation.
    """
    rate = getattr(model.optimizer, "learning_rate", None)
    if rate is None:
        raise InputError(
            f"{who} wants an optimizer with a learning_rate, and {model.optimizer!r} has none: "
            'take one of myelin.optimizers, such as "adam"'
        )
    return float(np.asarray(getattr(rate, "value", rate)))


def _takes_two(schedule: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(schedule)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(0, 0.1)
    except TypeError:
        return False
    return True


def _as_rate(asked: Any) -> float | None:
    """A plain float, or None where `asked` is no learning rate."""
    try:
        value = np.asarray(getattr(asked, "value", asked))
        if value.ndim or (value.dtype.kind not in "iuf" and value.dtype.name != "bfloat16"):
            return None
        rate = float(value)
    except (TypeError, ValueError):
        return None
    return rate if math.isfinite(rate) and rate >= 0 else None
