"""Arrays of one's own on the device, made without compiling anything.

`jnp.array` compiles a program for each shape that it copies or casts, about 11 ms each, which was
most of what a small model took to begin with.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_ON_HOST = (np.ndarray, np.generic, bool, int, float)


def owned(value: Any, dtype: Any = None) -> jax.Array:
    """A jax array that shares no memory with `value`, so that a program may write over it.

    Args:
        value: a jax or NumPy array, a number, or what `jnp.array` takes.
        dtype: the type to cast to; that of the value when None, in at most 32 bits unless jax is
            told otherwise.
    """
    kind = None if dtype is None else jnp.dtype(dtype)
    if isinstance(value, _ON_HOST):
        # Numbers that the type does not hold become infinite, as on the device.
        with np.errstate(over="ignore", invalid="ignore"):
            # jax may take the memory of the copy as it is, which nobody else has.
            return jax.device_put(np.array(value, dtype=kind))
    traced = isinstance(value, jax.core.Tracer)
    if isinstance(value, jax.Array) and not traced and kind in (None, value.dtype):
        return jax.device_put(value, may_alias=False)
    return jnp.array(value, dtype=kind)
