"""The confusion matrix: which class was taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.evaluation import checks

_NORMALIZE = (None, "true", "pred", "all")


def confusion_matrix(
    y_true: Any,
    y_pred: Any,
    labels: Any = None,
    sample_weight: Any = None,
    normalize: str | None = None,
) -> np.ndarray:
    """Counts the examples of each true class (row) by predicted class (column).

    Args:
        y_true: the true labels `(n,)`: numbers, strings or booleans.
        y_pred: the predicted labels `(n,)`.
        labels: the classes in the order of rows and columns; by default all that occur, sorted.
        sample_weight: how much each example counts `(n,)`, 0 or more; 1 when None.
        normalize: None for counts; `"true"`, `"pred"` or `"all"` divides by the sums of rows, of
            columns, or by the sum of all. What has the sum 0 stays 0.

    Returns:
        Numbers `(classes, classes)`: counts that sum to n, sums of weights, or shares.

    Raises:
        InputError: lengths that differ, a label that is not among `labels`, or an argument out
            of its range.
    """
    if normalize not in _NORMALIZE:
        raise InputError(
            f'confusion_matrix: normalize wants None, "true", "pred" or "all", got {normalize!r}'
        )
    row, column, known = coded(y_true, y_pred, labels)
    k = len(known)
    weight = None if sample_weight is None else checks.weights(sample_weight, len(row))
    matrix = np.bincount(row * k + column, weight, k * k).reshape(k, k)
    if normalize is None:
        whole = weight is None or weight.dtype.kind == "i"
        return matrix.astype(np.int64) if whole else matrix
    axes = {"true": (1,), "pred": (0,), "all": (0, 1)}[normalize]
    total = matrix.sum(axes, keepdims=True)
    return np.divide(matrix, total, out=np.zeros((k, k)), where=total != 0)


def coded(
    y_true: Any, y_pred: Any, labels: Any = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The number of each true and each predicted class, and the classes they count.

    Args:
        y_true: the true labels `(n,)`.
        y_pred: the predicted labels `(n,)`.
        labels: the classes in their order; by default all that occur, sorted.

    Raises:
        InputError: lengths that differ, or a label that is not among `labels`.
    """
    true, predicted = checks.labels_of("y_true", y_true), checks.labels_of("y_pred", y_pred)
    if len(true) != len(predicted):
        raise InputError(f"There are {len(true)} true labels, but {len(predicted)} predicted ones")
    if labels is None:
        known = np.unique(np.concatenate([true, predicted]))
    else:
        known = checks.known_labels(labels)
    row = checks.positions("y_true", true, known)
    return row, checks.positions("y_pred", predicted, known), known


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
