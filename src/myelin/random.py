"""Random numbers that depend on the seed, the step and the layer, and on nothing else.

A run has one key. A layer that needs random numbers folds its own path into that key, so
what one layer draws does not depend on which layers were called before it. Outside a run
keys and seeds come from the program's own sequence, which `set_random_seed` starts anew.
"""

from __future__ import annotations

import contextlib
import random as python_random
import zlib
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

_host = np.random.default_rng()
_scopes: list[_Scope] = []


class _Scope:
    """The key in force, and how often each path has drawn from it."""

    def __init__(self, key: Any) -> None:
        self.key = key
        self.draws: dict[str, int] = {}


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


@contextlib.contextmanager
def scope(key: Any) -> Iterator[None]:
    """Inside the block, `key_for` folds paths into `key`."""
    _scopes.append(_Scope(key))
    try:
        yield
    finally:
        _scopes.pop()


def key_for(path: str, seed: int | None = None) -> Any:
    """A fresh jax key for whoever is called `path`.

    Inside `scope` it is the scope's key with the path, the count of earlier draws under this
    path, and `seed` folded in. Outside, it comes from the program's own sequence.
    """
    if not _scopes:
        return jax.random.key(next_seed())
    current = _scopes[-1]
    count = current.draws.get(path, 0)
    current.draws[path] = count + 1
    word = zlib.crc32(f"{path}|{count}|{seed}".encode())
    return jax.random.fold_in(current.key, np.uint32(word))
