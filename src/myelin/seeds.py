"""`SeedGenerator`: seeds one after another, out of a variable."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import naming, random
from myelin.errors import InputError
from myelin.variable import Variable


class SeedGenerator:
    """Gives another seed each time, from a state that compiled steps carry on.

    As an attribute of a layer its state is one of the layer's variables, though no weight.

    Args:
        seed: a whole number; from the program's own sequence when None.
        name: its name.

    Attributes:
        state: the variable, `uint32[2]`: the seed and how often it was drawn from.

    Raises:
        InputError: another seed.
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or naming.auto_name("seed_generator")
        self.seed = seed
        first = random.next_seed() if seed is None else seed
        if not isinstance(first, int | np.integer):
            raise InputError(f"SeedGenerator: seed wants a whole number or None, got {seed!r}")
        # Numbers at once, also where a layer makes one while jax traces.
        with jax.ensure_compile_time_eval():
            state = seed_state(int(first))
        self.state = Variable(state, trainable=False, name="seed_generator_state", autocast=False)
        self.state.is_state = True

    def next(self, ordered: bool = True) -> jax.Array:
        """The next seed, `uint32[2]`, which is a key for `jax.random`.

        Args:
            ordered: whether seeds are the first one and a count, or numbers that jump about.
        """
        now = self.state.value
        if ordered:
            self.state.assign(now + jnp.array([0, 1], now.dtype))
        else:
            self.state.assign((now + 1) * 5387 % 933199)
        return now

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal one."""
        return {"seed": self.seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """A new one from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<SeedGenerator name={self.name}, seed={self.seed}>"


def seed_state(seed: int) -> jax.Array:
    """The state of a generator that was not drawn from yet, `uint32[2]`."""
    return jnp.asarray(np.array([seed & 0xFFFFFFFF, 0], np.uint32))
