"""Folds that train at once: models made afresh, one program for all, and each judged on its own.

Source       the data, read and checked
Plan         how every fold trains
run_folds    the folds in groups of as many as fit into the memory
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from myelin import random
from myelin.callbacks.callback_list import CallbackList
from myelin.callbacks.progbar_logger import ProgbarLogger
from myelin.errors import InputError
from myelin.evaluation.folds import Split
from myelin.evaluation.fresh import learn_statistics, make_member, make_model
from myelin.losses import Loss, crossentropy, hinge
from myelin.training import checks
from myelin.training.cohort import Cohort, Member
from myelin.training.data import Arrays, split_rows, weigh_classes
from myelin.training.feed import device_bytes
from myelin.training.reading import Reader

# The share of a fold's training rows that validates where callbacks watch a validation score.
VALIDATION_SPLIT = 0.1


@dataclass
class Fold:
    """One fold: its rows, its model and how it did.

    Attributes:
        train, validation, test: row numbers; validation is None where nothing watched it.
        seed: `set_random_seed(seed)` and a `fit` on the same rows give the same model.
        model: trained.
        history: a list per name, a value per epoch, as `History.history`.
        epoch: the epoch whose weights it has, from 1.
        scores: the loss and metrics on the test rows.
        predictions: the outputs for the test rows.
        diverged: whether its loss stopped being finite.
        transformer: of its inputs, fitted on its training rows; None where there is none.
    """

    train: np.ndarray
    validation: np.ndarray | None
    test: np.ndarray
    seed: int
    model: Any
    history: dict[str, list[Any]]
    epoch: int
    scores: dict[str, float]
    predictions: Any
    diverged: bool = False
    transformer: Any = None

    def predict(self, x: Any, batch_size: int | None = None) -> Any:
        """What its model gives for inputs as they were given to all folds."""
        x = x if self.transformer is None else self.transformer(x)
        return self.model.predict(x, batch_size=batch_size, verbose=0)


@dataclass
class Source:
    """The data, read for models like `template`."""

    template: Any
    data: Arrays

    @classmethod
    def read(cls, model: Any, x: Any, y: Any, sample_weight: Any) -> Source:
        """Reads and checks what the user gave.

        Raises:
            InputError: data that cannot be used.
        """
        template = template_of(model)
        reader = Reader(template)
        inputs = reader.inputs(x)
        # The template only reads: what its layers learn from two rows is thrown away with it.
        learn_statistics(template, inputs, np.arange(min(2, len(Arrays(inputs)))))
        data = reader.examples(x, y, sample_weight)
        reader.check_finite(data)
        template._prepare(reader, data)
        return cls(template, data)

    @property
    def classes(self) -> bool:
        """Whether the loss is one of classes."""
        return tells_classes(self.template)

    def joined(self, validation_data: Any) -> tuple[Source, np.ndarray]:
        """With the rows of `validation_data` behind the others, and their numbers.

        Raises:
            InputError: it is no tuple of arrays, or does not fit the data.
        """
        reader = Reader(self.template)
        held_out = reader.validation(validation_data)
        if not isinstance(held_out, Arrays):
            raise InputError("validation_data wants arrays (x, y) or (x, y, sample_weight)")
        reader.check_finite(held_out)
        n, data = len(self.data), self.data
        if (data.weight is None) != (held_out.weight is None):
            data, held_out = (_weighed(part) for part in (data, held_out))
        try:
            both = jax.tree.map(
                lambda a, b: np.concatenate([np.asarray(a), np.asarray(b)]),
                data.batch, held_out.batch,
            )  # fmt: skip
        except ValueError as error:
            raise InputError(f"validation_data does not fit x and y: {error}") from None
        return Source(self.template, Arrays(*both)), np.arange(n, n + len(held_out))


def _weighed(data: Arrays) -> Arrays:
    """The data with weights of 1 where they have none."""
    if data.weight is not None:
        return data
    return Arrays(data.x, data.y, np.ones(len(data), np.float32))


def template_of(model: Any) -> Any:
    """A model as every fold has one, to look at."""
    with random.seeded(0):
        return make_model(model)


def tells_classes(model: Any) -> bool:
    """Whether the loss of a compiled model is one of classes."""
    losses = model._objective._loss
    if not isinstance(losses, Loss):
        return False
    function = getattr(losses, "fn", None)
    homes = (type(losses).__module__, getattr(function, "__module__", ""))
    return any(home in _OF_CLASSES for home in homes)


@dataclass
class Plan:
    """How every fold trains; the fields are arguments of `cross_validate`."""

    epochs: int = 1
    batch_size: int | None = None
    callbacks: Any = None
    shuffle: bool = True
    classes: bool = False
    validation_split: float | None = None
    stratify: bool | None = None
    class_weight: Any = None
    at_once: int | None = None
    verbose: int = 0
    # Rows that validate every fold, in the place of some of its own.
    held_out: Any = None
    # Whether the test rows are looked at after every epoch, as a sweep does that drops the worst.
    watched: bool = False

    def callbacks_of(self, fold: int) -> list[Any]:
        """The callbacks of a fold, to be copied."""
        given = self.callbacks
        if callable(given) and not hasattr(given, "on_epoch_end"):
            given = given(fold)
        return CallbackList(given).callbacks

    def progress(self, steps: int) -> CallbackList:
        """The bar for all members, of so many steps an epoch."""
        listed = CallbackList([ProgbarLogger()] if self.verbose else [])
        listed.set_params({"epochs": self.epochs, "steps": steps, "verbose": self.verbose})
        return listed

    def validation_of(self, data: Arrays, rows: np.ndarray, seed: int) -> Any:
        """Out of a fold's training rows those that train, and those that validate or None."""
        if self.held_out is not None:
            return rows, self.held_out
        share = self.validation_split
        if share is None:
            watched = [str(getattr(c, "monitor", "")) for c in self.callbacks_of(0)]
            share = VALIDATION_SPLIT if any(m.startswith("val_") for m in watched) else 0.0
        if not share:
            return rows, None
        stratify = self.classes if self.stratify is None else self.stratify
        train, held_out = split_rows(data.labels(rows), share, stratify, seed)
        return rows[train], rows[held_out]


_OF_CLASSES = (crossentropy.__name__, hinge.__name__)


def run_folds(
    model: Any, source: Source, folds: list[Split], seeds: list[int], plan: Plan,
    settings: list[dict[str, float]] | None = None, places: Callable[[Any], Any] | None = None,
    between: Callable[[int, list[Member]], None] | None = None,
) -> list[Fold]:  # fmt: skip
    """Trains and judges a model for each of the folds, as many at a time as fit.

    Args:
        model: see `cross_validate`.
        source: the data.
        folds, seeds: of each.
        plan: how they train.
        settings: numbers by which the models of the folds differ, if they do.
        places: where those stand in a given model; see `Task`.
        between: called after each epoch with its number and all members, which it may stop; all
            then train at once.
    """
    smallest = min(len(split.train) for split in folds)
    checks.fit_arguments(plan.epochs, 0, plan.batch_size, smallest)
    done: list[Fold] = []
    size = len(folds) if between else plan.at_once or _fitting(source.template)
    for start in range(0, len(folds), size):
        chosen = slice(start, start + size)
        own = settings[chosen] if settings else None
        group = Group(model, source.data, folds[chosen], seeds[chosen], plan, start, own, places)
        done += group.run(between)
    return done


class Group:
    """Folds that train at once; the arguments are those of `run_folds`, from number `first` on."""

    def __init__(
        self, model: Any, data: Arrays, folds: list[Split], seeds: list[int], plan: Plan,
        first: int, settings: list[dict[str, float]] | None, places: Any,
    ) -> None:  # fmt: skip
        self.folds, self.seeds, self.plan, self.data = folds, seeds, plan, data
        self.rows = [
            (split.train, split.test)
            if plan.watched
            else plan.validation_of(data, split.train, seed)
            for split, seed in zip(folds, seeds, strict=True)
        ]
        self.members = [
            make_member(
                model, self.data, train, held, seed, plan.callbacks_of(first + index),
                settings[index] if settings else {},
            )
            for index, ((train, held), seed) in enumerate(zip(self.rows, seeds, strict=True))
        ]  # fmt: skip
        self.cohort = cohort_of(
            self.members, self.data, plan, self._weights(),
            places(self.members[0].model) if places else None,
        )  # fmt: skip

    def _weights(self) -> np.ndarray | None:
        """Each fold's weights by class, counted among its own training rows."""
        if self.plan.class_weight is None:
            return None
        weights = np.ones((len(self.members), len(self.data)), np.float32)
        for member, own in zip(self.members, weights, strict=True):
            weighed = weigh_classes(self.data.take(member.train), self.plan.class_weight)
            own[member.train] = weighed.weight
        return weights

    def run(self, between: Callable[[int, list[Member]], None] | None) -> list[Fold]:
        """Trains and judges them."""
        cohort = self.cohort
        cohort.fit(self.plan.epochs, between)
        tests = [split.test for split in self.folds]
        scores, outputs = cohort.evaluate(tests), cohort.predict(tests)
        everything = zip(
            self.members, self.rows, self.folds, self.seeds, scores, outputs, strict=True
        )
        return [
            Fold(
                train, held, split.test, seed, member.model, dict(member.history.history),
                _epoch_kept(member), own, predicted, member.diverged,
            )
            for member, (train, held), split, seed, own, predicted in everything
        ]  # fmt: skip


def cohort_of(
    members: list[Member], data: Arrays, plan: Plan, weights: np.ndarray | None = None,
    settings: Any = None,
) -> Cohort:  # fmt: skip
    """The members as one program.

    Args:
        members: made by `make_member`.
        data: all rows.
        plan: how they train.
        weights: of the rows in training, `(members, rows)`, where members differ.
        settings: what the members' settings are numbers of; see `Task`.

    Raises:
        InputError: two of them share a layer, or they differ in their architecture.
    """
    _check_apart(members)
    size = plan.batch_size or 32
    progress = plan.progress(max(-(-len(member.train) // size) for member in members))
    return Cohort(members, data, weights, size, plan.shuffle, progress, settings)


def _check_apart(members: list[Member]) -> None:
    """Raises where the models of two folds share a variable: they would train each other."""
    owned: set[int] = set()
    for member in members:
        own = {id(variable) for variable in member.live.task.variables.values()}
        if owned & own:
            raise InputError(
                "the function gives models that share layers, so that one fold would learn from "
                "another's test rows: make all layers inside the function"
            )
        owned |= own
    shapes = [jax.tree.map(np.shape, member.live.gather()) for member in members]
    if any(shape != shapes[0] for shape in shapes):
        raise InputError("the function must give the same architecture for every fold")


def _epoch_kept(member: Member) -> int:
    """The epoch whose weights the model has, from 1."""
    for callback in member.callbacks.callbacks:
        if getattr(callback, "best_weights", None) is not None:
            return int(getattr(callback, "best_epoch", 0)) + 1
    return len(member.history.epoch)


def _fitting(model: Any) -> int:
    """How many models train at a time: their states and what steps need take half the memory."""
    nbytes = sum(variable.size * 4 for variable in model.variables)
    on_each = max(1, int(0.5 * device_bytes() / (12 * max(nbytes, 1))))
    return on_each * len(jax.local_devices())
