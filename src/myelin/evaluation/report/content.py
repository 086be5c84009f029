"""What a report says, as plain data: `gather` fills it, `page` lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from myelin.evaluation.intervals import Interval
from myelin.evaluation.report.data import Part
from myelin.evaluation.report.judged import Judged
from myelin.evaluation.report.measures import ClassMeasures, ValueMeasures
from myelin.evaluation.report.network import Network
from myelin.evaluation.report.run import Run
from myelin.evaluation.risks import Risk


@dataclass(frozen=True)
class Mark:
    """Whether a score can be believed.

    Attributes:
        kind: "honest", "optimistic", or "unknown" where not all was there to tell.
        sentence: why.
        learned, chose: whether the judging rows trained the weights or chose the epoch; None
            where that is not known.
    """

    kind: Literal["honest", "optimistic", "unknown"]
    sentence: str
    learned: bool | None = False
    chose: bool | None = False


@dataclass(frozen=True)
class Headline:
    """The one score.

    Attributes:
        name: what `metrics.json` calls it; of a cross-validation, what `scores` does.
        value: from 0 to 1 for an accuracy, else in the units of the target.
        interval: of 95 %; None where there is none.
        method: of the interval.
        words: what it is, and on how many examples.
        share: whether it is a share.
        baseline: what a model that learned nothing scores, and what it says; NaN for none.
    """

    name: str
    value: float
    interval: Interval | None
    method: str
    words: str
    share: bool
    baseline: tuple[float, str]


@dataclass(frozen=True)
class FoldRow:
    """One fold: how many rows of each use, its epochs, the one kept, and its seed."""

    training: int
    validation: int
    test: int
    epochs: int
    kept: int
    seed: int


@dataclass(frozen=True)
class Folds:
    """The folds of a cross-validation.

    Attributes:
        rows: a `FoldRow` each.
        scores: by name, one per fold.
        means: by name: the mean and its interval, None with a single fold.
        untested: rows that no fold tested.
    """

    rows: list[FoldRow]
    scores: dict[str, np.ndarray]
    means: dict[str, tuple[float, Interval | None]]
    untested: int


@dataclass(frozen=True)
class Curve:
    """The learning curves of one quantity.

    Attributes:
        name: as in the logs.
        training, validation: a list per run, a value per epoch; empty where there is none.
    """

    name: str
    training: list[list[float]]
    validation: list[list[float]]


@dataclass(frozen=True)
class Scored:
    """Rows that judge, and how good the predictions for them are.

    Attributes:
        headline: the one score.
        rows: targets and predictions.
        measured: all scores.
        x: the inputs, for pictures; None where they are not known.
    """

    headline: Headline
    rows: Judged
    measured: ClassMeasures | ValueMeasures
    x: Any


@dataclass(frozen=True)
class Content:
    """All that a page says.

    Attributes:
        run: how the model came about.
        scored: the rows that judge; of a cross-validation all rows, out of fold.
        mark: whether that score can be believed.
        inputs: the arrays in words.
        parts: the rows by their use; empty for a cross-validation.
        risks: those that were found.
        looked_for: those that were looked for, in words.
        network: the model's table.
        curves: the history.
        kept: the epoch to mark in each run; None marks none.
        marked: what the mark of the epoch says, such as "kept".
        seconds: the training took, where that is known.
        folds: of a cross-validation.
        held_out: a cross-validation's models, their outputs averaged, on rows that no fold saw.
    """

    run: Run
    scored: Scored
    mark: Mark
    inputs: list[tuple[str, str]]
    parts: list[Part]
    risks: list[Risk]
    looked_for: list[str]
    network: Network
    curves: list[Curve]
    kept: list[int | None]
    marked: str = "kept"
    seconds: float | None = None
    folds: Folds | None = None
    held_out: Scored | None = None

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes; None where numbers are predicted."""
        return self.scored.rows.classes


def curves_of(histories: Sequence[Mapping[str, Sequence[Any]]]) -> list[Curve]:
    """The learning curves of one or several runs, training beside validation.

    Args:
        histories: of each run, a list per name, a value per epoch.
    """
    plain = dict.fromkeys(name.removeprefix("val_") for name in histories[0])
    # The loss is what was minimized, wherever a file that sorts its columns has it.
    plain = dict.fromkeys([*(["loss"] if "loss" in plain else []), *plain])
    found = []
    for name in plain:
        training, validation = (
            [_numbers(history[key]) for history in histories if key in history]
            for key in (name, f"val_{name}")
        )
        if any(map(len, training)) or any(map(len, validation)):
            found.append(Curve(name, training, validation))
    return found


def _numbers(values: Sequence[Any]) -> list[float]:
    """The values of a log that are single numbers; others, such as matrices, are no curve."""
    return [float(value) for value in values if np.ndim(value) == 0]
