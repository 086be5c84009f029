"""`TensorBoard`: event files of how training goes."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from myelin.callbacks.base import Callback, Logs
from myelin.callbacks.event_file import EventFile, require_tensorboard
from myelin.errors import InputError


class TensorBoard(Callback):
    """Writes what TensorBoard shows: `tensorboard --logdir logs`.

    Loss and metrics of every epoch go to `log_dir/train`, those of the validation to
    `log_dir/validation`, under Keras's names (`epoch_loss`, `evaluation_loss_vs_iterations`).
    It needs the package tensorboard (`pip install 'myelin[tensorboard]'`), not tensorflow.

    Args:
        log_dir: the folder, one a run.
        histogram_freq: every so many epochs, histograms of all weights; 0 for none.
        write_graph: writes the layers of the model, for the page of graphs.
        write_images: draws the weights as pictures, whenever there are histograms.
        write_steps_per_second: writes how many steps a second an epoch makes.
        update_freq: `"epoch"`; `"batch"` or a number of batches writes loss and metrics that
            often too, and makes the compiled chunks one step long.
        profile_batch: a batch, or the first and the last one, counted from 1, that jax's
            profiler watches; 0 for none. It makes the chunks one step long.
        embeddings_freq: accepted for Keras's sake; there are no embedding layers to show.
        embeddings_metadata: accepted for Keras's sake.

    Raises:
        MissingExtraError: tensorboard is not installed.
        InputError: `update_freq` or `profile_batch` is none of these.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        require_tensorboard()
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = _checked_frequency(update_freq)
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._profiled = _profiled_batches(profile_batch)
        self._profiling = False
        self._files: dict[str, EventFile] = {}
        self._train_step = 0
        self._epoch_began = (0.0, 0)
        self._batch_began = 0.0

    @property
    def every_chunk(self) -> bool:  # type: ignore[override]
        """Whether batches do not matter to it."""
        return self.update_freq == "epoch" and self._profiled is None

    def _file(self, part: str) -> EventFile:
        """The file of `"train"` or `"validation"`, made when first wanted."""
        if part not in self._files:
            self._files[part] = EventFile(Path(self.log_dir) / part)
        return self._files[part]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Writes the layers."""
        self._train_step = 0
        if self.write_graph:
            # A model with a part that has no configuration still trains.
            with contextlib.suppress(Exception):
                self._file("train").keras_graph("keras", self.model.to_json())

    def get_state(self) -> dict[str, Any]:
        """What is kept for a run that goes on."""
        return {"train_step": self._train_step}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        self._train_step = state["train_step"]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Looks at the clock."""
        self._epoch_began = (time.perf_counter(), self._iterations() or 0)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Looks at the clock; begins the profile."""
        if self.every_chunk:
            return
        self._train_step += 1
        self._batch_began = time.perf_counter()
        if self._profiled and self._train_step == self._profiled[0]:
            jax.profiler.start_trace(str(Path(self.log_dir) / "train"))
            self._profiling = True

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes the numbers of a batch; ends the profile."""
        if self.every_chunk:
            return
        if self.update_freq != "epoch" and self._train_step % self.update_freq == 0:
            file = self._file("train")
            if self.write_steps_per_second:
                seconds = time.perf_counter() - self._batch_began
                file.scalar("batch_steps_per_second", 1 / max(seconds, 1e-9), self._train_step)
            for name, value in _numbers(logs).items():
                file.scalar(f"batch_{name}", value, self._train_step)
        if self._profiled and self._train_step >= self._profiled[1]:
            self._stop_profile()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Writes the numbers of a validation by the optimizer's steps."""
        iterations = self._iterations()
        if iterations is None:
            return
        for name, value in _numbers(logs).items():
            self._file("validation").scalar(f"evaluation_{name}_vs_iterations", value, iterations)
        self._flush()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the numbers of the epoch, and the weights when it is time."""
        numbers = _numbers(logs)
        if numbers:
            numbers.update(self._extra_numbers())
        for name, value in numbers.items():
            if name.startswith("val_"):
                self._file("validation").scalar(f"epoch_{name[4:]}", value, epoch)
            else:
                self._file("train").scalar(f"epoch_{name}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        self._flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Closes the files."""
        self._stop_profile()
        for file in self._files.values():
            file.close()
        self._files = {}

    def _extra_numbers(self) -> dict[str, Any]:
        """The learning rate and the pace."""
        numbers = {}
        rate = getattr(self.model.optimizer, "learning_rate", None)
        if rate is not None:
            numbers["learning_rate"] = float(np.asarray(getattr(rate, "value", rate)))
        iterations = self._iterations()
        if self.write_steps_per_second and iterations is not None:
            began, before = self._epoch_began
            seconds = max(time.perf_counter() - began, 1e-9)
            numbers["steps_per_second"] = (iterations - before) / seconds
        return numbers

    def _iterations(self) -> int | None:
        """The optimizer's count of steps, or None where it keeps none."""
        count = getattr(self.model.optimizer, "iterations", None)
        return None if count is None else int(np.asarray(getattr(count, "value", count)))

    def _write_weights(self, epoch: int) -> None:
        file = self._file("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                values = np.asarray(getattr(weight, "value", weight))
                name = weight.path.replace(":", "_")
                file.histogram(f"{name}/histogram", values, epoch)
                pictures = _pictures(values) if self.write_images else None
                if pictures is not None:
                    file.image(f"{name}/image", pictures, epoch)

    def _stop_profile(self) -> None:
        if self._profiling:
            self._profiling = False
            profiler: Any = jax.profiler
            profiler.stop_trace()

    def _flush(self) -> None:
        for file in self._files.values():
            file.flush()


def _numbers(logs: Logs | None) -> dict[str, Any]:
    """What of the logs is one number each."""
    return {name: value for name, value in (logs or {}).items() if np.ndim(value) == 0}


def _pictures(values: np.ndarray) -> np.ndarray | None:
    """Weights as grey pictures `(n, height, width)`, or None where they cannot be drawn."""
    values = np.squeeze(np.asarray(values, np.float32))
    if values.size == 0 or not np.isfinite(values).all():
        return None
    if values.ndim == 1:
        return values.reshape(1, -1, 1)
    if values.ndim == 2:
        return (values.T if values.shape[0] > values.shape[1] else values)[None]
    if values.ndim == 3:
        return np.moveaxis(values, -1, 0)
    return None


def _checked_frequency(update_freq: Any) -> Any:
    if update_freq == "batch":
        return 1
    whole = isinstance(update_freq, int) and not isinstance(update_freq, bool)
    if update_freq == "epoch" or (whole and update_freq >= 1):
        return update_freq
    raise InputError(
        f'TensorBoard: update_freq wants "epoch", "batch" or a number of batches >= 1, '
        f"got {update_freq!r}"
    )


def _profiled_batches(profile_batch: Any) -> tuple[int, int] | None:
    """The first and the last batch to profile, or None for none."""
    given = profile_batch
    try:
        if isinstance(given, str):
            given = [int(part) for part in given.split(",")]
        pair = [given, given] if isinstance(given, int) else [int(part) for part in given]
        first, last = pair if len(pair) == 2 else pair * 2
    except (TypeError, ValueError):
        first, last = -1, -1
    if first < 0 or last < first:
        raise InputError(
            "TensorBoard: profile_batch wants a batch >= 0, or the first and the last one, got "
            f"{profile_batch!r}"
        )
    return (first, last) if last else None
