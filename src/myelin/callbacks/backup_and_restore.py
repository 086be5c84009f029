"""`BackupAndRestore`: a run that was killed goes on where it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from myelin.callbacks.base import Logs
from myelin.callbacks.every import EveryBatches
from myelin.callbacks.state_keeper import REMARKS, StateKeeper, read_state
from myelin.errors import InputError
from myelin.saving.folder import CheckpointFolder


class BackupAndRestore(StateKeeper):
    """Keeps the whole state of training on disk, and begins the next `fit` from it.

    The state is that of the weights, the optimizer, the random numbers and the order of the
    data, and of the other callbacks that have `get_state()` and `set_state(state)`. Call the
    same `fit` again after a fault, in the same program or another one, and it goes on from the
    last backup, to the same bits as if nothing had happened; see `Checkpoint` for what is exact,
    and for backups in the background.

    The backup goes away when training has come to its end or was stopped by a callback. It
    stays when `fit` raised, was killed, or was ended by Ctrl-C; an epoch that Ctrl-C cut short
    is run again.

    Args:
        backup_dir: a folder of its own for the backup; it is made where it is missing.
        save_freq: `"epoch"`, or a number of batches, which makes the compiled chunks one step
            long.
        double_checkpoint: keeps the backup before the last one too, in case that is damaged.
        delete_checkpoint: whether the backup goes away at the end.

    Raises:
        InputError: no folder, or a bad `save_freq`; in `fit`, a backup of another model, or a
            folder that another run is writing to.
        FileFormatError: in `fit`, a backup that is damaged.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not backup_dir:
            raise InputError("BackupAndRestore wants backup_dir, a folder for the backup")
        self.backup_dir = os.fspath(backup_dir)
        super().__init__(self.backup_dir, beside=False)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._every = EveryBatches("BackupAndRestore", save_freq)
        keep = 2 if double_checkpoint else 1
        self._files = CheckpointFolder(Path(self.backup_dir), keep, read_state)
        self._finished = False

    @property
    def every_chunk(self) -> bool:  # type: ignore[override]
        """Whether the last batch of a chunk is enough."""
        return self._every.by_epoch

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restores what there is."""
        self._files.claim("BackupAndRestore")
        try:
            super().on_train_begin(logs)
        except BaseException:
            self._files.release()
            raise
        self._finished = self._is_last(self.model.resume_from.epoch)

    def _found(self) -> dict[str, Any] | None:
        found = self._files.newest()
        return None if found is None else found[1]

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes, when enough batches are over."""
        super().on_train_batch_end(batch, logs)
        if self._every.due(batch):
            self._write(self._within(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes, unless the epoch was cut short."""
        self._finished = self._is_last(epoch + 1)
        if not self._epoch_is_whole:
            self._finished = self._stopped
        elif self._every.by_epoch:
            self._write(self._after(epoch))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Deletes the backup, if training has come to its end."""
        super().on_train_end(logs)
        if self._finished and self.delete_checkpoint:
            self._files.clear()
        self._files.release()

    def _write(self, kept: dict[str, Any] | None) -> None:
        if kept is not None:
            self._files.write(kept, REMARKS, best=False)

    def get_state(self) -> dict[str, Any]:
        """What is kept of the callback itself."""
        return {"seen": self._every.seen, "last": self._every.last}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self._every.seen, self._every.last = state["seen"], state["last"]
