"""The state of an optimizer in an `.h5` file: a list of arrays, in an order that Keras changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.interop.keras import layout
from myelin.variable import Variable

# The order in which Keras 2 kept what belongs to each variable: one kind after the other.
_KINDS = {
    "SGD": ("momentum",),
    "Adam": ("momentum", "velocity", "velocity_hat"),
    "AdamW": ("momentum", "velocity", "velocity_hat"),
    "Adamax": ("momentum", "norm"),
    "Nadam": ("momentum", "velocity"),
    "RMSprop": ("velocity", "momentum", "average_gradient"),
    "Adagrad": ("accumulator",),
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "Ftrl": ("accumulator", "linear"),
}


def assign(model: Any, arrays: list[np.ndarray]) -> bool:
    """Puts the arrays into the state of a model's optimizer, which it builds.

    Returns:
        Whether they were of a form that is known; nothing was changed where they were not.
    """
    optimizer = model.optimizer
    if not optimizer.built and (len(arrays) > 2 or np.any(arrays[0])):
        optimizer.build(model.trainable_variables)
    for order in (layout.slots(optimizer), _as_keras_2(optimizer)):
        if order is not None and _fits(order, arrays):
            for variable, array in zip(order, arrays, strict=True):
                if isinstance(variable, Variable):
                    variable.assign(array)
            return True
    return False


def _as_keras_2(optimizer: Any) -> list[Variable] | None:
    """The count, then each kind of array for all variables; the rate is in the configuration."""
    kinds = _KINDS.get(type(optimizer).__name__)
    if kinds is None or not optimizer.built:
        return None
    known = {v._keys: v for v in optimizer.variables}
    paths = list(optimizer._trainable or {})
    found = [known["iterations",]]
    for kind in kinds:
        found += [known[key] for path in paths if (key := ("slots", path, kind)) in known]
    return found


def _fits(order: list[Any], arrays: list[np.ndarray]) -> bool:
    return len(order) == len(arrays) and all(
        tuple(v.shape) == a.shape and a.dtype.kind in "iuf"
        for v, a in zip(order, arrays, strict=True)
    )
