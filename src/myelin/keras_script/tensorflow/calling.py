"""Functions of `ops` and jax, called with TensorFlow's arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from myelin.ops.convert import operand


def renamed(function: Callable[..., Any], **names: str) -> Any:
    """`function`, which also takes TensorFlow's `name=`, and arguments by TensorFlow's names.

    Args:
        function: of `ops`, or of jax on arrays.
        names: TensorFlow's name of an argument, and the function's own.
    """

    @functools.wraps(function)
    def call(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
        for theirs, own in names.items():
            if theirs in kwargs:
                kwargs[own] = kwargs.pop(theirs)
        return function(*args, **kwargs)

    return call


def unary(function: Callable[[Any], Any]) -> Any:
    """A function of one array, which TensorFlow calls `x`, `input`, `features` or the like."""

    @functools.wraps(function)
    def call(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values()]
        if len(given) != 1:
            raise TypeError(f"{function.__name__} takes one array, got {len(given)} arguments")
        return function(given[0])

    return call


def of_array(function: Callable[[Any], Any]) -> Any:
    """The same for a function of jax's, which knows no variables."""
    return unary(functools.wraps(function)(lambda x: function(tensor(x))))


def tensor(x: Any) -> Any:
    """`x` as an array."""
    return jnp.asarray(operand(x))
