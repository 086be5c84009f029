"""Bad input is an error before any work starts: checks that stand at the door of `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin import losses
from myelin.errors import InputError, ShapeError
from myelin.layers.base import Layer

_HOW_TO_MEND = "Remove or fill those rows first."


def fit_arguments(epochs: Any, initial_epoch: Any, batch_size: Any, n: int | None) -> None:
    """Checks the numbers that `fit` is given.

    Args:
        epochs, initial_epoch, batch_size: as given.
        n: how many examples there are, None for a stream.

    Raises:
        InputError: one that is no whole number, is out of range, or exceeds the data.
    """
    whole_number("epochs", epochs, 1)
    whole_number("initial_epoch", initial_epoch, 0)
    if batch_size is not None:
        check_batch_size(batch_size, n, strict=True)


def check_batch_size(batch_size: Any, n: int | None, strict: bool = False) -> None:
    """Checks a batch size, against the number of examples too where `strict`."""
    whole_number("batch_size", batch_size, 1)
    if strict and n is not None and batch_size > n:
        raise InputError(f"batch_size={batch_size} is larger than the data: {n} examples")


def whole_number(name: str, value: Any, least: int) -> None:
    """Raises InputError unless `value` is a whole number of at least `least`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise InputError(f"{name} wants a whole number of at least {least}, got {value!r}")


def verbosity(verbose: Any) -> int:
    """How much to print: 0, 1 or 2.

    Raises:
        InputError: none of these, nor "auto".
    """
    if verbose in ("auto", True):
        return 1
    if verbose in (0, 1, 2, False):
        return int(verbose)
    raise InputError(f'verbose wants "auto", 0, 1 or 2, got {verbose!r}')


def finite(name: str, array: Any) -> None:
    """Raises InputError where an array holds NaN or infinity.

    Args:
        name: what to call it.
        array: of any type.
    """
    if array.dtype.kind not in "fcV":
        return
    host = np.asarray(array)
    # A sum is finite only if every term is: one pass without a mask the size of the data.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(host.sum(dtype=np.float32 if host.dtype.kind == "V" else None)):
            return
    bad = ~np.isfinite(host)
    if not bad.any():
        return
    where = tuple(int(axis[0]) for axis in np.nonzero(bad))
    what = "NaN" if np.isnan(host[where]) else "infinity"
    raise InputError(
        f"{name}: holds {what} at {name}[{', '.join(map(str, where))}], and "
        f"{int(bad.sum())} of {host.size} values are not finite. {_HOW_TO_MEND}"
    )


def ready(model: Layer) -> None:
    """Raises InputError where a layer cannot compute yet, such as one that must adapt first."""
    for layer in model.all_layers():
        if (missing := layer.missing()) is not None:
            raise InputError(f"{layer.title}: {missing}")


def targets(loss: Any, y: Any, output_shape: Any, called: str = "y") -> None:
    """Checks that targets fit the loss and one of the model's outputs.

    Args:
        loss: the `Loss` object, or None.
        y: the targets `(n, …)`, or None.
        output_shape: of the output, batch axis first.
        called: what to call the targets.

    Raises:
        InputError: labels outside the classes, or labels of the wrong kind for the loss.
        ShapeError: targets whose shape does not fit the outputs.
    """
    if loss is None:
        return
    if y is None:
        raise InputError(f'{called}: the loss "{loss.name}" wants targets, and there are none')
    # A loss given by name or as a function comes as a wrapper, so the function decides.
    function = getattr(loss, "fn", None)
    if function in _NUMBERED:
        _sparse_labels(np.asarray(y), output_shape, getattr(loss, "ignore_class", None), called)
    elif function in _ONE_HOT:
        _one_hot_labels(y, output_shape, function.__name__, called)
    elif function in _SHARES:
        _same_shape(y, output_shape, called)
        _probabilities(np.asarray(y), function.__name__, called)
    elif function in _ALIKE:
        _same_shape(y, output_shape, called)


_NUMBERED = (
    losses.sparse_categorical_crossentropy,
    losses.categorical_generalized_cross_entropy,
)
_ONE_HOT = (losses.categorical_crossentropy, losses.categorical_focal_crossentropy)
_SHARES = (losses.binary_crossentropy, losses.binary_focal_crossentropy)
# Targets of the outputs' shape; a user's own loss, CTC and Circle may want another.
_ALIKE = (
    losses.mean_squared_error,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_logarithmic_error,
    losses.huber,
    losses.log_cosh,
    losses.cosine_similarity,
    losses.kl_divergence,
    losses.poisson,
    losses.hinge,
    losses.squared_hinge,
    losses.categorical_hinge,
    losses.dice,
    losses.tversky,
)


def _sparse_labels(y: np.ndarray, output_shape: Any, ignored: int | None, called: str) -> None:
    classes = output_shape[-1]
    if y.ndim == len(output_shape) and y.shape[-1] == classes and classes > 1:
        raise InputError(
            f"{called}: sparse_categorical_crossentropy wants labels as whole numbers (n,), got "
            f'{y.shape}, which look one-hot: use loss="categorical_crossentropy", or y.argmax(-1).'
        )
    if y.dtype.kind == "f" and not np.all(y == np.floor(y)):
        raise InputError(
            f"{called}: sparse_categorical_crossentropy wants labels that are whole numbers"
        )
    labels = y if ignored is None else y[y != ignored]
    if labels.size == 0:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        bad = low if low < 0 else high
        raise InputError(
            f"{called}: label {bad} is not one of the model's {classes} classes, "
            f"0 to {classes - 1}. Labels run from {low} to {high}: give the last layer "
            f"{high + 1} units, or "
            "number the labels from 0."
        )


def _one_hot_labels(y: Any, output_shape: Any, name: str, called: str) -> None:
    if len(y.shape) == len(output_shape) and y.shape[-1] == output_shape[-1]:
        return
    raise InputError(
        f"{called}: {name} wants one-hot labels (n, {output_shape[-1]}), got {y.shape}: "
        'use loss="sparse_categorical_crossentropy", or myelin.utils.to_categorical(y).'
    )


def _probabilities(y: np.ndarray, name: str, called: str) -> None:
    if y.size and (float(y.min()) < 0 or float(y.max()) > 1):
        raise InputError(
            f"{called}: {name} wants labels from 0 to 1, got values from {y.min()} to {y.max()}"
        )


def _same_shape(y: Any, output_shape: Any, called: str) -> None:
    given, wanted = list(y.shape[1:]), list(output_shape[1:])
    squeezed = [given, given[:-1] if given[-1:] == [1] else given, [*given, 1]]
    if not any(_matches(shape, wanted) for shape in squeezed):
        raise ShapeError(
            f"{called} of shape {tuple(y.shape)} does not fit the model's outputs of shape "
            f"{output_shape}: give {called} the shape (n, {', '.join(map(str, wanted))})"
        )


def _matches(given: list[int], wanted: list[int | None]) -> bool:
    return len(given) == len(wanted) and all(
        b is None or a == b for a, b in zip(given, wanted, strict=True)
    )
