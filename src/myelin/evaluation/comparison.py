"""`compare`: models on the same folds, pair by pair."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from myelin.errors import InputError, require
from myelin.evaluation.cross_validation import CrossValidation, cross_validate
from myelin.evaluation.folds import make_folds
from myelin.evaluation.intervals import PairedTest, corrected_paired_test
from myelin.evaluation.together import Source


@dataclass(frozen=True)
class Pair:
    """Two models on the same folds.

    Attributes:
        first, second: their names.
        test: the mean of score(first) - score(second) over the folds, its interval and p value.
        shown: whether the interval leaves 0 out.
    """

    first: str
    second: str
    test: PairedTest

    @property
    def shown(self) -> bool:
        """Whether the folds show a difference."""
        return not self.test.interval.low <= 0 <= self.test.interval.high

    def __str__(self) -> str:
        low, high = self.test.interval
        line = (
            f"{self.first} - {self.second}: {self.test.difference:+.4f} "
            f"(interval {low:+.4f} to {high:+.4f}, p = {self.test.p_value:.3f})"
        )
        return line if self.shown else f"{line}: no difference shown"


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes:
        results: the `CrossValidation` of each model by name.
        score: the name of the score that was compared.
        pairs: every two models.
    """

    results: dict[str, CrossValidation]
    score: str
    pairs: list[Pair]

    def to_frame(self) -> Any:
        """A pandas table: a row for each pair.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        pd = require("pandas", "parquet", "to_frame")

        return pd.DataFrame(
            {"first": p.first, "second": p.second, "difference": p.test.difference,
             "low": p.test.interval.low, "high": p.test.interval.high,
             "p_value": p.test.p_value, "shown": p.shown}
            for p in self.pairs
        )  # fmt: skip

    def __str__(self) -> str:
        folds = len(next(iter(self.results.values())).folds)
        lines = [f"{self.score} of {len(self.results)} models on the same {folds} folds"]
        for name, result in self.results.items():
            low, high = result.interval(self.score)
            lines.append(
                f"  {name}: {result.mean(self.score):.4f} (95 % interval {low:.4f} to {high:.4f})"
            )
        return "\n".join([*lines, *(f"  {pair}" for pair in self.pairs)])


def compare(
    models: Any,
    x: Any,
    y: Any = None,
    cv: Any = 5,
    *,
    score: str | None = None,
    groups: Any = None,
    seed: int = 0,
    confidence: float = 0.95,
    **arguments: Any,
) -> Comparison:
    """Trains and judges models on the same folds, and says which differences the folds show.

    Of every two models the differences fold by fold are tested by a t-test whose variance is
    corrected for the overlap of the training sets.

    Args:
        models: by name, or a list; each as for `cross_validate`.
        x, y, cv, groups, seed: as for `cross_validate`.
        score: the name of the loss or metric to compare; the first metric when None, or the loss
            where there are none.
        confidence: of the intervals. With more than two models there are several pairs; the
            confidence is raised (Bonferroni) so that it holds for all of them together.
        arguments: more arguments of `cross_validate`, for all models.

    Raises:
        InputError: fewer than two models, or a score that not all of them have.

    Source: Nadeau and Bengio, Inference for the Generalization Error, 2003.
    """
    named = dict(models) if isinstance(models, Mapping) else _named(list(models))
    if len(named) < 2:
        raise InputError(f"compare wants two models or more, got {len(named)}")
    first = Source.read(next(iter(named.values())), x, y, arguments.get("sample_weight"))
    folds = make_folds(cv, first.data, groups=groups, classes=first.classes, seed=seed)
    results = {
        name: cross_validate(model, x, y, folds, seed=seed, **arguments)
        for name, model in named.items()
    }
    shared = set.intersection(*(set(result.scores) for result in results.values()))
    first_scores = results[next(iter(named))].scores
    found = next((name for name in first_scores if name != "loss" and name in shared), "loss")
    score = score or found
    if score not in shared:
        raise InputError(
            f'not every model has a score called "{score}"; all have {", ".join(sorted(shared))}'
        )
    couples = list(itertools.combinations(named, 2))
    level = 1 - (1 - confidence) / len(couples)
    pairs = []
    for a, b in couples:
        differences = results[a].scores[score] - results[b].scores[score]
        pairs.append(Pair(a, b, corrected_paired_test(differences, *results[a].sizes,
                                                      confidence=level)))  # fmt: skip
    return Comparison(results, score, pairs)


def _named(models: list[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for index, model in enumerate(models):
        name: str = getattr(model, "name", "") or getattr(model, "__name__", f"model {index + 1}")
        named[name if name not in named else f"{name} ({index + 1})"] = model
    return named
