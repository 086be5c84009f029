"""What the measures ask of labels, numbers and probabilities, and the errors that say so."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.errors import InputError

# Rows of probabilities in half precision sum to 1 no more exactly than this.
_SUM_TOLERANCE = 0.02


def labels_of(name: str, values: Any) -> np.ndarray:
    """Labels as an array `(n,)`.

    Raises:
        InputError: another shape.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"{name} wants labels (n,), got an array of shape {array.shape}")
    return array


def positions(name: str, values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The place of each value among the known ones.

    Raises:
        InputError: a value that is not among them.
    """
    order = np.argsort(known, kind="stable")
    place = np.searchsorted(known[order], values) if len(known) else np.zeros(len(values), int)
    place = order[np.minimum(place, max(len(known) - 1, 0))] if len(known) else place
    wrong = known[place] != values if len(known) else np.ones(len(values), bool)
    if np.any(wrong):
        raise InputError(f"{name}: the label {values[wrong][0]!s} is not among the labels")
    return place


def known_labels(labels: Any) -> np.ndarray:
    """The classes in the order that a caller gave.

    Raises:
        InputError: a label that stands there twice.
    """
    known = labels_of("labels", labels)
    if len(np.unique(known)) != len(known):
        raise InputError("A label stands in labels twice; give each class once")
    return known


def numbers(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted numbers as float64 `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, no values, or NaN or infinity.
    """
    true, predicted = _floats("y_true", y_true), _floats("y_pred", y_pred)
    if true.shape != predicted.shape or true.ndim != 1 or not true.size:
        raise InputError(
            f"y_true and y_pred want the same shape (n,), got {true.shape} and {predicted.shape}"
        )
    for name, values in (("y_true", true), ("y_pred", predicted)):
        if not np.isfinite(values).all():
            first = int(np.flatnonzero(~np.isfinite(values))[0])
            raise InputError(f"{name} holds {values[first]} in row {first}; leave such rows out")
    return true, predicted


def weights(sample_weight: Any, n: int) -> np.ndarray:
    """A weight for each of n examples, ones where none are given.

    Raises:
        InputError: as many weights as there are no examples, or weights below 0 or not finite.
    """
    if sample_weight is None:
        return np.ones(n, np.int64)
    given = np.asarray(sample_weight)
    if given.shape != (n,):
        raise InputError(
            f"sample_weight wants one number for each of {n} examples, got shape {given.shape}"
        )
    if not np.isfinite(given).all() or (given < 0).any():
        raise InputError("sample_weight wants finite numbers of 0 or more")
    return given.astype(np.int64 if given.dtype.kind in "iub" else np.float64)


def scores_of(name: str, values: Any) -> np.ndarray:
    """Scores `(n,)` or `(n, classes)` as float64; a last axis of size 1 is taken away.

    Raises:
        InputError: another shape, no rows, or NaN or infinity.
    """
    array = _floats(name, values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or not array.size:
        raise InputError(f"{name} wants the shape (n,) or (n, classes), got {array.shape}")
    if not np.isfinite(array).all():
        first = int(np.argwhere(~np.isfinite(array))[0][0])
        raise InputError(f"{name} holds NaN or infinity in row {first}; leave such rows out")
    return array


def probabilities_of(values: Any) -> np.ndarray:
    """Probabilities `(n,)` of the positive class, or `(n, classes)`, as float64.

    Raises:
        InputError: another shape, no rows, numbers outside 0 to 1, or rows that do not sum to 1.
    """
    array = scores_of("probabilities", values)
    if array.min() < 0 or array.max() > 1:
        raise InputError(
            f"probabilities want numbers from 0 to 1, got {array.min():.4g} to {array.max():.4g}; "
            f"if these are logits, take their softmax or sigmoid first"
        )
    if array.ndim == 2 and (off := np.abs(array.sum(1) - 1)).max() > _SUM_TOLERANCE:
        row = int(off.argmax())
        raise InputError(
            f"Each row of probabilities wants the sum 1, row {row} has {array[row].sum():.4g}"
        )
    return array


def class_numbers(y_true: Any, classes: int, labels: Any = None) -> np.ndarray:
    """The column of each true label.

    Args:
        y_true: class numbers from 0, or other labels `(n,)`, or one-hot rows `(n, classes)`.
        classes: how many columns there are.
        labels: the label of each column; by default 0, 1, … where all labels are such numbers,
            and else the labels that occur, sorted.

    Raises:
        InputError: labels that do not fit the columns.
    """
    array = np.asarray(y_true)
    if array.ndim == 2 and array.shape[1] == classes > 1:
        hot = array == 1
        if not ((hot.sum(1) == 1) & ((array == 0) | hot).all(1)).all():
            raise InputError("Each row of a one-hot y_true wants a single 1 and zeros")
        return hot.argmax(1)
    return positions("y_true", _column(array), columns(array, classes, labels))


def columns(y_true: Any, classes: int, labels: Any = None) -> np.ndarray:
    """The label of each of the columns, as `class_numbers` understands them.

    Raises:
        InputError: labels that do not fit the columns.
    """
    array = np.asarray(y_true)
    if labels is not None:
        known = known_labels(labels)
    elif array.ndim == 2 and array.shape[1] == classes > 1:
        known = np.arange(classes)
    else:
        known = np.unique(_column(array))
        if known.dtype.kind in "iufb" and np.isin(known, np.arange(classes)).all():
            known = np.arange(classes)
    if len(known) != classes:
        raise InputError(
            f"There are {len(known)} labels, but {classes} columns of scores; say with "
            f"labels=[…] which class each column is"
        )
    return known


def truths(y_true: Any, positive: Any = None) -> np.ndarray:
    """Which examples are of the positive class, as booleans `(n,)`.

    Args:
        y_true: labels `(n,)` of two classes.
        positive: the label of the positive class; by default 1 among 0 and 1, and else the
            larger of the two.

    Raises:
        InputError: more than two classes, or one class and no `positive`.
    """
    array = _column(np.asarray(y_true))
    known = np.unique(array)
    if len(known) > 2:
        raise InputError(
            f"Scores (n,) want two classes in y_true, got {len(known)}; for more "
            f"give scores (n, classes)"
        )
    if positive is None:
        if known.dtype.kind in "iufb" and np.isin(known, (0, 1)).all():
            positive = 1
        elif len(known) == 2:
            positive = known[1]
        else:
            raise InputError(
                f"All of y_true is {known[0]!s}; say with positive=… which label is "
                f"the positive class"
            )
    elif len(known) == 2 and positive not in known:
        raise InputError(
            f"positive wants one of the labels {known[0]!s} and {known[1]!s}, got {positive!r}"
        )
    return np.asarray(array == positive, bool)


def same_length(y_true: np.ndarray, scores: np.ndarray) -> None:
    """Raises unless there are as many true labels as rows of scores.

    Raises:
        InputError: there are not.
    """
    if len(y_true) != len(scores):
        raise InputError(f"There are {len(y_true)} true labels, but {len(scores)} rows of scores")


def _column(array: np.ndarray) -> np.ndarray:
    return labels_of("y_true", array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array)


def _floats(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} wants numbers, got {np.asarray(values).dtype}; give class numbers for names"
        ) from None
