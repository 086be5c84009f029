"""`Cohort`: the loop in plain Python over the epochs of members that train as one program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.callbacks.callback_list import CallbackList
from myelin.callbacks.history import History
from myelin.console import say
from myelin.placing import owned
from myelin.training.data import Arrays
from myelin.training.fitting import Logs
from myelin.training.interrupt import deferred_interrupt
from myelin.training.live import LiveState
from myelin.training.loop import Pace
from myelin.training.members import Block, Programs, blocks, padded_rows, stacked, taken_apart
from myelin.training.step import Task

# Rows that each member predicts at a time.
PREDICT_ROWS = 1024


@dataclass
class Member:
    """A model that trains beside others.

    Attributes:
        model: compiled and built; its weights are the member's whenever its callbacks run.
        live: its state.
        train, validation: the rows it takes; no validation where there are none.
        callbacks: its own, a `History` among them.
        settings: numbers by which it differs from the others, float32 scalars.
        diverged: whether a loss was not finite, with which it stopped.
        logs: of its last epoch.
    """

    model: Any
    live: LiveState
    train: np.ndarray
    validation: np.ndarray | None = None
    callbacks: CallbackList = field(default_factory=CallbackList)
    settings: dict[str, np.float32] = field(default_factory=dict)
    diverged: bool = False
    logs: Logs = field(default_factory=dict)

    @property
    def history(self) -> History:
        """The record of its epochs."""
        return next(c for c in self.callbacks.callbacks if isinstance(c, History))


class Cohort:
    """Members that train as one program, over data that they share.

    Args:
        members: of one architecture, compiled alike.
        data: all rows that any of them takes, for training or validation.
        own_weight: the weight of each row in training, `(members, rows)`, where members differ.
        batch_size: rows a step.
        shuffle: whether each epoch takes the rows in a new order.
        progress: told of each epoch, with the means over the members.
        settings: what the members' `settings` are numbers of; see `Task`.
    """

    def __init__(
        self,
        members: list[Member],
        data: Arrays,
        own_weight: np.ndarray | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        progress: CallbackList | None = None,
        settings: Any = None,
    ) -> None:
        self.members = members
        self._arrays = data
        self._own_weight = own_weight
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.progress = progress or CallbackList()
        first = members[0].live.task
        self._task = Task(
            first.model, first.variables, first.objective, first.optimizer, settings or {},
            first.steps,
        )  # fmt: skip
        self._devices = 0
        self._shown: dict[int, list[Any]] = {}
        self._no_sums = _sums_at_first(first)
        self._take(members)

    def _take(self, members: list[Member]) -> None:
        """Puts the states of these members, and of no others, into the program."""
        self.present = members
        self._shown = {}
        self._spread()
        self.states = self._stacked([self._state(member) for member in members])
        chosen = self._filled([self.members.index(member) for member in members])
        weight = self._own_weight
        self.own_weight = None if weight is None else jnp.asarray(weight[chosen])
        self.pace = Pace(fixed=1 if self._needs_batches else None)
        self._wasted = 0.0
        self._compiling: float | None = None
        if all(member.validation is not None for member in members):
            held_out = [member.validation for member in members]
            self._held_out = list(self._blocks(held_out))  # type: ignore[arg-type]
        else:
            self._held_out = []

    def _spread(self) -> None:
        """Has as many devices compute as there are, or members."""
        devices = jax.local_devices()[: len(self.present)]
        if len(devices) != self._devices:
            self._devices = len(devices)
            self.programs = Programs(self._task, devices)
            self.data = self.programs.place(self._arrays.batch)

    def _filled(self, each: list[Any]) -> list[Any]:
        """What the members have, and the first one's again until all devices have as many."""
        return each + each[:1] * (-len(each) % self._devices)

    def _stacked(self, states: list[Any]) -> Any:
        return stacked(self._filled(states))

    def _blocks(self, rows: list[np.ndarray]) -> Iterator[Block]:
        # Who only fills up a device takes no rows.
        idle = len(self._filled(rows)) - len(rows)
        return blocks([*rows, *[rows[0][:0]] * idle], self.batch_size)

    @staticmethod
    def _state(member: Member) -> Any:
        state = member.live.gather()
        if member.settings:
            state["settings"] = member.settings
        return state

    @property
    def _needs_batches(self) -> bool:
        return any(member.callbacks.needs_batches for member in self.present)

    @property
    def _watched(self) -> bool:
        """Whether callbacks may look at the models, or change them."""
        listed = [c for member in self.present for c in member.callbacks.callbacks]
        return any(not isinstance(callback, History) for callback in listed)

    def fit(self, epochs: int, between: Callable[[int, list[Member]], None] | None = None) -> None:
        """Trains until the epochs are over, or every member was stopped by its callbacks.

        Each ends as it would alone: its callbacks are told, and its model has its weights.

        Args:
            epochs: how many.
            between: called after each, with its number and all members; may stop some.
        """
        for member in self.members:
            member.model.stop_training = False
            member.callbacks.on_train_begin()
        self.progress.on_train_begin()
        self._show()
        with deferred_interrupt() as interrupt:
            for epoch in range(epochs):
                if not self.training or interrupt.requested:
                    break
                self._epoch(epoch)
                if between is not None:
                    self._stop_chosen(between, epoch)
                self._make_room()
        self._bring_together()
        for member in self.training:
            self._end(member)
        self.progress.on_train_end()
        # With the weights that each has kept, also those that had left.
        self._take(self.members)
        if interrupt.requested:
            say("\nInterrupted: the members are as far as they got.")

    @property
    def training(self) -> list[Member]:
        """The members that go on."""
        return [m for m in self.present if not m.model.stop_training]

    def _epoch(self, epoch: int) -> None:
        going_on = self.training
        for member in going_on:
            member.callbacks.on_epoch_begin(epoch)
        self.progress.on_epoch_begin(epoch)
        self._take_over()
        began = time.perf_counter()
        self._train(epoch)
        self._validate()
        seconds = time.perf_counter() - began
        if self._compiling is None:
            # The first epoch of these members compiles.
            self._compiling = seconds
        else:
            self._wasted += seconds * (1 - len(going_on) / len(self.present))
        if self._watched:
            self._show()
        for member in going_on:
            member.callbacks.on_epoch_end(epoch, member.logs)
            if member.diverged:
                member.model.stop_training = True
            if member.model.stop_training:
                self._end(member)
        self.progress.on_epoch_end(epoch, _means(going_on))

    def _train(self, epoch: int) -> None:
        self.states["metrics"] = self._fresh_sums()
        done = 0
        orders = [self._order(m, epoch) for m in self.present]
        # Last batches of several sizes are steps of their own here, and of each member one.
        longest = -(-max(map(len, orders)) // self.batch_size)
        for block in self._blocks(orders):
            step = 0
            while step < block.most:
                steps = self.pace.next(block.most - step)
                self._tell_batch("on_train_batch_begin", done)
                self._chunk(block, step, step + steps)
                step += steps
                done += steps
                self._tell_batch("on_train_batch_end", done - 1)
                self.progress.on_train_batch_end(min(done, longest) - 1, _means(self.training))

    def _order(self, member: Member, epoch: int) -> np.ndarray:
        """The member's rows as `fit` would take them from data of its own; none once stopped."""
        if member.model.stop_training:
            return member.train[:0]
        if not self.shuffle:
            return member.train
        seed = [int(word) for word in member.live.key]
        return member.train[np.random.default_rng([*seed, epoch]).permutation(len(member.train))]

    def _chunk(self, block: Block, first: int, last: int) -> None:
        self.states, results = self.programs.train(
            self.states, self.data, self.own_weight, block.order, block.steps,
            np.int32(first), np.int32(last), batch_size=block.batch_size,
        )  # fmt: skip
        results, halted = jax.device_get((results, self.states["halted"]))
        self.pace.done(last - first)
        for index, member in enumerate(self.present):
            if not member.model.stop_training:
                member.logs = _logs_of(results, index)
                member.diverged = bool(halted[index])

    def _tell_batch(self, hook: str, batch: int) -> None:
        if not self._needs_batches:
            return
        self._show()
        for member in self.training:
            getattr(member.callbacks, hook)(batch, member.logs)
        self._take_over()

    def _validate(self) -> None:
        if not self._held_out:
            return
        for member, own in zip(self.present, self._test(self._held_out), strict=True):
            if not member.model.stop_training:
                member.logs |= {f"val_{name}": value for name, value in own.items()}

    def _test(self, taken: Iterable[Block]) -> list[Logs]:
        """The loss and metrics of each member present over its rows of the blocks."""
        states = {name: part for name, part in self.states.items() if name != "metrics"}
        sums, results = self._fresh_sums(), None
        for block in taken:
            sums, results = self.programs.test(
                sums, states, self.data, block.order, block.steps,
                np.int32(0), np.int32(block.most), batch_size=block.batch_size,
            )  # fmt: skip
        results = jax.device_get(results)
        return [_logs_of(results, index) for index in range(len(self.present))]

    def evaluate(self, rows: list[np.ndarray]) -> list[Logs]:
        """The loss and metrics of every member over rows of its own, exactly.

        Args:
            rows: of the data, for each of `members`.
        """
        return self._test(self._blocks(rows))

    def predict(self, rows: list[np.ndarray]) -> list[Any]:
        """The outputs of every member for rows of its own, in inference mode.

        Args:
            rows: of the data, for each of `members`.
        """
        size = min(PREDICT_ROWS, max(map(len, rows)))
        order = padded_rows(self._filled(rows), size)
        outputs = self.programs.predict(self.states, self.data[0], order, batch_size=size)
        host = jax.tree.map(np.asarray, outputs)

        def own(index: int) -> Any:
            return jax.tree.map(lambda leaf: np.array(leaf[index, : len(rows[index])]), host)

        return [own(index) for index in range(len(rows))]

    def _fresh_sums(self) -> dict[str, Any]:
        count = len(self._filled(self.present))
        return {
            path: owned(np.broadcast_to(value, (count, *value.shape)))
            for path, value in self._no_sums.items()
        }

    def _show(self) -> None:
        """Gives the members that go on their numbers, for their callbacks to see.

        They are NumPy's, which cost nothing to take apart; `Variable.value` makes arrays of them.
        """
        self._shown = {}
        apart = taken_apart(self.states, len(self.present))
        for index, (member, state) in enumerate(zip(self.present, apart, strict=True)):
            if not member.model.stop_training:
                member.live.scatter(state)
                # The arrays, not the dictionaries that hold them: a callback may put others in.
                self._shown[index] = jax.tree.leaves(self._state(member))

    def _take_over(self) -> None:
        """Takes what callbacks have changed in the models since `_show`, if anything."""
        changed = {}
        for index, shown in self._shown.items():
            now = self._state(self.present[index])
            pairs = zip(shown, jax.tree.leaves(now), strict=True)
            if any(before is not after for before, after in pairs):
                changed[index] = now
        if changed:
            parts = taken_apart(self.states, len(self.present))
            self.states = self._stacked([changed.get(i, part) for i, part in enumerate(parts)])

    def _bring_together(self) -> None:
        """Program and models have the same arrays afterwards, whichever had the newer ones."""
        self._take_over()
        self._show()

    def _stop_chosen(self, between: Callable[[int, list[Member]], None], epoch: int) -> None:
        going_on = self.training
        between(epoch, self.members)
        chosen = [member for member in going_on if member.model.stop_training]
        if not chosen:
            return
        for member in chosen:
            member.model.stop_training = False
        self._bring_together()
        for member in chosen:
            self._end(member)

    def _end(self, member: Member) -> None:
        """What `fit` does when it is over."""
        member.model.stop_training = True
        member.live.scatter(jax.tree.map(owned, member.live.gather()))
        member.model.optimizer.finalize_variable_values(member.model.trainable_variables)
        member.callbacks.on_train_end(member.logs)

    def _make_room(self) -> None:
        """Leaves stopped members out of the program, once carrying them cost as much as that."""
        going_on = self.training
        if going_on and self._compiling is not None and self._wasted > self._compiling:
            self._bring_together()
            self._take(going_on)


def _sums_at_first(task: Task) -> dict[str, np.ndarray]:
    task.objective.reset()
    return {path: np.array(v._value) for path, v in task.objective.variables.items()}


def _logs_of(results: Any, index: int) -> Logs:
    found = {name: np.asarray(value[index]) for name, value in sorted(results.items())}
    return {name: float(v) if v.ndim == 0 else v for name, v in found.items()}


def _means(members: list[Member]) -> Logs:
    """The means over the members, for a bar that shows all of them as one."""
    if not members:
        return {}
    names = [name for name, value in members[0].logs.items() if np.ndim(value) == 0]
    return {name: float(np.mean([m.logs.get(name, np.nan) for m in members])) for name in names}
