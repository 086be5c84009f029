"""Cross-validation: k folds train at once, as one program, and each judges what it never saw.

    make_folds        which rows train and which test                         folds.py
    make_member       a fresh model for each fold, that knows its rows only    fresh.py
    run_folds         as many folds at a time as fit into the memory           together.py
    Cohort            all of those epoch by epoch, as one program              training/cohort.py
    members           a step of it: `vmap` of the step of one model            training/members.py

Of a fold's test rows nothing reaches its model before it is scored: not its weights, not the
statistics of its layers, not its early stopping, which looks at rows held out of the training part.
"""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError, NonFiniteError, require
from myelin.evaluation.folds import Split, make_folds
from myelin.evaluation.intervals import Interval, corrected_interval
from myelin.evaluation.stacking import Stack, preprocessed
from myelin.evaluation.together import (
    Fold,
    Plan,
    Source,
    run_folds,
    tells_classes,
    template_of,
)
from myelin.training import checks
from myelin.training.data import Arrays


@dataclass
class CrossValidation:
    """What `cross_validate` found.

    Attributes:
        folds: a `Fold` each.
        y: the targets of all rows.
        predictions: out of fold, `(n, …)`: each row's by the models that never saw it, their mean
            where several did not; NaN where every model saw it.
        seconds: that training and judging took.
        optimistic: why the scores flatter the model, or None.
    """

    folds: list[Fold]
    y: Any
    predictions: Any
    seconds: float
    optimistic: str | None = None
    _means: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """The test loss and metrics by name, `(k,)` each."""
        if not self._means:
            names = self.folds[0].scores
            self._means = {n: np.array([fold.scores[n] for fold in self.folds]) for n in names}
        return self._means

    def mean(self, name: str) -> float:
        """The mean of a score over the folds."""
        return float(self._named(name).mean())

    def std(self, name: str) -> float:
        """The standard deviation of a score over the folds (with k - 1)."""
        return float(self._named(name).std(ddof=1))

    def interval(self, name: str, confidence: float = 0.95) -> Interval:
        """The range in which the mean score would lie on endless data.

        The folds' training sets overlap, so their scores vary less than independent ones would:
        the variance is corrected for that.

        Source: Nadeau and Bengio, Inference for the Generalization Error, 2003.
        """
        return corrected_interval(self._named(name), *self.sizes, confidence=confidence)

    @property
    def sizes(self) -> tuple[list[int], list[int]]:
        """How many rows each fold trained on, and how many it tested."""
        trained = [len(f.train) + (0 if f.validation is None else len(f.validation))
                   for f in self.folds]  # fmt: skip
        return trained, [len(fold.test) for fold in self.folds]

    def _named(self, name: str) -> np.ndarray:
        if name not in self.scores:
            raise InputError(f'no score is called "{name}"; there are {", ".join(self.scores)}')
        return self.scores[name]

    def predict(self, x: Any, batch_size: int | None = None) -> Any:
        """The mean of what the models of all folds give for new inputs."""
        each = [fold.predict(x, batch_size) for fold in self.folds]
        return jax.tree.map(lambda *leaves: np.mean(leaves, axis=0), *each)

    def to_frame(self) -> Any:
        """A pandas table: a row for each fold.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        pd = require("pandas", "parquet", "to_frame")

        rows = [
            {"fold": index + 1, "train": len(f.train),
             "validation": 0 if f.validation is None else len(f.validation), "test": len(f.test),
             "epochs": len(next(iter(f.history.values()), [])), "epoch": f.epoch, "seed": f.seed,
             **f.scores}
            for index, f in enumerate(self.folds)
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("fold")

    def plot(self, name: str = "loss") -> Any:
        """Draws the learning curves of all folds; returns the matplotlib figure.

        Args:
            name: of the logs; its validation is drawn too where there is one.
        """
        from myelin.plots import learning_curves

        return learning_curves([f.history for f in self.folds], name, [f.epoch for f in self.folds])

    def __str__(self) -> str:
        lines = [f"{len(self.folds)} folds in {self.seconds:.1f} s"]
        for name in self.scores:
            text = f"  {name}: {self.mean(name):.4f}"
            if len(self.folds) > 1:
                low, high = self.interval(name)
                text += f" (95 % interval {low:.4f} to {high:.4f})"
            lines.append(text)
        return "\n".join(lines if self.optimistic is None else [*lines, f"  {self.optimistic}"])


def cross_validate(
    model: Any,
    x: Any,
    y: Any = None,
    cv: Any = 5,
    *,
    groups: Any = None,
    epochs: int = 1,
    batch_size: int | None = None,
    callbacks: Any = None,
    validation_split: float | None = None,
    validation_data: Any = None,
    stratify: bool | None = None,
    shuffle: bool = True,
    class_weight: Any = None,
    sample_weight: Any = None,
    preprocess: Any = None,
    seed: int = 0,
    at_once: int | None = None,
    verbose: Any = "auto",
) -> CrossValidation:
    """Trains and judges a model on k folds, all at once, as one compiled program.

    Args:
        model: a compiled model, of which each fold takes architecture, optimizer, loss and
            metrics, never the weights; or a function that gives a compiled model.
        x, y, sample_weight, class_weight, epochs, batch_size, shuffle: as for `fit`.
        cv: a number of folds (with every class's share in each, where the loss is one of classes),
            a splitter of scikit-learn, or pairs `(train, test)` of row numbers.
        groups: one label per row; rows of one label stay together.
        callbacks: `Callback`s, copied for each fold; or a function that gives a fold's from its
            number, for those that write files.
        validation_split: the share of each fold's training rows that validates and does not
            train; None for 0.1 where a callback watches a `val_…` value, else 0.
        validation_data: `(x, y)` or `(x, y, sample_weight)` that validate every fold instead.
        stratify: whether the validation rows are drawn with each class's share, rather than being
            the last; None for yes where the loss is one of classes.
        preprocess: a transformer of scikit-learn for x, which may then be what that takes, such as
            a frame with text in it; each fold fits one of its own, on its training rows.
        seed: fold i (from 0) is drawn as after `set_random_seed(seed + i)`.
        at_once: how many folds train at a time; None for as many as fit into the memory.
        verbose: 0 silent, 1 a progress bar with the folds' means, 2 a line an epoch.

    Returns:
        A `CrossValidation`.

    Raises:
        InputError: data, folds or arguments that cannot be used.
        NonFiniteError: the loss of a fold became NaN or infinite.
    """
    began = time.perf_counter()
    if preprocess is None:
        given = Given.read(model, x, y, sample_weight, cv, groups, seed)
    elif validation_data is not None:
        raise InputError(
            "validation_data: with preprocess, take validation_split, whose rows each fold "
            "prepares by itself"
        )
    else:
        given = Given.prepare(model, preprocess, x, y, sample_weight, cv, groups, seed)
    source, n = given.source, given.n
    held_out = None
    if validation_data is not None:
        source, held_out = source.joined(validation_data)
    plan = Plan(
        epochs=epochs, batch_size=batch_size, callbacks=callbacks, shuffle=shuffle,
        classes=source.classes, validation_split=validation_split, stratify=stratify,
        class_weight=class_weight, at_once=at_once, verbose=checks.verbosity(verbose),
        held_out=held_out,
    )  # fmt: skip
    seeds = [seed + i for i in range(len(given.folds))]
    found = given.by_own_rows(run_folds(model, source, given.folds, seeds, plan))
    for index, fold in enumerate(found):
        if fold.diverged:
            raise NonFiniteError(
                f"The loss of fold {index + 1} became NaN or infinite in epoch {fold.epoch}: take "
                "a lower learning rate, or look at that fold alone: "
                f"set_random_seed({fold.seed}), then fit on its training rows"
            )
    if held_out is not None:
        # They are no rows of x.
        found = [dataclasses.replace(fold, validation=None) for fold in found]
    targets = jax.tree.map(lambda a: a[:n], source.data.y)
    return CrossValidation(found, targets, out_of_fold(found, n), time.perf_counter() - began)


@dataclass(frozen=True)
class Given:
    """What is cross-validated.

    Attributes:
        source: the data, read.
        n: how many rows there are.
        folds: numbers of the rows that `source` has.
        stack: those, where it has all rows once for each fold.
        transformers: of each fold, where they have one.
    """

    source: Source
    n: int
    folds: list[Split]
    stack: Stack | None = None
    transformers: tuple[Any, ...] = ()

    @classmethod
    def read(
        cls, model: Any, x: Any, y: Any, weight: Any, cv: Any, groups: Any, seed: int
    ) -> Given:
        """Rows that are the same for all folds; the arguments are those of `cross_validate`."""
        source = Source.read(model, x, y, weight)
        folds = make_folds(cv, source.data, groups=groups, classes=source.classes, seed=seed)
        return cls(source, len(source.data), folds)

    @classmethod
    def prepare(
        cls, model: Any, preprocess: Any, x: Any, y: Any, weight: Any, cv: Any, groups: Any,
        seed: int,
    ) -> Given:  # fmt: skip
        """Rows as a transformer of each fold's own makes them."""
        n = len(x if y is None else y)
        rows = Arrays(np.arange(n), None if y is None else np.asarray(y))
        classes = tells_classes(template_of(model))
        folds = make_folds(cv, rows, groups=groups, classes=classes, seed=seed)
        made, transformers = preprocessed(preprocess, x, y, weight, folds)
        source = Source.read(model, made.x, made.y, made.weight)
        return cls(source, n, made.folds, made, tuple(transformers))

    def by_own_rows(self, found: list[Fold]) -> list[Fold]:
        """The folds by the numbers of the n rows, with their transformers."""
        if self.stack is None:
            return found
        for fold, transformer in zip(found, self.transformers, strict=True):
            fold.transformer = transformer
        return self.stack.unstacked(found)


def out_of_fold(folds: list[Fold], n: int) -> Any:
    """Each row's predictions by models that never saw it, NaN where there is none."""

    def gathered(*each: np.ndarray) -> np.ndarray:
        sums = np.zeros((n, *each[0].shape[1:]), np.float64)
        counts = np.zeros(n)
        for fold, outputs in zip(folds, each, strict=True):
            np.add.at(sums, fold.test, outputs)
            np.add.at(counts, fold.test, 1)
        counts[counts == 0] = math.nan
        return (sums / counts.reshape(-1, *[1] * (sums.ndim - 1))).astype(each[0].dtype)

    return jax.tree.map(gathered, *[fold.predictions for fold in folds])
