"""What an optimizer's arguments may be, said once."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from myelin import errors
from myelin.errors import InputError

# Arguments of earlier Keras versions, and what to write now.
_OLD = {
    "lr": "it is called learning_rate now",
    "decay": "pass learning_rate=InverseTimeDecay(rate, decay_steps=1, decay_rate=decay) instead",
}


def checked_rate(owner: Any, value: Any) -> np.ndarray:
    """A learning rate as a float32 scalar.

    Raises:
        InputError: not one finite number ≥ 0.
    """
    name = type(owner).__name__
    wants = f"{name}: learning_rate wants a number >= 0, a schedule or a function of the step"
    if isinstance(value, str | bool) or value is None:
        raise InputError(f"{wants}, got {value!r}")
    try:
        rate = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{wants}, got {value!r}") from error
    if rate.shape != ():
        raise InputError(f"{wants}, got an array of shape {rate.shape}")
    if not math.isfinite(rate):
        raise InputError(f"{wants}, got {value!r}")
    if rate < 0:
        raise InputError(f"{wants}, got {value!r}; to climb, negate the loss")
    return rate


def check_range(owner: Any, low: float = 0.0, high: float = 1.0, **values: Any) -> None:
    """Raises InputError unless every value is a number in `[low, high]`."""
    for name, value in values.items():
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            within = f"from {low} to {high}" if math.isfinite(high) else f">= {low}"
            raise InputError(
                f"{type(owner).__name__}: {name} wants a number {within}, got {value!r}"
            )


def check_clipping(owner: Any, **limits: float | None) -> None:
    """Raises InputError where more than one way of clipping is asked for, or a negative limit."""
    given = {name: limit for name, limit in limits.items() if limit is not None}
    if len(given) > 1:
        raise InputError(
            f"{type(owner).__name__}: only one of clipnorm, clipvalue and global_clipnorm can be "
            f"set, got {given}"
        )
    check_range(owner, high=math.inf, **given)


def check_accumulation(owner: Any, steps: Any) -> None:
    """Raises InputError unless `steps` is None or a whole number ≥ 2."""
    if steps and not (isinstance(steps, int | np.integer) and steps >= 2):
        raise InputError(
            f"{type(owner).__name__}: gradient_accumulation_steps wants a whole number >= 2 or "
            f"None, got {steps!r}"
        )


def check_average(owner: Any, momentum: Any, frequency: Any) -> None:
    """Raises InputError unless the settings of the moving average are possible."""
    check_range(owner, ema_momentum=momentum)
    if frequency and not (isinstance(frequency, int | np.integer) and frequency >= 1):
        raise InputError(
            f"{type(owner).__name__}: ema_overwrite_frequency wants a whole number >= 1 or None, "
            f"got {frequency!r}"
        )


def reject_unknown(owner: Any, arguments: dict[str, Any]) -> None:
    """Raises for arguments that no optimizer takes, naming what to write in their place.

    Raises:
        InputError: an argument of an earlier Keras.
        UnknownNameError: any other, with the nearest that exists.
    """
    for name, value in arguments.items():
        if name == "decay" and not value:
            continue  # Written by old configurations that do not use it.
        if name in _OLD:
            raise InputError(f'{type(owner).__name__} has no argument "{name}": {_OLD[name]}')
        known = inspect.signature(type(owner)).parameters
        raise errors.unknown_name(f"argument of {type(owner).__name__}", name, known)
