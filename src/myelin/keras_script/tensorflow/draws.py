"""`tf.random`: what is drawn follows the program's own seed, and inside steps the step's key."""

from __future__ import annotations

import collections
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import random
from myelin.dtypes import is_float, name_of
from myelin.errors import InputError
from myelin.keras_script.tensorflow.calling import tensor

# How often each seed was used since the program's own seed was set.
_used: collections.Counter[int] = collections.Counter()


def set_seed(seed: int) -> None:
    """Seeds Python's, NumPy's and Myelin's random numbers."""
    _used.clear()
    random.set_random_seed(int(seed))


def fresh_key(seed: int | None) -> Any:
    """A fresh key; with a seed of its own, the same sequence in each run of the program."""
    if seed is None or random.in_scope():
        return random.key_for("tf.random", seed)
    _used[seed] += 1
    return jax.random.fold_in(jax.random.key(seed), _used[seed])


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in np.asarray(shape).ravel())


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32",
    seed: int | None = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Numbers of a normal distribution."""
    drawn = jax.random.normal(fresh_key(seed), _shape(shape), name_of(dtype))
    return drawn * stddev + mean


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32",
    seed: int | None = None, name: str | None = None,
) -> Any:  # fmt: skip
    """The same, none of them further than two standard deviations from the mean."""
    drawn = jax.random.truncated_normal(fresh_key(seed), -2, 2, _shape(shape), name_of(dtype))
    return drawn * stddev + mean


def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32",
    seed: int | None = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Numbers from `minval` up to `maxval` (1 for floats), all alike.

    Raises:
        InputError: whole numbers without an upper end.
    """
    return _uniform(fresh_key(seed), shape, minval, maxval, dtype)


def _uniform(key: Any, shape: Any, low: Any, high: Any, dtype: Any) -> Any:
    kind = name_of(dtype)
    if is_float(kind):
        return jax.random.uniform(key, _shape(shape), kind, low, 1 if high is None else high)
    if high is None:
        raise InputError(f"uniform of {kind} wants maxval")
    kind = kind.replace("int64", "int32")
    return jax.random.randint(key, _shape(shape), low, high, kind)


def shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Any:
    """The rows in another order."""
    return jax.random.permutation(fresh_key(seed), tensor(value))


def categorical(
    logits: Any, num_samples: int, dtype: Any = None, seed: int | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """So many classes for each row of logits `(n, classes)`, int32 `(n, num_samples)`."""
    logits = tensor(logits)
    shape = (int(num_samples), logits.shape[0])
    return jnp.transpose(jax.random.categorical(fresh_key(seed), logits, shape=shape)).astype(
        "int32"
    )


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Any:
    """A part of an array, of that size and from any place.

    Raises:
        InputError: a size larger than the array.
    """
    value, size = tensor(value), _shape(size)
    most = np.asarray(value.shape) - np.asarray(size)
    if (most < 0).any():
        raise InputError(f"random_crop: {size} is larger than the array, {value.shape}")
    start = jax.random.randint(fresh_key(seed), (len(size),), 0, jnp.asarray(most + 1))
    return jax.lax.dynamic_slice(value, list(start), size)


def stateless_normal(
    shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32",
    name: str | None = None, alg: Any = None,
) -> Any:  # fmt: skip
    """Numbers of a normal distribution, always the same for a seed of two numbers."""
    return jax.random.normal(_of(seed), _shape(shape), name_of(dtype)) * stddev + mean


def stateless_uniform(
    shape: Any, seed: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32",
    name: str | None = None, alg: Any = None,
) -> Any:  # fmt: skip
    """Numbers from `minval` up to `maxval`, always the same for a seed of two numbers."""
    return _uniform(_of(seed), shape, minval, maxval, dtype)


def _of(seed: Any) -> Any:
    return jax.random.wrap_key_data(tensor(seed).astype("uint32"))


class Generator:
    """Random numbers from a seed of one's own.

    Args:
        key: where they begin.
    """

    def __init__(self, key: Any) -> None:
        self._next = key

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """A generator that always gives the same numbers for a seed."""
        return cls(jax.random.key(int(seed)))

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A generator that gives other numbers each time."""
        return cls(jax.random.key(random.next_seed()))

    def _key(self) -> Any:
        self._next, key = jax.random.split(self._next)
        return key

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32",
        name: str | None = None,
    ) -> Any:  # fmt: skip
        """Numbers of a normal distribution."""
        return jax.random.normal(self._key(), _shape(shape), name_of(dtype)) * stddev + mean

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32",
        name: str | None = None,
    ) -> Any:  # fmt: skip
        """Numbers from `minval` up to `maxval`."""
        return _uniform(self._key(), shape, minval, maxval, dtype)
