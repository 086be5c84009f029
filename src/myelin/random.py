"""Random numbers that depend on the seed, the step and the layer, and on nothing else.

A run has one key. A layer that needs random numbers folds its own path into that key, so
what one layer draws does not depend on which layers were called before it. Outside a run
keys and seeds come from the program's own sequence, which `set_random_seed` starts anew.

The names of `keras.random`, such as `normal` and `SeedGenerator`, are here too; they are written
in `myelin.ops.draws`, above the variables that they need, and loaded when first used.
"""

from __future__ import annotations

import contextlib
import random as python_random
import threading
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from myelin.loading import load

if TYPE_CHECKING:
    from myelin.ops.draws import beta as beta
    from myelin.ops.draws import binomial as binomial
    from myelin.ops.draws import categorical as categorical
    from myelin.ops.draws import dropout as dropout
    from myelin.ops.draws import gamma as gamma
    from myelin.ops.draws import normal as normal
    from myelin.ops.draws import randint as randint
    from myelin.ops.draws import shuffle as shuffle
    from myelin.ops.draws import truncated_normal as truncated_normal
    from myelin.ops.draws import uniform as uniform
    from myelin.seeds import SeedGenerator as SeedGenerator

_host = np.random.default_rng()


class _Scope:
    """The key in force, and how often each path has drawn from it."""

    def __init__(self, key: Any) -> None:
        self.key = key
        self.draws: dict[str, int] = {}


class _Scopes(threading.local):
    """The scopes this thread is in: one may trace a step while another makes batches."""

    def __init__(self) -> None:
        self.open: list[_Scope] = []


_scopes = _Scopes()


def set_random_seed(seed: int) -> None:
    """Seeds Python's, NumPy's and Myelin's random numbers, so that a program repeats to the bit.

    Args:
        seed: a whole number from 0 to 2**32 - 1.

    Raises:
        ValueError: `seed` is out of that range.
    """
    global _host
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(f"seed wants a whole number from 0 to {2**32 - 1}, got {seed!r}")
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    _host = np.random.default_rng(int(seed))


def next_seed() -> int:
    """The next seed of the program's own sequence, in 0 to 2**31 - 1."""
    return int(_host.integers(2**31 - 1))


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside the block all is drawn as after `set_random_seed(seed)`; after it, as if never."""
    global _host
    before = _host, python_random.getstate(), np.random.get_state()
    set_random_seed(seed)
    try:
        yield
    finally:
        _host = before[0]
        python_random.setstate(before[1])
        np.random.set_state(before[2])


def sequences() -> dict[str, Any]:
    """Where Python's, NumPy's and Myelin's random numbers stand, as plain values and arrays."""
    version, words, gauss = python_random.getstate()
    return {
        "python": [version, np.array(words, np.uint32), gauss],
        "numpy": np.random.get_state(legacy=False),
        "myelin": _host.bit_generator.state,
    }


def set_sequences(state: Mapping[str, Any]) -> None:
    """Puts the random numbers back to where `sequences` found them."""
    version, words, gauss = state["python"]
    python_random.setstate((version, tuple(words.tolist()), gauss))
    np.random.set_state(state["numpy"])
    _host.bit_generator.state = state["myelin"]


@contextlib.contextmanager
def replaying(state: Mapping[str, Any] | None) -> Iterator[None]:
    """Inside the block all is drawn as from `state` on, if there is one; after it, as if never."""
    before = sequences()
    if state is not None:
        set_sequences(state)
    try:
        yield
    finally:
        set_sequences(before)


@contextlib.contextmanager
def scope(key: Any) -> Iterator[None]:
    """Inside the block, `key_for` folds paths into `key`."""
    _scopes.open.append(_Scope(key))
    try:
        yield
    finally:
        _scopes.open.pop()


def in_scope() -> bool:
    """Whether keys come from a scope's key, not from the program's own sequence."""
    return bool(_scopes.open)


def key_for(path: str, seed: Any = None) -> Any:
    """A fresh jax key for whoever is called `path`.

    Inside `scope` it is the scope's key with the path, the count of earlier draws under this
    path, and `seed` folded in. Outside, it comes from the program's own sequence. A
    `SeedGenerator` counts as the seed that it was made with: each step has a key of its own.
    """
    if not _scopes.open:
        return jax.random.key(next_seed())
    current = _scopes.open[-1]
    count = current.draws.get(path, 0)
    current.draws[path] = count + 1
    word = zlib.crc32(f"{path}|{count}|{getattr(seed, 'seed', seed)}".encode())
    return jax.random.fold_in(current.key, np.uint32(word))


_DRAWS = ("SeedGenerator", "beta", "binomial", "categorical", "dropout", "gamma", "normal",
          "randint", "shuffle", "truncated_normal", "uniform")  # fmt: skip

__all__ = [*_DRAWS, "key_for", "next_seed", "scope", "seeded", "set_random_seed"]


def __getattr__(name: str) -> Any:
    if name not in _DRAWS:
        from myelin.errors import nearest

        raise AttributeError(f'myelin.random has no "{name}". {nearest(name, __all__)}'.strip())
    value = getattr(load("myelin.ops.draws"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
