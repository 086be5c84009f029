"""`OrbaxCheckpoint`: the whole state of a run, written beside training, the last few kept."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from myelin.callbacks import whole_state
from myelin.callbacks.base import Logs
from myelin.callbacks.every import EveryBatches
from myelin.callbacks.state_keeper import REMARKS, StateKeeper, read_state
from myelin.console import say
from myelin.errors import InputError
from myelin.saving import save_tree

_FILE = re.compile(r"(\d+)\.safetensors")


class OrbaxCheckpoint(StateKeeper):
    """Keeps checkpoints of the whole state of training, and goes on from one to the same bits.

    The name and the arguments are Keras's; the files are Myelin's own. Each checkpoint is one
    `.safetensors` file, called after its step, and is renamed into place when it is whole. The
    package Orbax is not needed, and does not read them.

    A checkpoint holds the weights, the optimizer, the random numbers and the order of the data,
    and the state of the other callbacks that have `get_state()` and `set_state(state)`. After
    `load_checkpoint()` the model has the weights, and the next `fit` with this callback goes on
    from there, as if it had not ended; see `Checkpoint` for what is exact:

        checkpoint = OrbaxCheckpoint("checkpoints", max_to_keep=3)
        checkpoint.load_checkpoint(model=model)
        model.fit(x, y, epochs=20, callbacks=[checkpoint])

    Args:
        directory: a folder of its own for the checkpoints; it is made where it is missing.
        monitor: the name of the value in the logs that says which is best.
        verbose: 1 prints what is written.
        save_best_only: writes only what is better than all before.
        mode: `"min"`, `"max"`, or `"auto"` to go by the metric.
        save_freq: `"epoch"`, or a number of batches, which makes the compiled chunks one step
            long. The step is the epoch from 0, or the number of batches since the beginning.
        initial_value_threshold: the value to beat from the start.
        max_to_keep: how many of the newest checkpoints stay; None for all.
        save_on_background: writes in a thread, while training goes on; one at a time.
        save_weights_only: leaves out all but the weights, so that nothing but them is loaded.

    Attributes:
        best: the best value so far, or None.

    Raises:
        InputError: no folder, a bad `save_freq` or `max_to_keep`; on loading a checkpoint of
            another model, or none at all.
        FileFormatError: on loading a checkpoint that is damaged.
    """

    _purpose = "Saving the best checkpoint is"

    def __init__(
        self,
        directory: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int | None = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ) -> None:
        if not directory:
            raise InputError("OrbaxCheckpoint wants directory, a folder for the checkpoints")
        whole = isinstance(max_to_keep, int) and not isinstance(max_to_keep, bool)
        if max_to_keep is not None and not (whole and max_to_keep >= 1):
            raise InputError(
                f"OrbaxCheckpoint: max_to_keep wants a number >= 1, or None, got {max_to_keep!r}"
            )
        self.directory = os.fspath(directory)
        super().__init__(self.directory, save_on_background, monitor, mode, initial_value_threshold)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = save_freq
        self.max_to_keep = max_to_keep
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self._every = EveryBatches("OrbaxCheckpoint", save_freq)
        self._batches_before = 0
        self._pending: dict[str, Any] | None = None

    @property
    def chooses_epoch(self) -> bool:
        """Whether what is kept is the best by the watched value."""
        return self.save_best_only

    @property
    def every_chunk(self) -> bool:  # type: ignore[override]
        """Whether the last batch of a chunk is enough."""
        return self._every.by_epoch

    # Going on.

    def steps(self) -> list[int]:
        """The steps of the checkpoints that are there, the newest last."""
        return [step for _, step in sorted(self._files())]

    def load_checkpoint(self, step: int | None = None, model: Any = None) -> int:
        """Reads a checkpoint: its weights now, all else when the next `fit` begins.

        Args:
            step: which; the newest when None.
            model: what to put the weights into, built; that of the last `fit` when None.

        Returns:
            The step that was read.

        Raises:
            InputError: there is no such checkpoint, or it is of another model.
            FileFormatError: it is damaged.
        """
        self.wait_until_finished()
        there = self.steps()
        wanted = step if step is not None else next(reversed(there), None)
        if wanted not in there or wanted is None:
            known = ", ".join(map(str, there)) or "none"
            raise InputError(
                f"OrbaxCheckpoint: there is no checkpoint {'' if step is None else step} in "
                f"{self.directory} (there are: {known})"
            )
        path = self._path(wanted)
        saved = read_state(path)
        model = self.model if model is None else model
        if model is None:
            raise InputError(
                "OrbaxCheckpoint: load_checkpoint wants model=, the model to load into"
            )
        whole_state.put_weights_back(model, saved["model"], "OrbaxCheckpoint", self.directory)
        self._pending = saved if len(saved) > 1 else None
        return wanted

    def _found(self) -> dict[str, Any] | None:
        saved, self._pending = self._pending, None
        return saved

    # Writing.

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Counts the batches of the epoch anew."""
        super().on_epoch_begin(epoch, logs)
        optimizer = getattr(self.model, "optimizer", None)
        self._batches_before = int(getattr(optimizer, "iterations", 0)) - self._step

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes, when enough batches are over."""
        super().on_train_batch_end(batch, logs)
        if self._every.due(batch) and self._wanted(logs or {}):
            self._save(self._batches_before + batch + 1, self._within(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes, unless batches are counted or the epoch was cut short."""
        if self._every.by_epoch and self._epoch_is_whole and self._wanted(logs or {}):
            self._save(epoch, self._after(epoch))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Waits for what is being written."""
        super().on_train_end(logs)
        self._background.close()

    def wait_until_finished(self) -> None:
        """Returns once the checkpoint that is being written is whole.

        Raises:
            OSError: it could not be written.
        """
        self._background.wait()

    def _save(self, step: int, kept: dict[str, Any] | None) -> None:
        if kept is None:
            return
        if self.save_weights_only:
            parts = ("trainable: ", "other: ")
            kept = {"model": {k: leaf for k, leaf in kept["model"].items() if k.startswith(parts)}}
        self._background.start(lambda: self._write(step, kept))

    def _wanted(self, logs: Logs) -> bool:
        if not self.save_best_only:
            return True
        current = self.get_monitor_value(logs)
        if current is None or np.ndim(current) > 0 or not self._improves(current, self.best):
            return False
        self.best = current
        return True

    def _write(self, step: int, kept: dict[str, Any]) -> None:
        path = self._path(step)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_tree(path, kept, REMARKS)
        if self.max_to_keep is not None:
            for _, old in sorted(self._files())[: -self.max_to_keep]:
                if old != step:
                    self._path(old).unlink(missing_ok=True)
        if self.verbose > 0:
            say(f"\nOrbaxCheckpoint: saved {path}")

    def _path(self, step: int) -> Path:
        return Path(self.directory) / f"{step}.safetensors"

    def _files(self) -> list[tuple[int, int]]:
        """When each checkpoint was written, and its step; other files are not looked at."""
        found = []
        for path in Path(self.directory).glob("*.safetensors"):
            match = _FILE.fullmatch(path.name)
            if match is not None and str(int(match[1])) == match[1]:
                found.append((path.stat().st_mtime_ns, int(match[1])))
        return found

    def get_state(self) -> dict[str, Any]:
        """What is kept of the callback itself."""
        return {"best": self.best, "seen": self._every.seen, "last": self._every.last}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self.best = state["best"]
        self._every.seen, self._every.last = state["seen"], state["last"]
