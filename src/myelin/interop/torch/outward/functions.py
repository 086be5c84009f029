"""Functions of `myelin.ops` and `myelin.activations` in torch: the table, and how it is read."""

from __future__ import annotations

import inspect
from typing import Any

import jax
import numpy as np

from myelin import activations
from myelin.errors import InputError, nearest
from myelin.interop.torch.outward.building import Building, Proxy, is_proxy, refused
from myelin.interop.torch.outward.function_table import FUNCTIONS, Function
from myelin.layers.operation import function_named, takes_array
from myelin.variable import Variable


def activated(b: Building, layer: Any, x: Proxy) -> Proxy:
    """What the activation of a layer, where it has one, makes of x."""
    return x if layer.activation is None else applied(b, layer, layer.activation, x)


def applied(b: Building, layer: Any, function: Any, x: Proxy) -> Proxy:
    """What an activation makes of x: a function of the table, or one of the user's own."""
    name = getattr(function, "__name__", "")
    if name in FUNCTIONS and function in activations.NAMES.values():
        bound = inspect.signature(function).bind(x)
        bound.apply_defaults()
        return FUNCTIONS[name](**bound.arguments)
    return b.traced(layer, function, x)


def activation(name: str) -> Function:
    """The torch form of the activation of a name."""
    return FUNCTIONS[name]


def operation(b: Building, layer: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What an operation gives for proxies, constants and variables.

    Raises:
        InputError: a function that is not in the table, or arguments that it does not know.
    """
    if layer.function not in FUNCTIONS:
        raise InputError(
            f"to_torch: the function ops.{layer.function} has no torch form here. "
            f"{nearest(layer.function, FUNCTIONS)}"
        )
    function = FUNCTIONS[layer.function]
    args, kwargs = jax.tree.map(
        lambda leaf: _constant(b, leaf), (tuple(args), kwargs), is_leaf=_is_leaf
    )
    given = _bound(layer, list(args), {**layer.arguments, **kwargs})
    if "b" in inspect.signature(function).parameters:
        given["b"] = b
    try:
        inspect.signature(function).bind(**given)
    except TypeError as error:
        raise refused(layer, f"has arguments that its torch form has not: {error}") from None
    return function(**given)


def _is_leaf(value: Any) -> bool:
    return is_proxy(value) or isinstance(value, Variable)


def _constant(b: Building, value: Any) -> Any:
    """A variable as a parameter, an array as a buffer or a number; all else as it is."""
    known = b.variable_of(value)
    if known is not None:
        return b.parameter(known, known.name, known)
    if not isinstance(value, jax.Array | np.ndarray | np.generic):
        return value
    array = np.asarray(value)
    return array.item() if array.ndim == 0 else b.constant(array)


def _bound(layer: Any, arrays: list[Any], given: dict[str, Any]) -> dict[str, Any]:
    """Each argument of an operation's function by name, with its defaults."""
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(function_named(layer.function)).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            found[name], arrays = arrays, []
        elif name in given:
            found[name] = given.pop(name)
        elif arrays and takes_array(layer.function, name):
            found[name] = arrays.pop(0)
        elif parameter.default is not inspect.Parameter.empty:
            found[name] = parameter.default
    return found
