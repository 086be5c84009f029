"""`History`: what each epoch gave, as `fit` returns it."""

from __future__ import annotations

from typing import Any

from myelin.callbacks.base import Callback, Logs


class History(Callback):
    """Records the logs of every epoch; `fit` adds one by itself and returns it.

    Attributes:
        history: `{name: [a value an epoch]}`.
        epoch: the indices of the epochs that ran, from 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forgets the epochs of an earlier run."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds the values of this epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self

    def get_state(self) -> dict[str, Any]:
        """What `BackupAndRestore` keeps."""
        return {"history": self.history, "epoch": self.epoch}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.epoch = list(state["epoch"])
