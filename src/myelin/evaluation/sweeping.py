"""`sweep`: a model with many settings, those that are numbers as one program."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from myelin.callbacks.monitor import rises_by_name
from myelin.errors import InputError, require
from myelin.evaluation import settings as numbers
from myelin.evaluation.folds import Split, class_labels, make_folds
from myelin.evaluation.intervals import Interval, corrected_interval
from myelin.evaluation.together import Fold, Plan, Source, run_folds
from myelin.training import checks
from myelin.training.data import split_rows

# The share of the rows that judges the settings where there are no folds.
HELD_OUT = 0.2


@dataclass
class Trial:
    """One choice of settings, and how it did.

    Attributes:
        settings: by name.
        folds: a `Fold` for each split, judged on rows that it did not train on.
        dropped: the epoch after which successive halving dropped it, or None.
    """

    settings: dict[str, Any]
    folds: list[Fold]
    dropped: int | None = None

    def score(self, name: str) -> float:
        """The mean of a score over the folds; NaN where a loss stopped being finite."""
        if any(fold.diverged for fold in self.folds):
            return float("nan")
        return float(np.mean([fold.scores[name] for fold in self.folds]))


@dataclass
class Sweep:
    """What `sweep` found.

    Attributes:
        trials: a `Trial` for each choice of settings, in the order of the grid.
        score: the name of the score that chose.
        rises: whether it is better the higher it is.
        nested: the scores, one for each outer fold, of what the inner folds chose; with `nested`.
        seconds: that all took.
    """

    trials: list[Trial]
    score: str
    rises: bool
    seconds: float
    nested: np.ndarray | None = None
    _sizes: tuple[list[int], list[int]] | None = field(default=None, repr=False)

    @property
    def best(self) -> Trial:
        """The trial with the best mean score among those that were not dropped."""
        return _best(self.trials, self.score, self.rises)

    @property
    def best_settings(self) -> dict[str, Any]:
        """Its settings."""
        return self.best.settings

    @property
    def optimistic(self) -> str:
        """Why the best trial's own score flatters it."""
        return (
            f"The score of the best of {len(self.trials)} settings is optimistic: the rows that "
            "give it also chose it"
            + ("; the nested score is not." if self.nested is not None else
               ". Score it on data that the sweep never saw, or ask for nested=5.")
        )  # fmt: skip

    def interval(self, confidence: float = 0.95) -> Interval:
        """The range of the nested score, which is honest about the choice.

        Raises:
            InputError: without `nested`.
        """
        if self.nested is None or self._sizes is None:
            raise InputError("only a sweep with nested=… has a score that the choice leaves honest")
        return corrected_interval(self.nested, *self._sizes, confidence=confidence)

    def to_frame(self) -> Any:
        """A pandas table: a row for each trial, the best first.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        pd = require("pandas", "parquet", "to_frame")

        rows = [{**t.settings, self.score: t.score(self.score), "dropped": t.dropped}
                for t in self.trials]  # fmt: skip
        frame = pd.DataFrame(rows)
        return frame.sort_values(self.score, ascending=not self.rises, kind="stable")

    def __str__(self) -> str:
        best = self.best
        chosen = ", ".join(f"{name}={value}" for name, value in best.settings.items())
        lines = [
            f"{len(self.trials)} settings in {self.seconds:.1f} s",
            f"  best {self.score}: {best.score(self.score):.4f} with {chosen}",
        ]
        if self.nested is not None:
            low, high = self.interval()
            lines.append(f"  nested {self.score}: {self.nested.mean():.4f} "
                         f"(95 % interval {low:.4f} to {high:.4f})")  # fmt: skip
        return "\n".join([*lines, f"  {self.optimistic}"])


def sweep(
    model: Any,
    x: Any,
    y: Any = None,
    settings: Mapping[str, Sequence[Any]] | None = None,
    cv: Any = None,
    *,
    score: str | None = None,
    halving: int | None = None,
    nested: int | None = None,
    groups: Any = None,
    epochs: int = 1,
    batch_size: int | None = None,
    callbacks: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    seed: int = 0,
    at_once: int | None = None,
    verbose: Any = "auto",
) -> Sweep:
    """Trains a model with every choice out of a grid of settings; numbers vary in one program.

    Args:
        model: as for `cross_validate`; a function may take settings as keywords.
        x, y, groups, epochs, batch_size, callbacks, sample_weight, class_weight, at_once, verbose:
            as for `cross_validate`.
        settings: names and the values to try. `learning_rate`, `weight_decay`, `dropout`, `l1`,
            `l2`, `seed` and `"layer.attribute"` are numbers that vary inside one program;
            `batch_size`, `epochs` and the function's keywords make a program for each value.
        cv: folds as for `cross_validate`; None holds out 20 % of the rows, drawn at random, once.
        score: what chooses: a loss or metric; the first metric when None, or the loss.
        halving: every so many (3, say) of those that train are dropped but one, each time the
            epochs so far have grown by that factor, judged by the held-out rows.
        nested: outer folds, each of which sweeps its training rows and scores the choice on its
            test rows, so that the score of the choice is honest.
        seed: as for `cross_validate`; the same for all settings, unless they vary it.

    Returns:
        A `Sweep`.

    Raises:
        InputError: a setting that nothing has, a value out of its range, or bad data.

    Source: Jamieson and Talwalkar, Non-stochastic Best Arm Identification, 2016 (halving); Cawley
    and Talbot, On Over-fitting in Model Selection, JMLR 2010 (nesting).
    """
    began = time.perf_counter()
    grid = _grid(settings)
    source = Source.read(_with_keywords(model, grid[0]), x, y, sample_weight)
    search = Search(
        model, source, grid, score, halving, seed, groups,
        Plan(epochs=epochs, batch_size=batch_size, callbacks=callbacks, classes=source.classes,
             class_weight=class_weight, at_once=at_once, verbose=checks.verbosity(verbose),
             validation_split=0.0),
    )  # fmt: skip
    rows = np.arange(len(source.data))
    trials = search.run(search.splits(rows, cv))
    name, rises = search.chooses_by(trials)
    found = Sweep(trials, name, rises, 0.0)
    if nested is not None:
        outer = make_folds(nested, source.data, groups=groups, classes=source.classes, seed=seed)
        found.nested = np.array([search.nested_score(split, cv, name, rises) for split in outer])
        found._sizes = [len(s.train) for s in outer], [len(s.test) for s in outer]
    found.seconds = time.perf_counter() - began
    return found


def _grid(settings: Mapping[str, Sequence[Any]] | None) -> list[dict[str, Any]]:
    if not settings or not all(len(list(values)) for values in settings.values()):
        raise InputError(
            'sweep wants settings with values, such as {"learning_rate": [1e-3, 1e-2]}'
        )
    choices = itertools.product(*(list(values) for values in settings.values()))
    return [dict(zip(settings, choice, strict=True)) for choice in choices]


def _with_keywords(model: Any, settings: Mapping[str, Any]) -> Any:
    """The model, or the function with those settings that are its keywords."""
    own = {k: v for k, v in settings.items() if not numbers.is_number(k) and k not in _OF_PLANS}
    if not own:
        return model
    if hasattr(model, "predict") or not callable(model):
        raise InputError(
            f"sweep: {', '.join(own)} is no number that a compiled model can vary: give a function "
            "that takes it as a keyword and returns the compiled model"
        )
    return partial(model, **own)


_OF_PLANS = ("batch_size", "epochs")


@dataclass
class Search:
    """All that one search over a grid needs; the fields are arguments of `sweep`."""

    model: Any
    source: Source
    grid: list[dict[str, Any]]
    score: str | None
    halving: int | None
    seed: int
    groups: Any
    plan: Plan

    def splits(self, rows: np.ndarray, cv: Any) -> list[Split]:
        """The splits of some of the rows that judge the settings."""
        source, own = self.source, self.source.data.labels(rows)
        if cv is None:
            stratify = source.classes and len(own) * HELD_OUT >= len(np.unique(class_labels(own.y)))
            shuffled = rows
            if not stratify:
                shuffled = np.random.default_rng(self.seed).permutation(rows)
            train, test = split_rows(source.data.labels(shuffled), HELD_OUT, stratify, self.seed)
            return [Split(shuffled[train], shuffled[test])]
        groups = None if self.groups is None else np.asarray(self.groups)[rows]
        found = make_folds(cv, own, groups=groups, classes=source.classes, seed=self.seed)
        return [Split(rows[split.train], rows[split.test]) for split in found]

    def run(self, splits: list[Split]) -> list[Trial]:
        """Trains every choice on every split; those that differ in numbers alone, at once."""
        trials: list[Trial | None] = [None] * len(self.grid)
        for chosen in self._alike():
            for index, trial in zip(chosen, self._run_alike(chosen, splits), strict=True):
                trials[index] = trial
        return [trial for trial in trials if trial is not None]

    def _alike(self) -> list[list[int]]:
        """The numbers of the choices, grouped by all settings that are no numbers."""
        groups: dict[str, list[int]] = {}
        for index, choice in enumerate(self.grid):
            key = repr([(k, v) for k, v in choice.items() if not numbers.is_number(k)])
            groups.setdefault(key, []).append(index)
        return list(groups.values())

    def _run_alike(self, chosen: list[int], splits: list[Split]) -> list[Trial]:
        choices = [self.grid[index] for index in chosen]
        varied = [{k: v for k, v in c.items() if numbers.is_number(k)} for c in choices]
        names = [name for name in varied[0] if name not in (numbers.SEED, numbers.LEARNING_RATE)]
        own_plan = {name: choices[0][name] for name in _OF_PLANS if name in choices[0]}
        plan = replace(self.plan, **own_plan, watched=self.halving is not None)
        jobs = [(own, i, split) for own in varied for i, split in enumerate(splits)]
        halving = None
        if self.halving is not None:
            halving = Halving(self.halving, plan.epochs, len(splits), self.score)
        folds = run_folds(
            _with_keywords(self.model, choices[0]), self.source, [split for _, _, split in jobs],
            [int(own.get(numbers.SEED, self.seed)) + i for own, i, _ in jobs], plan,
            [{k: v for k, v in own.items() if k != numbers.SEED} for own, _, _ in jobs],
            lambda model: numbers.places(model, names), halving,
        )  # fmt: skip
        size = len(splits)
        dropped = halving.dropped if halving else {}
        return [
            Trial(choice, folds[i * size : (i + 1) * size], dropped.get(i))
            for i, choice in enumerate(choices)
        ]

    def chooses_by(self, trials: list[Trial]) -> tuple[str, bool]:
        """The score that chooses, and whether it is better the higher it is.

        Raises:
            InputError: no score has that name.
        """
        names = list(trials[0].folds[0].scores)
        name = self.score or next((n for n in names if n != "loss"), "loss")
        if name not in names:
            raise InputError(f'no score is called "{name}"; there are {", ".join(names)}')
        return name, bool(rises_by_name(name))

    def nested_score(self, split: Split, cv: Any, name: str, rises: bool) -> float:
        """The score on a fold's test rows of what a search in its training rows chose."""
        inner = self.run(self.splits(split.train, cv))
        best = _best(inner, name, rises).settings
        chosen = replace(self, grid=[best], halving=None)
        return chosen.run([split])[0].score(name)


class Halving:
    """Successive halving: drops the worst of those that train, as the epochs grow.

    Args:
        factor: of every so many one goes on; 2 or more.
        epochs: of the whole run.
        splits: how many members belong to one choice.
        score: see `sweep`.

    Attributes:
        dropped: the epoch (from 1) after which each dropped choice trained no more, by number.

    Raises:
        InputError: the factor is below 2.
    """

    def __init__(self, factor: int, epochs: int, splits: int, score: str | None) -> None:
        checks.whole_number("halving", factor, 2)
        self.factor, self.splits, self.score = factor, splits, score
        rungs, at = [], epochs / factor
        while at >= 1:
            rungs.append(round(at))
            at /= factor
        self.rungs = sorted(set(rungs))
        self.dropped: dict[int, int] = {}

    def __call__(self, epoch: int, members: list[Any]) -> None:
        """After an epoch (from 0): stops the members of all choices that are not good enough."""
        if epoch + 1 not in self.rungs:
            return
        going = {}
        for start in range(0, len(members), self.splits):
            own = members[start : start + self.splits]
            if start // self.splits not in self.dropped:
                going[start // self.splits] = float(np.mean([self._value(m) for m in own]))
        keep = max(1, -(-len(going) // self.factor))
        ranked = sorted(going, key=lambda i: (np.isnan(going[i]), going[i]))
        for index in ranked[keep:]:
            self.dropped[index] = epoch + 1
            for member in members[index * self.splits : (index + 1) * self.splits]:
                member.model.stop_training = True

    def _value(self, member: Any) -> float:
        """The member's validation score, lower being better."""
        names = [n for n in member.logs if n.startswith("val_")]
        wanted = self.score or next((n[4:] for n in names if n != "val_loss"), "loss")
        value = float(member.logs[f"val_{wanted}"])
        return -value if rises_by_name(wanted) else value


def _best(trials: Sequence[Trial], name: str, rises: bool) -> Trial:
    """The best of those that trained to the end with a finite loss."""
    fit = [t for t in trials if t.dropped is None and not np.isnan(t.score(name))]
    if not fit:
        raise InputError("the loss of every choice of settings became NaN or infinite")
    return (max if rises else min)(fit, key=lambda t: t.score(name))
