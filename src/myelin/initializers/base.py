"""`Initializer`, and what its families share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes, random
from myelin.errors import InputError
from myelin.placing import owned
from myelin.registry import Configured


class Initializer(Configured):
    """The base: a subclass overrides `__call__(self, shape, dtype=None)`.

    Raises:
        NotImplementedError: the base itself is called.
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """An array of that shape and type; the default float type when None."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, shape)")

    def clone(self) -> Any:
        """A new initializer of the same configuration."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """Draws on the host, so that making a layer compiles nothing.

    One object gives the same numbers at every call, as in Keras.

    Args:
        seed: a whole number ≥ 0; None draws one from the program's sequence, which
            `set_random_seed` fixes.

    Raises:
        InputError: a seed of another kind.
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer)):
            raise InputError(f"{type(self).__name__}: seed wants a whole number, got {seed!r}")
        if seed is not None and seed < 0:
            raise InputError(f"{type(self).__name__}: seed must be 0 or more, got {seed}")
        self.seed = seed
        self._drawn = random.next_seed() if seed is None else int(seed)

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng(self._drawn)


def as_array(values: Any, dtype: Any) -> jax.Array:
    """`values` on the device in the wanted type, the default float type when None."""
    kind = dtypes.name_of(dtype)
    return owned(values, kind) if isinstance(values, np.ndarray) else jnp.asarray(values, kind)
