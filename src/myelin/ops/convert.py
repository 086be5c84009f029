"""Into arrays, out of arrays, and from one number type to another."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes
from myelin.variable import Variable

Array = jax.Array


def operand(x: Any) -> Any:
    """What an operation computes with: a variable's value, an array as it is, else a new array.

    Python numbers stay as they are, so that they take the other operand's type.
    """
    if isinstance(x, Variable):
        return x.value
    if isinstance(x, jax.Array | bool | int | float | complex):
        return x
    return convert_to_tensor(x)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None) -> Array:
    """An array of `x`: a number, a list, NumPy, or a variable.

    Args:
        x: any of these.
        dtype: its type; that of x when None, the default float type for Python floats.
        sparse: accepted for Keras's sake; arrays are dense.
    """
    if isinstance(x, Variable):
        x = x.value
    if dtype is not None:
        return jnp.asarray(x, dtype=dtypes.name_of(dtype))
    if not hasattr(x, "dtype"):
        host = np.asarray(x)
        return jnp.asarray(host, dtype=dtypes.floatx() if host.dtype.kind == "f" else None)
    return jnp.asarray(x)


def array(x: Any, dtype: Any = None) -> Array:
    """An array of `x`; see `convert_to_tensor`."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """A NumPy array of `x`."""
    return np.array(operand(x))


def cast(x: Any, dtype: Any) -> Array:
    """`x` in another number type."""
    return jnp.asarray(operand(x)).astype(dtypes.name_of(dtype))


def is_tensor(x: Any) -> bool:
    """Whether `x` is an array on the device, or traced."""
    return isinstance(x, jax.Array)


def shape(x: Any) -> tuple[int, ...]:
    """The sizes of the axes, as a tuple."""
    return tuple(jnp.shape(operand(x)))


def ndim(x: Any) -> int:
    """How many axes there are."""
    return len(shape(x))


def size(x: Any) -> int:
    """How many numbers there are."""
    return int(np.prod(shape(x), dtype=np.int64))


def stop_gradient(variable: Any) -> Array:
    """The value, as a constant to derivatives."""
    return jax.lax.stop_gradient(operand(variable))
