"""`Checkpoint`: a run that goes on where it was, whatever ended it."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from myelin.callbacks import whole_state
from myelin.callbacks.base import Logs
from myelin.callbacks.state_keeper import REMARKS, StateKeeper, read_state
from myelin.console import say
from myelin.errors import InputError
from myelin.saving.folder import BEST, CheckpointFolder


class Checkpoint(StateKeeper):
    """Keeps checkpoints of a run in a folder, and goes on from the newest that is whole.

    Run the same program again after it was killed, and training goes on to the same bits as if
    nothing had happened; `fit(…, resume="folder")` is `fit(…, resume=Checkpoint("folder"))`. A run
    that is at its end trains no more; with more `epochs` it goes on.

    A checkpoint holds the weights, the optimizer, the random numbers, the place in the data, the
    sums of the metrics, the history, and the state of callbacks that have `get_state()` and
    `set_state(state)`. The numbers are copied between two chunks, and a thread writes them to a
    new file while training goes on. Each file holds a checksum: a damaged one is passed over with
    a warning, and the one before is taken.

    Arrays in memory, and data sets over them, are taken up at the very step. Of what comes as a
    stream, batches with numbers (`PyDataset`) are taken up at their number, with the hooks of the
    epochs before called; other streams are read again from the beginning of the epoch, after the
    passes before were begun and given up; an iterator without end, which has to be given anew, is
    read from its beginning. That is exact where a stream draws its random numbers from Python's,
    NumPy's or Myelin's sequence, or from seeds of its own when a pass begins.

    Args:
        folder: a folder of its own for the run; it is made where it is missing.
        every_seconds: a checkpoint is due so many seconds after the last one began, between two
            chunks; None for never.
        every_epochs: one is due after so many epochs, too; None for never.
        keep: how many of the newest stay.
        best: the name of a value in the logs; the checkpoint of the epoch where it was best is
            kept too, as `best.safetensors`. None for no such.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric.

    There is one at the end of training and after Ctrl-C in any case.

    A file that cannot be written, as on a full disk, does not end the training: a warning says
    why, those that were written before stay, and the next is tried when it is due.

    Raises:
        InputError: bad arguments; in `fit`, a folder that another run is writing to, or that
            holds the run of another model, optimizer or other data.
        FileFormatError: in `fit`, where all checkpoints are damaged.
    """

    _purpose = "Keeping the best checkpoint is"
    every_chunk = True

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        every_seconds: float | None = 10.0,
        every_epochs: int | None = None,
        keep: int = 3,
        best: str | None = None,
        mode: str = "auto",
    ) -> None:
        if not folder:
            raise InputError("Checkpoint wants a folder for the checkpoints")
        if every_seconds is not None and not every_seconds >= 0:
            raise InputError(f"Checkpoint: every_seconds wants a number >= 0, got {every_seconds}")
        for name, count in (("every_epochs", every_epochs), ("keep", keep)):
            whole = isinstance(count, int) and not isinstance(count, bool) and count >= 1
            if not whole and not (name == "every_epochs" and count is None):
                raise InputError(f"Checkpoint: {name} wants a whole number >= 1, got {count!r}")
        self.folder = os.fspath(folder)
        super().__init__(self.folder, beside=True, monitor=best or "", mode=mode)
        self.every_seconds, self.every_epochs = every_seconds, every_epochs
        self.keep = keep
        self.chooses_epoch = best is not None
        self._files = CheckpointFolder(Path(self.folder), keep, read_state)
        self._began = 0.0
        self._failed = False

    # Going on.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Takes the folder, and puts back what is there."""
        self._files.claim("Checkpoint")
        try:
            identify = getattr(self.model, "identify_run", None)
            self._run = identify() if identify is not None else {}
            self._began, self._failed = time.monotonic(), False
            super().on_train_begin(logs)
        except BaseException:
            self._files.release()
            raise

    def _found(self) -> dict[str, Any] | None:
        found = self._files.newest()
        if found is None:
            return None
        path, saved = found
        for name, there in saved["run"].items():
            here = self._run.get(name, there)
            if here != there:
                raise InputError(
                    f"Checkpoint: the run in {self.folder} has {name} {_short(there)}, and this "
                    f"one has {_short(here)}: give it the same, or another folder"
                )
        if (self.params or {}).get("verbose"):
            say(f"Goes on from {path}: {saved['epoch']} epochs and {saved['step']} steps are done")
        return saved

    def load_newest(self, model: Any) -> None:
        """Puts the weights of the newest checkpoint that is whole into a model that is built.

        Raises:
            InputError: there is none, or it is of another model.
            FileFormatError: all are damaged.
        """
        found = self._files.newest()
        if found is None:
            raise InputError(f"Checkpoint: there is no checkpoint in {self.folder}")
        whole_state.put_weights_back(model, found[1]["model"], "Checkpoint", self.folder)

    def load_best(self, model: Any) -> None:
        """Puts the weights of the best epoch so far into a model that is built.

        Raises:
            InputError: none was kept, or it is of another model.
            FileFormatError: it is damaged.
        """
        path = Path(self.folder) / BEST
        if not path.exists():
            raise InputError(f"Checkpoint: no best checkpoint was kept in {self.folder}")
        saved = read_state(path)
        whole_state.put_weights_back(model, saved["model"], "Checkpoint", self.folder)

    # Keeping.

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Keeps the state where time has come, and where Ctrl-C ends the run."""
        super().on_train_batch_end(batch, logs)
        if self._background.failed:
            self._finish(self._background.wait)
        if self._cut_short or (self._time_has_come and not self._background.busy):
            self._keep(self._within(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keeps the state where it is due, at the end of the run, and where it is the best."""
        if not self._epoch_is_whole:
            return
        best = self._is_best(logs)
        counted = self.every_epochs is not None and (epoch + 1) % self.every_epochs == 0
        last = self._is_last(epoch + 1) or getattr(self.model, "interrupted", False)
        if best or counted or last or (self._time_has_come and not self._background.busy):
            self._keep(self._after(epoch), best)

    def on_interrupted(self, epoch: int) -> None:
        """Keeps the state where Ctrl-C came after it was last looked for."""
        self._keep(self._after(epoch))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Waits for the last file, and gives the folder free."""
        super().on_train_end(logs)
        try:
            self._finish(self._background.close)
        finally:
            self._files.release()
        if self._failed:
            there = self._files.numbers()
            last = f"the last one there is {self._files.file(there[-1])}" if there else "none is"
            warnings.warn(
                f"Checkpoint: the end of the run was not written to {self.folder}: {last}. The "
                "model is as it was trained: save it elsewhere",
                stacklevel=2,
            )

    @property
    def _time_has_come(self) -> bool:
        seconds = self.every_seconds
        return seconds is not None and time.monotonic() - self._began >= seconds

    def _is_best(self, logs: Logs | None) -> bool:
        current = self.get_monitor_value(logs) if self.chooses_epoch else None
        if current is None or np.ndim(current) > 0 or not self._improves(current, self.best):
            return False
        self.best = float(current)
        return True

    def _everything(self, *place: Any) -> dict[str, Any] | None:
        self._finish(self._background.wait)
        self._began = time.monotonic()
        return super()._everything(*place)

    def _keep(self, kept: dict[str, Any] | None, best: bool = False) -> None:
        if kept is None:
            return

        def write() -> None:
            self._files.write(kept, REMARKS, best)
            self._failed = False

        self._background.start(write)

    def _finish(self, wait: Any) -> None:
        """Waits for the file that is being written, and says at once if it could not be."""
        try:
            wait()
        except OSError as error:
            self._failed = True
            warnings.warn(
                f"Checkpoint: nothing can be written to {self.folder} ({error}). Training goes "
                "on, and the checkpoints that are there stay",
                stacklevel=2,
            )

    def get_state(self) -> dict[str, Any]:
        """What is kept of the callback itself."""
        return {"best": self.best}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self.best = state["best"]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 12 else f"{text[:12]}…"
