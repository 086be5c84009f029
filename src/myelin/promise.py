"""`Promise`: what stands for an array before there are numbers, and how functions take it.

A function of arrays that is `lifted` computes nothing when a promise is among its arguments: it
leaves the call to the promise, which notes it for the model that is being made.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar, cast

_NESTS = (list, tuple, dict)

P = ParamSpec("P")
R = TypeVar("R")


class Promise:
    """The base of promises, which knows no layers; `myelin.layers.KerasTensor` is the one there is.

    Attributes:
        shape: sizes, None where any size will do.
        dtype: the type of its numbers.
        operate: `(name, function, args, kwargs) -> promises` of what a lifted function gives.
    """

    shape: tuple[int | None, ...]
    dtype: str
    operate: Callable[[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


def lifted(function: Callable[P, R], name: str | None = None) -> Callable[P, R]:
    """`function`, which also takes promises, and then promises what it would give.

    Args:
        function: of arrays and settings; promises may stand for arrays, also in lists, tuples and
            dictionaries.
        name: what the operation is called; the function's name when None.
    """
    called = name or function.__name__

    @functools.wraps(function)
    def operation(*args: P.args, **kwargs: P.kwargs) -> R:
        promise = first(args)
        if promise is None and kwargs:
            promise = first(kwargs.values())
        if promise is None:
            return function(*args, **kwargs)
        return cast(R, promise.operate(called, function, args, kwargs))

    return operation


def lift(namespace: dict[str, Any], names: Iterable[str]) -> None:
    """Lifts the functions of a module that go by some names, for the end of that module."""
    for name in names:
        namespace[name] = lifted(namespace[name], name)


def first(values: Iterable[Any]) -> Promise | None:
    """The first promise among values and what lists, tuples and dictionaries among them hold."""
    for value in values:
        if isinstance(value, Promise):
            return value
        if isinstance(value, _NESTS):
            found = first(value.values() if isinstance(value, dict) else value)
            if found is not None:
                return found
    return None
