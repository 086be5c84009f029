"""The state of an optimizer in an `.h5` file: a list of arrays, in an order that Keras changed."""

from __future__ import annotations

from collections.abc import Mapping
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


def assign_named(
    optimizer: Any, variables: Any, arrays: Mapping[tuple[Any, ...], np.ndarray]
) -> bool:
    """Puts arrays into the state of an optimizer, which it builds.

    Args:
        optimizer: the optimizer.
        variables: those that it moves.
        arrays: by the keys of the state, such as `("iterations",)` or `("slots", 0, "momentum")`,
            where a variable goes by its place.

    Returns:
        Whether they were the whole state; nothing was changed where they were not.
    """
    if len(arrays) == 1 and not np.any(arrays["iterations",]):
        return True
    optimizer.build(variables)
    places = {path: place for place, path in enumerate(optimizer._trainable or {})}
    wanted = {}
    for variable in optimizer.variables:
        kind, *way = variable._keys
        # The rate is in the configuration.
        if kind != "learning_rate":
            wanted[(kind, *(places.get(name, name) for name in way))] = variable
    if set(wanted) != set(arrays):
        return False
    found = [arrays[keys] for keys in wanted]
    if not _fits(list(wanted.values()), found):
        return False
    for variable, array in zip(wanted.values(), found, strict=True):
        variable.assign(array)
    return True


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
