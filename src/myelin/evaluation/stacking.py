"""Rows as each fold sees them, where folds differ in what they make of x.

A program has one array of rows. Where every fold has an encoding or a scale of its own, learned
from its training rows, the array holds all rows once for each fold, one fold's after another's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from myelin.errors import InputError
from myelin.evaluation.folds import Split

if TYPE_CHECKING:
    from myelin.evaluation.together import Fold


@dataclass(frozen=True)
class Stack:
    """All rows, once for each fold.

    Attributes:
        x, y, weight: fold i has its rows from `starts[i]` on; y and weight may be None.
        starts: of each fold.
        folds: row numbers in the stack.
    """

    x: np.ndarray
    y: Any
    weight: Any
    starts: list[int]
    folds: list[Split]

    def unstacked(self, folds: Sequence[Fold]) -> list[Fold]:
        """Folds that trained on the stack, by the numbers of the rows themselves."""
        return [
            dataclasses.replace(
                fold,
                train=fold.train - start,
                validation=None if fold.validation is None else fold.validation - start,
                test=fold.test - start,
            )
            for fold, start in zip(folds, self.starts, strict=True)
        ]


def stack(
    parts: Sequence[np.ndarray], targets: Sequence[Any], weight: Any, folds: Sequence[Split]
) -> Stack:
    """The rows of all folds as one array.

    Where folds have learned different numbers of features, as where the training rows of one lack a
    category, the narrower ones get features of zeros, which tell nothing.

    Args:
        parts: what each fold makes of all x, `(n, …, features)`.
        targets: what each makes of all y, or None for each.
        weight: one per row, or None.
        folds: numbers of the n rows.
    """
    width = max(part.shape[-1] for part in parts)
    n, k = len(parts[0]), len(parts)
    starts = [n * i for i in range(k)]
    return Stack(
        np.concatenate([_widened(part, width) for part in parts]),
        None if targets[0] is None else np.concatenate(targets),
        None if weight is None else np.concatenate([np.asarray(weight)] * k),
        starts,
        [Split(f.train + start, f.test + start) for f, start in zip(folds, starts, strict=True)],
    )


def _widened(x: np.ndarray, width: int) -> np.ndarray:
    missing = width - x.shape[-1]
    return np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)]) if missing else x


@dataclass(frozen=True)
class Transformer:
    """A fold's transformer, fitted on its training rows.

    Attributes:
        fitted: of scikit-learn's kind.
        width: features that the models of all folds take; `fitted` may give fewer.
    """

    fitted: Any
    width: int

    def __call__(self, x: Any) -> np.ndarray:
        """What the fold's model takes for x, float32."""
        return _widened(_transformed(self.fitted, x), self.width)


def preprocessed(
    preprocess: Any, x: Any, y: Any, weight: Any, folds: Sequence[Split]
) -> tuple[Stack, list[Transformer]]:
    """The rows as a transformer of each fold's own makes them, and those transformers.

    Args:
        preprocess: a transformer of scikit-learn, cloned for each fold.
        x: what it takes: arrays, frames, lists.
        y: the targets, or None.
        weight: one per row, or None.
        folds: row numbers.

    Raises:
        InputError: it is no transformer, or gives something that is no table of numbers.
    """
    from sklearn.base import clone
    from sklearn.utils import _safe_indexing

    if not (hasattr(preprocess, "fit") and hasattr(preprocess, "transform")):
        raise InputError(f"preprocess wants a transformer of scikit-learn, got {preprocess!r}")
    targets = None if y is None else np.asarray(y)
    fitted = []
    for split in folds:
        rows = _safe_indexing(x, split.train)
        labels = () if targets is None else (targets[split.train],)
        fitted.append(clone(preprocess, safe=False).fit(rows, *labels))
    parts = [_transformed(own, x) for own in fitted]
    made = stack(parts, [targets] * len(fitted), weight, folds)
    return made, [Transformer(own, made.x.shape[-1]) for own in fitted]


def _transformed(fitted: Any, x: Any) -> np.ndarray:
    features = fitted.transform(x)
    features = features.toarray() if hasattr(features, "toarray") else features
    try:
        return np.asarray(features, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"preprocess: {type(fitted).__name__} gives what are no numbers ({error})"
        ) from None
