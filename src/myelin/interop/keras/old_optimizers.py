"""The state of an optimizer as Keras 2 kept it: by name, or in an order that it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from myelin.interop.keras import layout
from myelin.optimizers import SGD, Ftrl, Nadam
from myelin.optimizers.state import StateVariable
from myelin.variable import Variable

# 0.96 to this power is lost beside 1.
_WARMING = 1000
# What gives the state of an optimizer in the order of a file, with arrays for what is none here.
Order = Callable[[Any], list[Variable | np.ndarray]]
# The order in which Keras 2 kept what belongs to each variable, one kind after the other.
_KINDS = {
    "SGD": ("momentum",),
    "Adam": ("momentum", "velocity", "velocity_hat"),
    "AdamW": ("momentum", "velocity", "velocity_hat"),
    "Adamax": ("momentum", "norm"),
    "Nadam": ("momentum", "velocity"),
    "RMSprop": ("velocity", "momentum", "average_gradient"),
    "Adagrad": ("accumulator",),
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
}


def assign(model: Any, arrays: list[np.ndarray], order: Order) -> bool:
    """Puts the arrays of a list into the state of a model's optimizer, which it builds.

    Args:
        model: a model that is compiled.
        arrays: the arrays, in the order of the file.
        order: gives the state of an optimizer in that order.

    Returns:
        Whether they were of that form; nothing was changed where they were not.
    """
    optimizer = model.optimizer
    if not optimizer.built and (len(arrays) > 2 or np.any(arrays[0])):
        optimizer.build(model.trainable_variables)
    slots = order(optimizer)
    if not _fits(slots, arrays):
        return False
    for variable, array in zip(slots, arrays, strict=True):
        if isinstance(variable, Variable):
            variable.assign(array)
    if order is not in_keras_3 and isinstance(optimizer, Nadam):
        _restore_product(optimizer)
    return True


in_keras_3: Order = layout.slots


def by_variable(optimizer: Any) -> list[Variable | np.ndarray]:
    """The state as Keras 2 listed it since TensorFlow 2.11: all of a variable, then the next one's.

    The rate is in the configuration; what there is once was left out.
    """
    apart = ("learning_rate", "shared")
    found = [slot for slot in layout.slots(optimizer) if _kind_of(slot) not in apart]
    if isinstance(optimizer, SGD) and not optimizer.momentum and optimizer.built:
        found += [np.zeros(v.shape, v.dtype) for v in (optimizer._trainable or {}).values()]
    return found


def by_kind(optimizer: Any) -> list[Variable | np.ndarray]:
    """The state as Keras 2 listed it before: a kind for all variables, then the next kind."""
    if isinstance(optimizer, Ftrl):
        return by_variable(optimizer)
    known = {v._keys: v for v in optimizer.variables}
    paths = list(optimizer._trainable or {})
    found = [known["iterations",]]
    for kind in _KINDS.get(type(optimizer).__name__, ()):
        found += [known[key] for path in paths if (key := ("slots", path, kind)) in known]
    return found


def _kind_of(slot: Any) -> str:
    return str(slot._keys[0]) if isinstance(slot, StateVariable) else ""


def _restore_product(optimizer: Any) -> None:
    """The product of Nadam's momenta, which follows from the count of steps."""
    count = int(optimizer.iterations)
    # A count comes from a file, and may be anything; after so many steps the factor is beta_1.
    steps = np.arange(1, min(count, _WARMING) + 1)
    product = np.prod(optimizer.beta_1 * (1 - 0.5 * 0.96**steps))
    product *= optimizer.beta_1 ** max(0, count - _WARMING)
    for variable in optimizer.variables:
        if _kind_of(variable) == "shared":
            variable.assign(product)


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
        Whether they were the whole state, or more; nothing was changed where they were not.
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
    if not set(wanted) <= set(arrays):
        return False
    found = [arrays[keys] for keys in wanted]
    if not _fits(list(wanted.values()), found):
        return False
    for variable, array in zip(wanted.values(), found, strict=True):
        variable.assign(array)
    return True


def _fits(order: list[Any], arrays: list[np.ndarray]) -> bool:
    return len(order) == len(arrays) and all(
        tuple(v.shape) == a.shape and a.dtype.kind in "iuf"
        for v, a in zip(order, arrays, strict=True)
    )
