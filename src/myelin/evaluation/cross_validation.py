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

import math
import time
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError, NonFiniteError
from myelin.evaluation.folds import make_folds
from myelin.evaluation.intervals import Interval, corrected_interval
from myelin.evaluation.together import Fold, Plan, Source, run_folds
from myelin.training import checks


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
        """A pandas table: a row for each fold."""
        import pandas as pd

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
        stratify: whether the validation rows are drawn with each class's share, rather than being
            the last; None for yes where the loss is one of classes.
        preprocess: a transformer of scikit-learn for x; each fold fits one of its own, on its
            training rows.
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
    source = Source.read(model, x, y, sample_weight)
    folds = make_folds(cv, source.data, groups=groups, classes=source.classes, seed=seed)
    plan = Plan(
        epochs=epochs, batch_size=batch_size, callbacks=callbacks, shuffle=shuffle,
        classes=source.classes, validation_split=validation_split, stratify=stratify,
        class_weight=class_weight, preprocess=preprocess, at_once=at_once,
        verbose=checks.verbosity(verbose),
    )  # fmt: skip
    found = run_folds(model, source, folds, [seed + i for i in range(len(folds))], plan)
    for index, fold in enumerate(found):
        if fold.diverged:
            raise NonFiniteError(
                f"The loss of fold {index + 1} became NaN or infinite in epoch {fold.epoch}: take "
                "a lower learning rate, or look at that fold alone: "
                f"set_random_seed({fold.seed}), then fit on its training rows"
            )
    predictions = out_of_fold(found, len(source.data))
    return CrossValidation(found, source.data.y, predictions, time.perf_counter() - began)


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
