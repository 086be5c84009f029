"""The target: classes or values, decided from what it holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError

# Whole numbers with at most this many different values are taken for classes.
MOST_NUMBERED_CLASSES = 20


@dataclass(frozen=True)
class Target:
    """What the network predicts.

    Attributes:
        classes: their names in the order of the outputs; None for a number.
        name: the column, where there is one.
    """

    classes: tuple[str, ...] | None
    name: str | None = None

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"

    def encode(self, y: np.ndarray) -> np.ndarray:
        """The number of each target's class `(n,)`, or its value as float64.

        Raises:
            InputError: a class that was not in the training data, or text instead of a number.
        """
        if self.classes is None:
            if y.dtype.kind != "f":
                raise InputError(f"{self.title} holds text ({y[0]!r}), but the model wants numbers")
            return y
        place = {name: i for i, name in enumerate(self.classes)}
        names = as_text(y)
        unknown = [name for name in names if name not in place]
        if unknown:
            raise InputError(
                f'{self.title}: "{unknown[0]}" is not one of the model\'s classes: '
                f"{shortened(self.classes)}"
            )
        return np.array([place[name] for name in names], np.int32)

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return f'the target "{self.name}"' if self.name else "the target"


def decide(y: np.ndarray, name: str | None, forced: str | None, labels: bool) -> tuple[Target, str]:
    """Classes or values, and the sentence that says why.

    Args:
        y: the targets of all training rows, float64 or text.
        name: of the column, or None.
        forced: "classification", "regression", or None to go by the target.
        labels: whether whole numbers are known to be class labels.

    Raises:
        InputError: a target that cannot be learned: all the same, text that is different in
            most rows, a class with a single example.
    """
    target = Target(None, name)
    distinct = len(set(y.tolist()))
    if distinct == 1:
        raise InputError(f"{target.title} is {as_text(y[:1])[0]} in every row: nothing to learn")
    whole = y.dtype.kind == "f" and bool(np.all(y == np.floor(y)))
    is_text = y.dtype.kind != "f"
    numbered = whole and (
        distinct <= min(MOST_NUMBERED_CLASSES, max(2, len(y) // 3)) or (labels and _counts_up(y))
    )
    if forced == "regression" and is_text:
        raise InputError(f"--task regression wants numbers, but {target.title} holds {y[0]!r}")
    if forced == "regression" or (forced is None and not is_text and not numbered):
        reason = "as asked" if forced else "the target holds numbers of many values"
        return target, f"Regression, {reason}."
    if forced is None and is_text and distinct > max(20, len(y) // 2):
        raise InputError(
            f"{target.title} has {distinct} different texts in {len(y)} rows: those are no classes"
        )
    target = Target(_classes(y), name)
    _enough_of_each(y, target)
    what = "text" if is_text else "whole numbers of few values"
    reason = "as asked" if forced else f"the target holds {what}"
    return target, f"Classification into {distinct} classes, {reason}."


def _counts_up(y: np.ndarray) -> bool:
    """Whether the values are 0, 1, 2 … without a gap, several rows each."""
    values = np.unique(y)
    return bool(np.array_equal(values, np.arange(len(values)))) and len(values) * 2 <= len(y)


def _classes(y: np.ndarray) -> tuple[str, ...]:
    return tuple(as_text(np.array(sorted(set(y.tolist())), y.dtype)))


def _enough_of_each(y: np.ndarray, target: Target) -> None:
    counts = Counter(as_text(y))
    single = [name for name in target.classes or () if counts[name] < 2]
    if single:
        those = "it" if len(single) == 1 else "them"
        what = f"class {single[0]} has" if len(single) == 1 else f"classes {shortened(single)} have"
        remedy = "" if y.dtype.kind != "f" else ", or use --task regression"
        raise InputError(
            f"{target.title}: the {what} one example, and one is needed to learn from and another "
            f"to judge by. Add more, or leave {those} out{remedy}"
        )


def as_text(y: np.ndarray) -> list[str]:
    """The class names of targets: whole numbers without a point, text as it is."""
    if y.dtype.kind != "f":
        return [str(value) for value in y.tolist()]
    return [str(int(v)) if v == np.floor(v) else repr(v) for v in y.tolist()]


def shortened(names: Any, most: int = 10) -> str:
    """The names with commas, the first few of many."""
    listed = list(names)
    rest = f" … ({len(listed)} in all)" if len(listed) > most else ""
    return ", ".join(str(name) for name in listed[:most]) + rest
