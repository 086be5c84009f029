"""Every optimizer keeps the contract, with and without what stands around the rules."""

import functools

import jax.numpy as jnp
import optax
import pytest

import myelin as mn
from myelin.testing import check_optimizer

RATES = {"Adadelta": 10.0, "Ftrl": 1.0, "Adagrad": 0.3, "Adafactor": 0.5, "SGD": 0.1}
CASES = [
    *[(name, {}) for name in sorted({c.__name__ for c in mn.optimizers.NAMES.values()})],
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Adam", {"amsgrad": True, "clipnorm": 1.0, "weight_decay": 0.01}),
    ("Adam", {"use_ema": True, "ema_overwrite_frequency": 5}),
    ("Adam", {"gradient_accumulation_steps": 2}),
    ("Lion", {"global_clipnorm": 1.0}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_contract(name, arguments):
    rate = RATES.get(name, 0.05)
    make = functools.partial(getattr(mn.optimizers, name), learning_rate=rate, **arguments)
    # The moving average that overwrites the weights holds them back.
    check_optimizer(make, steps_to_descend=2000 if "use_ema" in arguments else 200)


class Signed(mn.optimizers.Optimizer):
    """A rule of a user's own, in two lines."""

    def update(self, w, g, slots, scalars):
        return w - scalars["lr"] * jnp.sign(g), {}


def test_a_users_own_rule():
    check_optimizer(lambda: Signed(learning_rate=0.01))


class Standing(Signed):
    def update(self, w, g, slots, scalars):
        return w, {}


def test_the_contract_notices_one_that_stands_still():
    with pytest.raises(AssertionError, match="bowl"):
        check_optimizer(lambda: Standing(learning_rate=0.01))


def test_an_optax_transformation_descends_as_it_does_alone():
    from myelin.testing.optimizers import _descends

    _descends(lambda: mn.optimizers.get(optax.adam(0.05)), 200)
