"""The confusion matrix: which class was taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError


def confusion_matrix(y_true: Any, y_pred: Any, labels: Any = None) -> np.ndarray:
    """Counts the examples of each true class (row) by predicted class (column).

    Args:
        y_true: the true labels `(n,)`: numbers, strings or booleans.
        y_pred: the predicted labels `(n,)`.
        labels: the classes in the order of rows and columns; by default all that occur, sorted.

    Returns:
        Whole numbers `(classes, classes)` that sum to n.

    Raises:
        InputError: lengths that differ, or a label that is not among `labels`.
    """
    true, predicted = _labels("y_true", y_true), _labels("y_pred", y_pred)
    if len(true) != len(predicted):
        raise InputError(
            f"confusion_matrix: {len(true)} true labels but {len(predicted)} predicted ones"
        )
    if labels is None:
        known = np.unique(np.concatenate([true, predicted]))
    else:
        known = _labels("labels", labels)
        if len(np.unique(known)) != len(known):
            raise InputError("confusion_matrix: a label stands in labels twice")
    k = len(known)
    row, column = _positions("y_true", true, known), _positions("y_pred", predicted, known)
    return np.bincount(row * k + column, minlength=k * k).reshape(k, k)


def _labels(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"{name} wants labels (n,), got an array of shape {array.shape}")
    return array


def _positions(name: str, values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The place of each value among the known ones."""
    order = np.argsort(known, kind="stable")
    place = np.searchsorted(known[order], values) if len(known) else np.zeros(len(values), int)
    place = order[np.minimum(place, max(len(known) - 1, 0))] if len(known) else place
    wrong = known[place] != values if len(known) else np.ones(len(values), bool)
    if np.any(wrong):
        raise InputError(f"{name}: the label {values[wrong][0]!s} is not among the labels")
    return place


@dataclass(frozen=True)
class ClassScores:
    """How well one class was found.

    Attributes:
        precision: of the examples called this class, the share that are; NaN if none was.
        recall: of the examples of this class, the share that was found; NaN if there are none.
        support: the number of examples of this class.
    """

    precision: float
    recall: float
    support: int


def scores_by_class(matrix: Any) -> list[ClassScores]:
    """Precision, recall and support of each class of a confusion matrix.

    Args:
        matrix: counts `(classes, classes)`, a row for each true class.

    Returns:
        One `ClassScores` a class, in the matrix's order.

    Raises:
        InputError: no square matrix.
    """
    counts = _square(matrix)
    right = counts.diagonal()
    called, support = counts.sum(0), counts.sum(1)
    return [
        ClassScores(
            precision=float(right[i] / called[i]) if called[i] else float("nan"),
            recall=float(right[i] / support[i]) if support[i] else float("nan"),
            support=int(support[i]),
        )
        for i in range(len(counts))
    ]


def most_confused(matrix: Any, most: int = 10) -> list[tuple[int, int, int]]:
    """The pairs of classes that are taken for one another most often.

    Args:
        matrix: counts `(classes, classes)`, a row for each true class.
        most: how many pairs at the most.

    Returns:
        `(true class, predicted class, count)`, the largest count first, without zeros.

    Raises:
        InputError: no square matrix.
    """
    wrong = _square(matrix).copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [(int(i) // len(wrong), int(i) % len(wrong)) for i in order]
    return [(row, column, int(wrong[row, column])) for row, column in pairs if wrong[row, column]]


def _square(matrix: Any) -> np.ndarray:
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise InputError(f"A confusion matrix is square, got shape {counts.shape}")
    return counts
