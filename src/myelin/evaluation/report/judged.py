"""Targets and outputs of the rows that judge, in one form whatever form they came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.evaluation import checks

# Under mixed precision the sum of probabilities is 1 within a hundredth.
_SUM_WITHIN = 0.02


@dataclass(frozen=True)
class Judged:
    """Targets and predictions, row by row.

    Attributes:
        classes: their names; None where numbers are predicted.
        y: the class numbers `(n,)`, or the true values as float64.
        predicted: the same, as the model says.
        probabilities: `(n, classes)`, each row with the sum 1; None for numbers.
        notes: sentences on how the outputs were read.
    """

    classes: tuple[str, ...] | None
    y: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def read(
    outputs: Any, y: Any, loss: Any = None, class_names: Sequence[Any] | None = None
) -> Judged:
    """Reads outputs and targets as classes or as numbers.

    They are classes where names are given, where the loss is a cross-entropy, where several
    outputs stand beside whole numbers or one-hot rows, and where y holds booleans.

    Args:
        outputs: `(n, classes)`, `(n, 1)` or `(n,)`: probabilities, logits or values.
        y: class numbers or class names `(n,)`, one-hot rows `(n, classes)`, or values `(n,)`.
        loss: what the model was compiled with.
        class_names: a name for each class.

    Raises:
        ShapeError: several outputs an example that are no classes, or lengths that differ.
        InputError: labels outside the classes, or outputs that are not finite.
    """
    outputs, y = as_rows(outputs), np.asarray(y)
    if len(outputs) != len(y):
        raise ShapeError(f"report: {len(outputs)} outputs but {len(y)} targets")
    if not len(y):
        raise InputError("report: there are no rows to judge by")
    if not np.isfinite(outputs).all():
        raise InputError(
            "report: the outputs of the model hold NaN or infinity, so there is nothing to judge; "
            "train with a smaller learning rate, or look for such values in the weights"
        )
    if not _are_classes(outputs, y, loss, class_names):
        return _values(outputs, y)
    probabilities, notes = _probabilities(outputs, loss)
    names = _names(class_names, probabilities.shape[1])
    labels = encode(y, names)
    return Judged(names, labels, probabilities.argmax(1), probabilities, notes)


def as_rows(outputs: Any) -> np.ndarray:
    """The outputs as `(n, outputs)`.

    Raises:
        InputError: several outputs.
        ShapeError: another shape.
    """
    if isinstance(outputs, dict | list | tuple):
        raise InputError(
            "report judges one output: pass a model of the output that you mean, as in "
            "Model(model.inputs, model.outputs[0]), compiled with that output's loss"
        )
    array = np.asarray(outputs)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2:
        raise ShapeError(
            f"report wants outputs (n, classes) or (n, 1), got {(None, *array.shape[1:])}"
        )
    return array


def _are_classes(outputs: np.ndarray, y: np.ndarray, loss: Any, class_names: Any) -> bool:
    if class_names is not None or y.dtype.kind in "bUSO" or "crossentropy" in _name(loss):
        return True
    if outputs.shape[1] == 1:
        return False
    return (y.ndim == 1 and y.dtype.kind in "iu") or _is_one_hot(y, outputs.shape[1])


def _name(loss: Any) -> str:
    named = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    return str(named).lower().replace("_", "").replace("cross entropy", "crossentropy")


def _is_one_hot(y: np.ndarray, width: int) -> bool:
    return (
        y.ndim == 2
        and y.shape[1] == width > 1
        and bool(np.isin(y, (0, 1)).all() and (y.sum(1) == 1).all())
    )


def _values(outputs: np.ndarray, y: np.ndarray) -> Judged:
    if outputs.shape[1] != 1 or (y.ndim > 1 and y.shape[1:] != (1,)):
        raise ShapeError(
            f"report judges one value an example, got outputs {(None, *outputs.shape[1:])} and "
            f"targets {(None, *y.shape[1:])}: report each target with a model of its own output"
        )
    true = y.reshape(-1).astype(np.float64)
    if not np.isfinite(true).all():
        raise InputError("report: the targets hold NaN or infinity: leave those rows out")
    return Judged(None, true, outputs.reshape(-1).astype(np.float64))


def _probabilities(outputs: np.ndarray, loss: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """A probability for each class, `(n, classes)` float64."""
    outputs = outputs.astype(np.float64)
    inside = bool((outputs >= 0).all() and (outputs <= 1).all())
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    logits = bool(config.get("from_logits"))
    if outputs.shape[1] == 1:
        if logits or not inside:
            outputs, logits = 1 / (1 + np.exp(-np.clip(outputs, -700, 700))), True
        outputs = np.concatenate([1 - outputs, outputs], 1)
    elif logits or not inside or (np.abs(outputs.sum(1) - 1) > _SUM_WITHIN).any():
        powers = np.exp(outputs - outputs.max(1, keepdims=True))
        outputs, logits = powers / powers.sum(1, keepdims=True), True
    note = "The outputs were taken for logits, and made into probabilities that sum to 1."
    return outputs, (note,) if logits else ()


def _names(given: Sequence[Any] | None, classes: int) -> tuple[str, ...]:
    if given is None:
        return tuple(map(str, range(classes)))
    if len(given) != classes:
        raise InputError(
            f"report: class_names holds {len(given)} names, but the model has {classes} classes"
        )
    return tuple(map(str, given))


def encode(y: Any, classes: tuple[str, ...]) -> np.ndarray:
    """The class numbers of labels, names or one-hot rows, `(n,)`.

    Raises:
        InputError: a label outside the classes.
    """
    y = np.asarray(y)
    if y.dtype.kind in "USO":
        return checks.class_numbers(y.astype(str), len(classes), np.array(classes))
    return checks.class_numbers(y, len(classes), np.arange(len(classes)))
