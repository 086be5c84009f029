"""What makes a score look better than it is, found in the data before anyone believes it."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from myelin.errors import InputError, RiskWarning

# Rows that a feature must agree with the target on before all rows are looked at.
_FIRST_LOOK = 256
# How near a feature must lie to a multiple of the target, in shares of the target's spread.
_AFFINE_WITHIN = 1e-6
# How many classes, folds or features a sentence names.
_MOST_NAMED = 5


@dataclass(frozen=True)
class Risk:
    """Something that makes a score untrustworthy.

    Attributes:
        name: of the kind of risk, such as "duplicate rows".
        sentence: what was found, what it does to the score, and how to mend it.
        details: the rows, folds, features or classes, by name.
    """

    name: str
    sentence: str
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence


def warn_of(risks: Iterable[Risk | None]) -> list[Risk]:
    """Warns of each risk.

    Args:
        risks: what the functions of this module gave, None among them.

    Returns:
        The risks without None.

    Warns:
        RiskWarning: for each of them.
    """
    found = [risk for risk in risks if risk is not None]
    for risk in found:
        warnings.warn(risk.sentence, RiskWarning, stacklevel=2)
    return found


def duplicate_rows(x_train: Any, x_test: Any) -> Risk | None:
    """Test rows that the training data hold too, to the bit.

    Args:
        x_train: inputs `(n, …)`: numbers, strings or objects; arrays, lists or frames.
        x_test: inputs `(m, …)`, each row of the same shape.

    Returns:
        The risk with `test_rows` and the first of the same `train_rows`; or None.

    Raises:
        InputError: rows of different shapes, or objects that cannot be compared.
    """
    train, test = np.asarray(x_train), np.asarray(x_test)
    if train.ndim < 1 or train.shape[1:] != test.shape[1:]:
        raise InputError(
            f"duplicate_rows wants rows of one shape, got {train.shape[1:]} and {test.shape[1:]}"
        )
    numeric = train.dtype.kind in "biuf" and test.dtype.kind in "biuf"
    common = np.result_type(train, test) if numeric else np.dtype(object)
    first: dict[Any, int] = {}
    for row, key in enumerate(_keys(train, common)):
        first.setdefault(key, row)
    pairs = [(row, first[key]) for row, key in enumerate(_keys(test, common)) if key in first]
    if not pairs:
        return None
    share = len(pairs) / len(test)
    return Risk(
        "duplicate rows",
        f"{len(pairs):,} of {len(test):,} test rows ({share:.1%}) also stand in the training data, "
        f"such as test row {pairs[0][0]}, so the score says less about new data than it seems to. "
        "Leave them out of one of the two.",
        {
            "test_rows": np.array([row for row, _ in pairs]),
            "train_rows": np.array([row for _, row in pairs]),
        },
    )


def _keys(rows: np.ndarray, common: np.dtype[Any]) -> Iterable[Any]:
    """Something for each row that is equal where rows are equal; NaN is taken to equal NaN."""
    if common.kind == "O":
        plain = rows.reshape(len(rows), -1).tolist() if rows.size else [[] for _ in rows]
        try:
            keys = [tuple("\0NaN" if value != value else value for value in row) for row in plain]
            hash(tuple(keys))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"duplicate_rows cannot compare objects of this kind ({error}); "
                "give numbers or strings"
            ) from None
        return keys
    return (
        # Adding 0 makes -0 the 0 that it equals.
        hashlib.blake2b((row.astype(common) + common.type(0)).tobytes(), digest_size=16).digest()
        for row in rows
    )


def missing_classes(y: Any, folds: Iterable[Any]) -> Risk | None:
    """Classes that a fold's training or test part lacks.

    Args:
        y: labels `(n,)`, or one-hot rows.
        folds: pairs `(train, test)` of row numbers.

    Returns:
        The risk with `missing`, a list of `(fold from 0, "training" or "test", classes)`; or None.

    Raises:
        InputError: y is of no such shape.
    """
    labels = _labels(y)
    known = np.unique(labels)
    missing = [
        (number, part, absent.tolist())
        for number, rows in enumerate(folds)
        for part, own in zip(("training", "test"), rows, strict=True)
        if len(absent := np.setdiff1d(known, labels[np.asarray(own)]))
    ]
    if not missing:
        return None
    told = [
        f"the {part} part of fold {number + 1} lacks class {_listed(classes)}"
        for number, part, classes in missing
    ]
    all_told = _listed(told, quoted=False)
    return Risk(
        "a class missing from a fold",
        f"{all_told[0].upper()}{all_told[1:]}: a class that is not trained on cannot be found, "
        "and one that is not tested has no score. Take fewer folds, stratified ones, or more "
        "examples.",
        {"missing": missing},
    )


def constant_target(y: Any) -> Risk | None:
    """A target that is the same everywhere, so that there is nothing to learn.

    Args:
        y: labels or values `(n,)` or `(n, outputs)`, or one-hot rows.

    Returns:
        The risk with `columns`, the outputs that are constant; or None.

    Raises:
        InputError: a single value, or no rows.
    """
    table = _table("y", y)
    if not len(table):
        raise InputError("constant_target wants at least one row")
    if _is_one_hot(table):
        # A class that never occurs leaves a column of zeros, which is no constant target.
        table = table.argmax(1)[:, None]
    same = [j for j in range(table.shape[1]) if (table[:, j] == table[0, j]).all()]
    if not same:
        return None
    what = "The target" if table.shape[1] == 1 else f"Output {same[0]} of the target"
    return Risk(
        "a constant target",
        f"{what} is {table[0, same[0]]} in all {len(table):,} rows, so a model that always says so "
        "is perfect, and its score means nothing. Look at where the target comes from.",
        {"columns": same},
    )


def target_among_features(x: Any, y: Any, names: Sequence[str] | None = None) -> Risk | None:
    """Features that tell the target outright.

    Such a one equals the target, or a multiple of it with a number added, or gives each class a
    code of its own.

    Args:
        x: inputs `(n, …)`, each row of which is taken for a list of features.
        y: labels or values `(n,)` or `(n, 1)`, or one-hot rows.
        names: of the features; the column names of a frame, or their numbers, when None.

    Returns:
        The risk with `features`, a list of `(name, "equal", "affine" or "code")`; or None. None
        too where y is constant, of which `constant_target` tells.

    Raises:
        InputError: lengths that differ, or as many names as there are no features.
    """
    if names is None:
        names = getattr(x, "columns", None)
    table, target = _table("x", x), _labels(y)
    if len(table) != len(target):
        raise InputError(f"There are {len(table)} rows of x, but {len(target)} targets")
    called = [str(j) for j in range(table.shape[1])] if names is None else list(map(str, names))
    if len(called) != table.shape[1]:
        raise InputError(f"There are {table.shape[1]} features, but {len(called)} names")
    target = _plain(target)
    if len(np.unique(target)) < 2:
        return None
    # Where no class occurs twice, any list of different values has one for each.
    repeated = len(np.unique(target)) <= len(target) / 2
    found = []
    for j, name in enumerate(called):
        feature = _plain(table[:, j])
        if not _tells(feature[:_FIRST_LOOK], target[:_FIRST_LOOK]):
            continue
        how = _tells(feature, target)
        if how and (repeated or how != "code"):
            found.append((name, how))
    if not found:
        return None
    means = {"equal": "is the target", "affine": "is the target on another scale",
             "code": "has a value of its own for each class"}  # fmt: skip
    told = [f"{name} {means[how]}" for name, how in found]
    return Risk(
        "the target among the features",
        f"Feature {_listed(told, quoted=False)}: the model reads the answer off it. Leave it out, "
        "unless it is known before the target is.",
        {"features": found},
    )


def _plain(column: np.ndarray) -> np.ndarray:
    """Numbers where objects are numbers, and else strings."""
    if column.dtype.kind != "O":
        return column
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError):
        return column.astype(str)


def _tells(feature: np.ndarray, target: np.ndarray) -> str | None:
    """How a feature tells the target, or None."""
    numeric = feature.dtype.kind in "biuf" and target.dtype.kind in "biuf"
    if not numeric:
        feature, target = feature.astype(str), target.astype(str)
    if (feature == target).all():
        return "equal"
    if numeric and _is_affine(feature.astype(np.float64), target.astype(np.float64)):
        return "affine"
    values, classes = np.unique(feature), np.unique(target)
    if len(values) != len(classes):
        return None
    pairs = np.searchsorted(values, feature) * len(classes) + np.searchsorted(classes, target)
    return "code" if len(np.unique(pairs)) == len(classes) else None


def _is_affine(feature: np.ndarray, target: np.ndarray) -> bool:
    """Whether the target is a multiple of the feature, plus a number."""
    if len(target) < 3 or not (np.isfinite(feature).all() and np.isfinite(target).all()):
        return False
    feature, target = feature - feature.mean(), target - target.mean()
    power = np.square(feature).sum()
    if not power or not target.any():
        return False
    left = target - feature * (feature @ target / power)
    return bool(np.abs(left).max() <= _AFFINE_WITHIN * np.abs(target).max())


def single_class(y_pred: Any) -> Risk | None:
    """Predictions that are all of one class.

    Args:
        y_pred: predicted labels `(n,)` or `(n, 1)`, or one-hot rows.

    Returns:
        The risk with `label`; or None, as for fewer than two predictions.

    Raises:
        InputError: another shape.
    """
    labels = _labels(y_pred)
    if len(labels) < 2 or not (labels == labels[0]).all():
        return None
    return Risk(
        "predictions all of one class",
        f"All {len(labels):,} predictions are {labels[0]!s}: the accuracy is that class's share, "
        "and the model tells nothing apart. Train longer or with another learning rate, or weigh "
        "the classes.",
        {"label": labels[0].item() if hasattr(labels[0], "item") else labels[0]},
    )


def _table(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim < 1:
        raise InputError(f"{name} wants rows (n, …), got a single value")
    return array.reshape(len(array), -1) if array.size else array.reshape(len(array), 0)


def _labels(values: Any) -> np.ndarray:
    """Labels `(n,)`; of one-hot rows the class numbers."""
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] > 1 and _is_one_hot(array):
        return array.argmax(1)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"Labels want the shape (n,), or one-hot rows, got {array.shape}")
    return array


def _is_one_hot(table: np.ndarray) -> bool:
    if table.dtype.kind not in "biuf" or table.ndim != 2 or table.shape[1] < 2:
        return False
    return bool(((table == 0) | (table == 1)).all() and (table.sum(1) == 1).all())


def _listed(items: Sequence[Any], quoted: bool = True) -> str:
    """The first few in words, and how many more there are."""
    shown = [repr(item) if quoted else str(item) for item in items[:_MOST_NAMED]]
    more = [f"{len(items) - len(shown)} more"] if len(items) > len(shown) else []
    *most, last = shown + more
    return f"{', '.join(most)} and {last}" if most else last
