"""The loops in plain Python: `Fit` over epochs and chunks, `test` over the chunks of a feed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from myelin import random
from myelin.callbacks.whole_state import Place
from myelin.console import say
from myelin.errors import NonFiniteError
from myelin.training.diagnosis import explain_non_finite
from myelin.training.feed import Block
from myelin.training.interrupt import deferred_interrupt
from myelin.training.live import LiveState
from myelin.training.loop import Pace, Programs

Logs = dict[str, Any]


@dataclass
class Fit:
    """All that one call of `fit` needs.

    Attributes:
        model: the trainer; its `stop_training` ends the run.
        programs: the compiled chunks.
        live: the state.
        feed: gives the blocks of each epoch.
        order: the order of the rows in an epoch, from its number; None where the feed knows.
        callbacks: a `CallbackList`.
        epochs, initial_epoch: as for `fit`.
        validate: gives the validation logs of an epoch, or None.
    """

    model: Any
    programs: Programs
    live: LiveState
    feed: Any
    order: Callable[[int], Any]
    callbacks: Any
    epochs: int
    initial_epoch: int = 0
    validate: Callable[[int], Logs] | None = None
    pace: Pace = field(default_factory=Pace)

    def run(self) -> None:
        """Trains until the epochs are over, a callback stops it, Ctrl-C or a loss of NaN."""
        model, callbacks = self.model, self.callbacks
        if callbacks.needs_batches:
            self.pace = Pace(fixed=1)
        model.stop_training = model.interrupted = False
        logs: Logs = {}
        with deferred_interrupt() as self.interrupt:
            callbacks.on_train_begin()
            place = model.resume_from
            epoch = first = max(self.initial_epoch, place.epoch)
            try:
                self._pass_over(place)
                for epoch in range(first, self.epochs):
                    logs = self._epoch(epoch, place if epoch == place.epoch else Place())
                    if self.interrupt.requested and not model.interrupted:
                        # It came while the callbacks heard of the epoch's end.
                        model.interrupted = True
                        callbacks.on_interrupted(epoch)
                    if model.stop_training or model.interrupted:
                        break
            finally:
                self._take_averages()
                # Also after a fault: what keeps the best weights puts them back here.
                callbacks.on_train_end(logs)
        if self.interrupt.requested:
            say(f"\nInterrupted: trained up to epoch {epoch + 1}; the model is usable.")

    def _pass_over(self, place: Place) -> None:
        """Leaves out of the data what was taken before `place`."""
        if self.initial_epoch <= place.epoch < self.epochs and place.begun_with is not None:
            with random.replaying(place.begun_with):
                epochs = place.epoch - self.initial_epoch
                self.feed.pass_over(epochs, int(self.live.step) - place.step)

    def _take_averages(self) -> None:
        """Puts the moving averages into the weights, where the optimizer keeps such."""
        self.model.optimizer.finalize_variable_values(self.model.trainable_variables)

    def _epoch(self, epoch: int, place: Place) -> Logs:
        self.model.reset_metrics()
        self.callbacks.on_epoch_begin(epoch)
        logs = self._train(epoch, place)
        if self.validate is not None and not (self.model.interrupted or self.live.halted):
            logs = {**logs, **self.validate(epoch)}
            self.model.interrupted = self.interrupt.requested
        self.callbacks.on_epoch_end(epoch, logs)
        return logs

    def _train(self, epoch: int, place: Place) -> Logs:
        logs, done = dict(place.logs), place.step
        with contextlib.closing(self.feed.epoch(self.order(epoch), done)) as blocks:
            for block in blocks:
                before, step = int(self.live.step), 0
                while step < block.steps:
                    steps = self.pace.next(block.steps - step)
                    self.callbacks.on_train_batch_begin(done)
                    logs = self._chunk(block, step, step + steps)
                    step += steps
                    done += steps
                    if self.live.halted:
                        good = int(self.live.step) - before
                        return self._halted(epoch, done - step + good, block, good, logs)
                    # Once: a callback has to know by then whether this chunk is the last.
                    self.model.interrupted = self.interrupt.requested
                    self.callbacks.on_train_batch_end(done - 1, logs)
                    if self.model.interrupted or self.model.stop_training:
                        return logs
        return logs

    def _chunk(self, block: Block, first: int, last: int) -> Logs:
        state, results = self.programs.train(
            self.live.gather(), block.data, block.order, np.int32(block.offset),
            np.int32(first), np.int32(last), batch_size=block.batch_size,
        )  # fmt: skip
        self.live.scatter(state)
        logs, self.live.halted = jax.device_get((results, state["halted"]))
        self.pace.done(last - first)
        return as_logs(logs)

    def _halted(self, epoch: int, step: int, block: Block, good: int, logs: Logs) -> Logs:
        """The loss of a step was not finite: says where, or leaves that to a callback."""
        self.model.stop_training = True
        if self.callbacks.handles_non_finite:
            logs = {**logs, "loss": float("nan")}
            self.callbacks.on_train_batch_end(step, logs)
            return logs
        first = block.offset + good * block.batch_size
        rows = np.asarray(block.order)[first : first + block.batch_size]
        batch = jax.tree.map(lambda a: a[rows], block.data)
        fault = explain_non_finite(self.live.task, self.live.gather(), batch)
        raise NonFiniteError(
            f"{fault.what} became NaN or infinite in epoch {epoch + 1}, step {step + 1}: "
            f"{fault.why}"
        )


def test(programs: Programs, live: LiveState, feed: Any, callbacks: Any) -> Logs:
    """The loss and metrics over a feed, in inference mode; leaves the metrics at their sums."""
    pace = Pace(fixed=1 if callbacks.needs_test_batches else None)
    programs.task.objective.reset()
    callbacks.on_test_begin()
    weights = live.gather()
    sums = weights.pop("metrics")
    logs: Logs = {}
    done = 0
    with contextlib.closing(feed.epoch(None)) as blocks:
        for block in blocks:
            step = 0
            while step < block.steps:
                steps = pace.next(block.steps - step)
                callbacks.on_test_batch_begin(done)
                sums, results = programs.test(
                    sums, weights, block.data, np.int32(block.offset),
                    np.int32(step), np.int32(step + steps), batch_size=block.batch_size,
                )  # fmt: skip
                logs = as_logs(jax.device_get(results))
                pace.done(steps)
                step += steps
                done += steps
                callbacks.on_test_batch_end(done - 1, logs)
    live.scatter({**weights, "metrics": sums})
    callbacks.on_test_end(logs)
    return logs


def as_logs(results: dict[str, Any]) -> Logs:
    """Plain floats by name, sorted as Keras sorts them; arrays stay arrays."""
    return {
        name: float(value) if np.ndim(value) == 0 else np.asarray(value)
        for name, value in sorted(results.items())
    }
