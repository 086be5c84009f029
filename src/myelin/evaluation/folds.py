"""Which rows train and which test in each fold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import numpy as np

from myelin.errors import InputError
from myelin.training.data import Arrays


class Split(NamedTuple):
    """The rows of one fold.

    Attributes:
        train, test: row numbers, none of them in both.
    """

    train: np.ndarray
    test: np.ndarray


def make_folds(
    cv: Any, data: Arrays, *, groups: Any = None, classes: bool = False, seed: int = 0
) -> list[Split]:
    """The folds that `cv` stands for.

    Args:
        cv: a number of folds, 2 or more, drawn at random; a splitter of scikit-learn; or pairs
            `(train, test)` of row numbers or masks.
        data: all rows.
        groups: one label per row; rows of one label stay together (`GroupKFold` where `cv` is a
            number).
        classes: whether the targets are classes, each of which every fold gets its share of.
        seed: of the draw where `cv` is a number.

    Raises:
        InputError: folds that cannot be made, are empty, out of range, or train on what they test.
    """
    n = len(data)
    labels = class_labels(data.y) if classes else None
    splitter = cv
    if isinstance(cv, int | np.integer):
        _check_number(cv, n, labels if groups is None else None)
        if groups is None:
            return deal(int(cv), n, labels, seed)
        from sklearn.model_selection import GroupKFold

        splitter = GroupKFold(int(cv))
    if hasattr(splitter, "split"):
        y = (
            labels
            if labels is not None
            else jax.tree.leaves(data.y)[0]
            if data.y is not None
            else None
        )
        try:
            pairs: Iterable[Any] = list(splitter.split(np.zeros((n, 1)), y, groups))
        except ValueError as error:
            raise InputError(f"cv: {splitter} cannot split these data: {error}") from error
    else:
        pairs = splitter
    try:
        found = [Split(*(_row_numbers(part, n) for part in pair)) for pair in pairs]
    except TypeError:
        raise InputError(
            "cv wants a number of folds, a splitter of scikit-learn, or pairs (train, test) of "
            f"row numbers, got {cv!r}"
        ) from None
    if not found:
        raise InputError("cv gives no folds")
    for index, split in enumerate(found):
        _check(index, split)
    return found


def deal(k: int, n: int, labels: np.ndarray | None, seed: int) -> list[Split]:
    """Folds drawn at random: the rows, shuffled, are dealt out like cards, class by class.

    So of every class, and of all rows, no fold has more than one more than another. As with
    scikit-learn's `StratifiedKFold` and `KFold`, whose import would take longer than many a
    cross-validation.

    Args:
        k: the number of folds.
        n: of rows.
        labels: the class of each row, or None.
        seed: of the draw.
    """
    order = np.random.default_rng(seed).permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(n, np.int64)
    fold[order] = np.arange(n) % k
    return [Split(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]


def _check_number(cv: Any, n: int, labels: np.ndarray | None) -> None:
    if isinstance(cv, bool) or not 2 <= cv <= n:
        raise InputError(f"cv wants from 2 folds to as many as there are rows ({n}), got {cv}")
    if labels is None:
        return
    rarest = np.bincount(np.unique(labels, return_inverse=True)[1]).min()
    if rarest < cv:
        raise InputError(
            f"cv={cv}: the rarest class has {rarest} examples, fewer than folds, so some fold "
            "would lack it. Take fewer folds, or give a splitter that allows it"
        )


def class_labels(y: Any) -> np.ndarray:
    """Class numbers or names `(n,)` from labels, columns of labels, or one-hot rows."""
    labels = np.asarray(jax.tree.leaves(y)[0])
    if labels.ndim > 1 and labels.shape[-1] > 1:
        return np.asarray(labels.argmax(-1)).reshape(len(labels), -1)[:, 0]
    return labels.reshape(len(labels), -1)[:, 0]


def _row_numbers(part: Any, n: int) -> np.ndarray:
    rows = np.asarray(part)
    if rows.dtype == bool and rows.shape == (n,):
        return np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.dtype.kind not in "iu" and rows.size):
        raise InputError(f"cv: wants row numbers (m,), got {rows.dtype} of shape {rows.shape}")
    if rows.size and not -n <= rows.min() <= rows.max() < n:
        raise InputError(f"cv: a row number is out of range: there are {n} rows")
    return np.where(rows < 0, rows + n, rows).astype(np.int64)


def _check(index: int, split: Split) -> None:
    name = f"cv: fold {index + 1}"
    for part, rows in (("training", split.train), ("test", split.test)):
        if not len(rows):
            raise InputError(f"{name} has no {part} rows")
    both = np.intersect1d(split.train, split.test)
    if len(both):
        raise InputError(
            f"{name} trains on {len(both)} of the rows that it tests, such as row {both[0]}: its "
            "score would say nothing about new data"
        )
