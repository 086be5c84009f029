"""`StateKeeper`: what callbacks share that keep the whole state of a run and go on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from myelin import random
from myelin.callbacks import whole_state
from myelin.callbacks.base import Logs
from myelin.callbacks.monitor import MonitorCallback
from myelin.callbacks.whole_state import Place
from myelin.errors import FileFormatError
from myelin.saving import load_tree
from myelin.saving.background import Background

FORMAT = "myelin.run"
REMARKS = {"format": FORMAT}
_PARTS = {
    "epoch", "step", "logs", "stopped", "random", "begun_with", "model", "callbacks", "run",
}  # fmt: skip


class StateKeeper(MonitorCallback):
    """The base of callbacks that keep all that the rest of a run depends on.

    That is the weights, the optimizer, the random numbers, the sums of the metrics, the place in
    the data, and the state of callbacks that have `get_state()` and `set_state(state)`. From it
    `fit` goes on, also from within an epoch, to the same bits as if it had never stopped.

    A subclass says where the state comes from (`_found`), and calls `_everything` when it is time
    to keep it.

    Args:
        folder: where it is kept, for errors.
        beside: whether files are written in a thread.
        monitor, mode, baseline: as for `MonitorCallback`.
    """

    runs_last = True

    def __init__(
        self,
        folder: str,
        beside: bool,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, baseline)
        self._folder = folder
        self._background = Background(beside)
        self._copier = whole_state.Copier()
        self._epoch = self._step = 0
        self._cut_short = False
        self._resumed: dict[str, Any] | None = None
        self._random: dict[str, Any] = {}
        self._begun_with: dict[str, Any] = {}
        # What must be the same in a run that goes on.
        self._run: dict[str, Any] = {}

    def _found(self) -> dict[str, Any] | None:
        """What to go on from, or None to begin at the beginning."""
        return None

    # Going on.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Puts back what was kept, and tells `fit` where to go on."""
        self._warned = self._cut_short = False
        self._epoch = self._step = 0
        self._resumed = None
        self.model.resume_from = Place()
        self._begun_with = random.sequences()
        saved = self._found()
        if saved is None:
            return
        self._put_back(saved)
        self._begun_with = saved["begun_with"]
        epoch = saved["epoch"]
        if saved["stopped"]:
            self.model.stop_training = True
            epoch = max(epoch, (self.params or {}).get("epochs", epoch))
        elif saved["step"]:
            self._resumed = saved
        self.model.resume_from = Place(epoch, saved["step"], saved["logs"], self._begun_with)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Counts the steps of the epoch anew."""
        self._epoch, self._step = epoch, 0
        saved, self._resumed = self._resumed, None
        if saved is not None and saved["epoch"] == epoch:
            # Again: what the callbacks have done at its beginning is done already.
            self._put_back(saved)
            self._step = saved["step"]
        self._random = random.sequences()

    def _put_back(self, saved: dict[str, Any]) -> None:
        whose = type(self).__name__
        sums = saved["step"] > 0
        whole_state.put_back(self.model, saved["model"], whose, self._folder, sums)
        whole_state.put_states_back(self.beside, saved["callbacks"])
        random.set_sequences(saved["random"])

    def on_train_end(self, logs: Logs | None = None) -> None:
        """The next fit, perhaps without this callback, begins at the beginning."""
        self.model.resume_from = Place()
        self._resumed = None
        # As large as the whole state.
        self._copier = whole_state.Copier()

    # Keeping.

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Counts the step."""
        self._step = batch + 1
        self._cut_short = bool(getattr(self.model, "interrupted", False))

    @property
    def _stopped(self) -> bool:
        return bool(getattr(self.model, "stop_training", False))

    @property
    def _epoch_is_whole(self) -> bool:
        """Whether the epoch that ends took all of its steps, or was to end where it did."""
        steps = (self.params or {}).get("steps")
        few = steps is not None and self._step < steps and not self._stopped
        return not (self._cut_short or few)

    def _is_last(self, next_epoch: int) -> bool:
        epochs = (self.params or {}).get("epochs")
        return self._stopped or (epochs is not None and next_epoch >= epochs)

    def _within(self, logs: Logs) -> dict[str, Any] | None:
        """Everything, as it is within the epoch."""
        return self._everything(self._epoch, self._step, logs, self._random)

    def _after(self, epoch: int) -> dict[str, Any] | None:
        """Everything, as it is after an epoch."""
        return self._everything(epoch + 1, 0, {}, random.sequences())

    def _everything(
        self, epoch: int, step: int, logs: Logs, numbers: dict[str, Any]
    ) -> dict[str, Any] | None:
        """All that the rest of the run depends on; good until the next call.

        None where a loss was not finite: there is nothing to go on from.
        """
        arrays = whole_state.taken(self.model)
        if bool(arrays.get("halted", False)):
            return None
        # What is being written lies in the memory that is filled again here.
        self._background.wait()
        return {
            "epoch": epoch,
            "step": step,
            "logs": dict(logs),
            "stopped": self._stopped,
            "random": numbers,
            "begun_with": self._begun_with,
            "model": self._copier.copied(arrays),
            "callbacks": whole_state.states_of(self.beside),
            "run": self._run,
        }


def read_state(path: Path) -> dict[str, Any]:
    """What a `StateKeeper` has written to a file.

    Raises:
        FileFormatError: the file is damaged, or holds something else.
    """
    saved, remarks = load_tree(path)
    sound = isinstance(saved, dict) and isinstance(saved.get("model"), dict)
    # Weights alone are kept, too.
    if remarks.get("format") != FORMAT or not sound or set(saved) not in ({"model"}, _PARTS):
        raise FileFormatError(f"{path} is no checkpoint of a training run")
    return dict(saved)
