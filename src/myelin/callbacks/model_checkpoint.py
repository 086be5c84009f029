"""`ModelCheckpoint`: writes the model to a file as training goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from myelin.callbacks.base import Logs
from myelin.callbacks.every import EveryBatches
from myelin.callbacks.monitor import MonitorCallback
from myelin.console import say
from myelin.errors import InputError
from myelin.saving import formats, weights


class ModelCheckpoint(MonitorCallback):
    """Writes the model, or its weights, after every epoch or every so many batches.

    Args:
        filepath: the file; may have fields in braces, filled with `epoch` (from 1), `batch`
            (from 1, with a number for `save_freq`) and the logs, as in
            `"{epoch:02d}-{val_loss:.2f}.keras"`. Its ending says the format, as for `model.save`
            and `model.save_weights`.
        monitor: the name of the value in the logs that says which is best.
        verbose: 1 prints what is written, and why.
        save_best_only: writes only what is better than all before.
        save_weights_only: writes the weights alone.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric.
        save_freq: `"epoch"`, or a number of batches; a number makes the compiled chunks one
            step long.
        initial_value_threshold: the value to beat from the start.

    Attributes:
        best: the best value so far, or None; it outlives a run.

    Raises:
        InputError: an ending that is not of these, a bad `save_freq`; in `fit`, a field that
            the logs do not have, or a folder where the file should be.
    """

    _purpose = "Saving the best model is"

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._every = EveryBatches("ModelCheckpoint", save_freq)
        self._epoch = 0
        if not save_weights_only:
            formats.kind_to_write(self.filepath)
        elif not self.filepath.endswith(weights.ENDINGS):
            raise InputError(
                "ModelCheckpoint: the filepath with save_weights_only=True must end in "
                f"{', '.join(weights.ENDINGS)}, got {self.filepath!r}"
            )

    @property
    def chooses_epoch(self) -> bool:
        """Whether what is kept is the best by the watched value."""
        return self.save_best_only

    @property
    def every_chunk(self) -> bool:  # type: ignore[override]
        """Whether batches do not matter to it."""
        return self._every.by_epoch

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Warns anew if the value is missing."""
        self._warned = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remembers which epoch it is."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes, when enough batches are over."""
        if self._every.due(batch):
            self._save(self._epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes, unless batches are counted."""
        if self._every.by_epoch:
            self._save(epoch, None, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        path = self._path(epoch, batch, logs)
        if not self._wanted(epoch, logs, path):
            return
        if Path(path).is_dir() and Path(path).suffix:
            raise InputError(f"ModelCheckpoint: {path} is a folder; filepath must name a file")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _wanted(self, epoch: int, logs: Logs, path: str) -> bool:
        """Whether to write; says why and remembers the best."""
        current = self.get_monitor_value(logs) if self.save_best_only else None
        if current is None or np.ndim(current) > 0:
            # Without a value to go by, a file too many does less harm than none.
            if self.verbose > 0:
                say(f"\nEpoch {epoch + 1}: saving model to {path}")
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        better = self._improves(current, self.best)
        if better:
            message = f"improved from {before} to {current:.5f}, saving model to {path}"
            self.best = current
        else:
            message = f"did not improve from {before}"
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: {self.monitor} {message}")
        return better

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        fields = {"epoch": epoch + 1, **logs}
        if batch is not None:
            fields.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**fields)
        except (KeyError, IndexError, ValueError) as error:
            raise InputError(
                f"ModelCheckpoint: cannot fill in the filepath {self.filepath!r} ({error!r}). "
                f"Fields: {', '.join(sorted(fields))}."
            ) from error

    def get_state(self) -> dict[str, Any]:
        """What `BackupAndRestore` keeps."""
        return {"best": self.best, "seen": self._every.seen, "last": self._every.last}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self.best = state["best"]
        self._every.seen = state["seen"]
        self._every.last = state["last"]
