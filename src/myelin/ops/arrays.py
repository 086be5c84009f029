"""Making arrays, with `keras.ops`'s names."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import dtypes
from myelin.ops.convert import convert_to_tensor, operand
from myelin.promise import lift

Array = jax.Array


def zeros(shape: Any, dtype: Any = None) -> Array:
    """Zeros of a shape; the default float type when `dtype` is None."""
    return jnp.zeros(shape, dtypes.name_of(dtype))


def ones(shape: Any, dtype: Any = None) -> Array:
    """Ones of a shape; the default float type when `dtype` is None."""
    return jnp.ones(shape, dtypes.name_of(dtype))


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Array:
    """One number, or an array that is broadcast, in a shape."""
    return jnp.full(shape, operand(fill_value), dtypes.name_of(dtype))


def zeros_like(x: Any, dtype: Any = None) -> Array:
    """Zeros of the shape of x, and of its type when `dtype` is None."""
    return jnp.zeros_like(operand(x), dtype=dtype and dtypes.name_of(dtype))


def ones_like(x: Any, dtype: Any = None) -> Array:
    """Ones of the shape of x, and of its type when `dtype` is None."""
    return jnp.ones_like(operand(x), dtype=dtype and dtypes.name_of(dtype))


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Array:
    """One number in the shape of x, and in its type when `dtype` is None."""
    return jnp.full_like(operand(x), operand(fill_value), dtype=dtype and dtypes.name_of(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Ones on diagonal k of a matrix (N, M), zeros elsewhere; M is N when None."""
    return jnp.eye(N, M, k, dtype=dtypes.name_of(dtype))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Array:
    """Numbers from `start` up to `stop`; from 0 up to the one number given alone."""
    return jnp.arange(start, stop, step, dtype=dtype and dtypes.name_of(dtype))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal distances from `start` to `stop`.

    Args:
        start, stop: numbers, or arrays that broadcast.
        num: how many.
        endpoint: whether `stop` is the last of them.
        retstep: whether to give the distance too.
        dtype: their type.
        axis: where the new axis goes, when start and stop are arrays.
    """
    return jnp.linspace(
        operand(start), operand(stop), num, endpoint, retstep, dtype=_named(dtype), axis=axis
    )


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    """`num` numbers at equal ratios from `base^start` to `base^stop`; else as `linspace`."""
    return jnp.logspace(
        operand(start), operand(stop), num, endpoint, base, dtype=_named(dtype), axis=axis
    )


def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    """`num` numbers at equal ratios from `start` to `stop`; else as `linspace`."""
    return jnp.geomspace(
        operand(start), operand(stop), num, endpoint, dtype=_named(dtype), axis=axis
    )


def meshgrid(*x: Any, indexing: str = "xy") -> list[Array]:
    """The coordinates of a grid, an array for each of the axes x.

    Args:
        x: vectors.
        indexing: "xy" where the first runs along the second axis, "ij" along the first.
    """
    return list(jnp.meshgrid(*map(convert_to_tensor, x), indexing=indexing))


def empty(shape: Any, dtype: Any = None) -> Array:
    """Zeros of a shape, as what stands in an empty array is left open."""
    return zeros(shape, dtype)


def empty_like(x: Any, dtype: Any = None) -> Array:
    """Zeros of the shape of x, and of its type when `dtype` is None."""
    return zeros_like(x, dtype)


def identity(n: int, dtype: Any = None) -> Array:
    """Ones on the diagonal of a matrix (n, n), zeros elsewhere."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Ones on and below diagonal k of a matrix (N, M), zeros elsewhere; M is N when None."""
    return jnp.tri(N, M, k, dtype=dtypes.name_of(dtype))


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Array:
    """The powers of a vector as the columns of a matrix (len(x), N), the highest first."""
    return jnp.vander(operand(x), N, increasing)


def copy(x: Any) -> Array:
    """The same numbers in an array of their own."""
    return jnp.copy(operand(x))


# Windows: bells of `x` numbers, one after another.


def bartlett(x: Any) -> Array:
    """The triangular window of x numbers."""
    return _window(jnp.bartlett(int(x)))


def blackman(x: Any) -> Array:
    """The Blackman window of x numbers, a sum of three cosines."""
    return _window(jnp.blackman(int(x)))


def hamming(x: Any) -> Array:
    """The Hamming window of x numbers, a raised cosine that ends above 0."""
    return _window(jnp.hamming(int(x)))


def hanning(x: Any) -> Array:
    """The Hann window of x numbers, a raised cosine."""
    return _window(jnp.hanning(int(x)))


def kaiser(x: Any, beta: Any) -> Array:
    """The Kaiser window of x numbers; the larger beta, the narrower."""
    return _window(jnp.kaiser(int(x), operand(beta)))


def _window(numbers: Array) -> Array:
    return numbers.astype(dtypes.floatx())


def _named(dtype: Any) -> Any:
    return None if dtype is None else dtypes.name_of(dtype)


__all__ = [
    "arange",
    "bartlett",
    "blackman",
    "copy",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "geomspace",
    "hamming",
    "hanning",
    "identity",
    "kaiser",
    "linspace",
    "logspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tri",
    "vander",
    "zeros",
    "zeros_like",
]
lift(globals(), __all__)
