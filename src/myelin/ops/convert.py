"""Into arrays, out of arrays, and from one number type to another."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes
from myelin.promise import Promise, lift
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


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Array:
    """An array of `x`: a number, a list, NumPy, or a variable.

    Args:
        x: any of these.
        dtype: its type; that of x when None, the default float type for Python floats.
        sparse, ragged: accepted for Keras's sake; arrays are dense.
    """
    if isinstance(x, Variable):
        x = x.value
    if dtype is not None:
        return jnp.asarray(x, dtype=dtypes.name_of(dtype))
    if not hasattr(x, "dtype"):
        host: Any = np.asarray(x)
        if host.dtype.kind in "US":
            # Text stays on the host, where the layers that take it compute.
            return host.astype(object)
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


def saturate_cast(x: Any, dtype: Any) -> Array:
    """`x` in another number type, brought into its range before."""
    x, name = jnp.asarray(operand(x)), dtypes.name_of(dtype)
    if name == "bool":
        return jnp.clip(x, 0, 1).astype(bool)
    limits = [
        (jnp.iinfo if jnp.issubdtype(kind, jnp.integer) else jnp.finfo)(kind)
        for kind in (jnp.dtype(name), x.dtype) if kind.kind != "b"
    ]  # fmt: skip
    # Limits that the old type cannot hold are none to it.
    low = max(float(limit.min) for limit in limits)
    high = min(float(limit.max) for limit in limits)
    return jnp.clip(x, jnp.asarray(low, x.dtype), _at_most(high, x.dtype)).astype(name)


def _at_most(limit: float, dtype: Any) -> Array:
    """The largest number of a type that is not above `limit`: float32 rounds 2³¹ - 1 up."""
    nearest = jnp.asarray(limit, dtype)
    above = float(nearest) > limit and jnp.issubdtype(dtype, jnp.floating)
    return jnp.nextafter(nearest, jnp.zeros_like(nearest)) if above else nearest


def view(x: Any, dtype: Any = None) -> Array:
    """The bits of `x` as numbers of another type."""
    x = convert_to_tensor(x)
    return x if dtype is None else x.view(dtypes.name_of(dtype))


def is_tensor(x: Any) -> bool:
    """Whether `x` is an array on the device, or traced."""
    return isinstance(x, jax.Array)


def dtype(x: Any) -> str:
    """The name of the type of the numbers."""
    return str(x.dtype if hasattr(x, "dtype") else convert_to_tensor(x).dtype)


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes of the axes, as a tuple; None where a promise leaves them open."""
    return x.shape if isinstance(x, Promise) else tuple(jnp.shape(operand(x)))


def ndim(x: Any) -> int:
    """How many axes there are."""
    return len(shape(x))


def size(x: Any) -> int:
    """How many numbers there are."""
    return int(np.prod(shape(x), dtype=np.int64))


def stop_gradient(variable: Any) -> Array:
    """The value, as a constant to derivatives."""
    return jax.lax.stop_gradient(operand(variable))


__all__ = [
    "array",
    "cast",
    "convert_to_numpy",
    "convert_to_tensor",
    "dtype",
    "is_tensor",
    "ndim",
    "saturate_cast",
    "shape",
    "size",
    "stop_gradient",
    "view",
]

# The others answer promises at once, or take functions.
_AT_ONCE = {"convert_to_numpy", "dtype", "is_tensor", "ndim", "shape"}
lift(globals(), set(__all__) - _AT_ONCE)
