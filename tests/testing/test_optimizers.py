"""`check_optimizer` finds each kind of broken promise."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin.testing import check_optimizer


class Good(mn.optimizers.Optimizer):
    """Signs of gradients; each subclass below breaks one promise."""

    def update(self, w, g, slots, scalars):
        return w - scalars["lr"] * jnp.sign(g), {}


class StandsStill(Good):
    def update(self, w, g, slots, scalars):
        return w, {}


class Climbs(Good):
    def update(self, w, g, slots, scalars):
        return w + scalars["lr"] * jnp.sign(g), {}


class Draws(Good):
    def update(self, w, g, slots, scalars):
        return w - scalars["lr"] * jnp.sign(g) * np.float32(1 + np.random.rand()), {}


class Eager(Good):
    def update(self, w, g, slots, scalars):
        factor = 1.0 if isinstance(w, jax.core.Tracer) else 2.0
        return w - factor * scalars["lr"] * jnp.sign(g), {}


class HiddenMemory(Good):
    """Keeps a count in Python, so a copy of its state does not go on the same."""

    def init(self, params):
        self.taken = 0
        return super().init(params)

    def step(self, params, grads, state):
        traced = isinstance(params["layer/bias"], jax.core.Tracer)
        self.taken = getattr(self, "taken", 0) + (not traced)
        scale = 1.0 if traced else 1.0 + 1e-7 * (self.taken > 1)
        params = {path: value * scale for path, value in params.items()}
        return super().step(params, grads, state)


class ChangingState(Good):
    def step(self, params, grads, state):
        params, state = super().step(params, grads, state)
        return params, jax.tree.map(lambda a: jnp.asarray(a, jnp.float16), state)


class Forgetful(Good):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self._factor = factor

    def update(self, w, g, slots, scalars):
        return w - self._factor * scalars["lr"] * jnp.sign(g), {}

    def get_config(self):
        config = super().get_config()
        config.pop("factor")
        return config


class ConfigOfObjects(Good):
    def get_config(self):
        return {**super().get_config(), "name": {1, 2}}


class GrowingConfig(Good):
    def get_config(self):
        return {**super().get_config(), "name": f"{self.name}_again"}


BROKEN = [
    (StandsStill, "bowl down"),
    (Climbs, "bowl down"),
    (Draws, "The same steps give the same"),
    (Eager, "In a scan"),
    (HiddenMemory, "from a copy"),
    (ChangingState, "structure, shapes and types"),
    (functools.partial(Forgetful, factor=0.5), "made from it steps the same"),
    (ConfigOfObjects, "plain JSON"),
    (GrowingConfig, "same config"),
]


@pytest.mark.parametrize(("make", "complaint"), BROKEN, ids=[complaint for _, complaint in BROKEN])
def test_it_finds(make, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_optimizer(lambda: make(learning_rate=0.01))


def test_it_passes_a_good_one():
    check_optimizer(lambda: Good(learning_rate=0.01))
