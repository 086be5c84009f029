"""`BackupAndRestore`: a run that was killed goes on where it was."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from myelin.callbacks import whole_state
from myelin.callbacks.base import Callback, Logs
from myelin.callbacks.every import EveryBatches
from myelin.errors import FileFormatError, InputError
from myelin.saving import load_tree, save_tree

_FORMAT = "myelin.backup"


class BackupAndRestore(Callback):
    """Keeps the whole state of training on disk, and begins the next `fit` from it.

    The state is that of the weights, the optimizer, the random numbers and the order of the
    data, and of the other callbacks that have `get_state()` and `set_state(state)`. Call the
    same `fit` again after a fault, in the same program or another one, and its epochs go on
    after the last one that was finished, to the same bits as if nothing had happened.

    The backup goes away when training has come to its end or was stopped by a callback. It
    stays when `fit` raised, was killed, or was ended by Ctrl-C; an epoch that Ctrl-C cut short
    is run again.

    Args:
        backup_dir: a folder of its own for the backup; it is made where it is missing.
        save_freq: `"epoch"`, or a number of batches, which makes the compiled chunks one step
            long. A run that goes on from within an epoch begins that epoch again with the
            weights it has, so only `"epoch"` is exact.
        double_checkpoint: keeps the backup before the last one too, in case that is damaged.
        delete_checkpoint: whether the backup goes away at the end.

    Raises:
        InputError: no folder, or a bad `save_freq`; in `fit`, a backup of another model.
        FileFormatError: in `fit`, a backup that is damaged.
    """

    runs_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise InputError("BackupAndRestore wants backup_dir, a folder for the backup")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._every = EveryBatches("BackupAndRestore", save_freq)
        self._latest = Path(self.backup_dir) / "latest.safetensors"
        self._previous = Path(self.backup_dir) / "previous.safetensors"
        self._epoch = 0
        self._steps_seen = 0
        self._finished = False

    @property
    def every_chunk(self) -> bool:  # type: ignore[override]
        """Whether the last batch of a chunk is enough."""
        return self._every.by_epoch

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restores what there is."""
        self.model.resume_epoch = 0
        self._finished = False
        backup = self._read()
        if backup is None:
            return
        whole_state.put_back(self.model, backup["model"], "BackupAndRestore", self.backup_dir)
        whole_state.put_states_back(self.beside, backup["callbacks"])
        self.model.resume_epoch = backup["epoch"]
        self._finished = self._is_last(backup["epoch"])

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Counts the batches anew."""
        self._epoch = epoch
        self._steps_seen = 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes, when enough batches are over."""
        self._steps_seen = batch + 1
        if self._every.due(batch):
            self._write(self._epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes, unless the epoch was cut short."""
        stopped = bool(getattr(self.model, "stop_training", False))
        self._finished = stopped or self._is_last(epoch + 1)
        steps = (self.params or {}).get("steps")
        cut_short = steps is not None and self._steps_seen < steps
        if cut_short:
            self._finished = stopped
        elif self._every.by_epoch:
            self._write(epoch + 1)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Deletes the backup, if training has come to its end."""
        # The next fit, perhaps without this callback, must not begin late.
        self.model.resume_epoch = 0
        if not (self._finished and self.delete_checkpoint):
            return
        for path in (self._latest, self._previous):
            path.unlink(missing_ok=True)
        # Files of others in the folder stay.
        with contextlib.suppress(OSError):
            Path(self.backup_dir).rmdir()

    def _is_last(self, epoch: int) -> bool:
        epochs = (self.params or {}).get("epochs")
        return epochs is not None and epoch >= epochs

    def _write(self, next_epoch: int) -> None:
        backup = {
            "epoch": next_epoch,
            "model": whole_state.taken(self.model),
            "callbacks": whole_state.states_of(self.beside),
        }
        if self.double_checkpoint and self._latest.exists():
            os.replace(self._latest, self._previous)
        self._latest.parent.mkdir(parents=True, exist_ok=True)
        save_tree(self._latest, backup, {"format": _FORMAT})

    def _read(self) -> dict[str, Any] | None:
        """The newest backup that can be read, or None where there is none."""
        paths = [path for path in (self._latest, self._previous) if path.exists()]
        for path in paths:
            try:
                tree, remarks = load_tree(path)
                if remarks.get("format") != _FORMAT:
                    raise FileFormatError(f"{path} is no backup of a training run")
                return dict(tree)
            except FileFormatError as error:
                if path == paths[-1]:
                    raise FileFormatError(f"{error} (delete {path} to begin anew)") from error
        return None
