"""`Operation`: what an operator between promises, such as `a + b`, becomes in a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from myelin import naming
from myelin.errors import unknown_name
from myelin.layers.base import Layer


class Operation(Layer):
    """Computes one function of `FUNCTIONS` on whatever it is called with.

    Args:
        function: the name of the function.
        name: its name; made from the function's when None.

    Raises:
        UnknownNameError: there is no such function.
    """

    def __init__(self, function: str, name: str | None = None, **kwargs: Any) -> None:
        if function not in FUNCTIONS:
            raise unknown_name("operation", function, FUNCTIONS)
        super().__init__(name=name or naming.auto_name(function), **kwargs)
        self.function = function
        self.built = True

    def call(self, inputs: Any, *args: Any) -> Any:
        """The function of the inputs and of what else it takes."""
        return FUNCTIONS[self.function](inputs, *args)

    @property
    def kind(self) -> str:
        """The function as a class name, such as `"TrueDivide"`, for tables."""
        return self.function.title().replace("_", "")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "absolute": jnp.abs,
    "add": jnp.add,
    "floor_divide": jnp.floor_divide,
    # A file keeps a tuple of indices as a list.
    "get_item": lambda x, key: x[tuple(key) if isinstance(key, list) else key],
    "greater": jnp.greater,
    "greater_equal": jnp.greater_equal,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "logical_and": jnp.logical_and,
    "logical_not": jnp.logical_not,
    "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor,
    "matmul": jnp.matmul,
    "mod": jnp.mod,
    "multiply": jnp.multiply,
    "negative": jnp.negative,
    "power": jnp.power,
    "subtract": jnp.subtract,
    "true_divide": jnp.true_divide,
}
