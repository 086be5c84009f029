"""Every loss keeps the contract, and so does one of a user's own."""

import functools

import jax.numpy as jnp
import pytest

import myelin as mn
from myelin.testing import check_loss
from tests.losses.cases import CASES, IDS, OTHER, REAL


@pytest.mark.parametrize(("name", "arguments", "y_true", "y_pred"), CASES, ids=IDS)
def test_contract(name, arguments, y_true, y_pred):
    together = (
        name == "Circle"
        or (name in ("Dice", "Tversky") and "axis" not in arguments)
        or arguments.get("axis") == 0
        or "ignore_class" in arguments
    )
    make = functools.partial(getattr(mn.losses, name), **arguments)
    check_loss(make, y_true, y_pred, per_example=not together)


def test_every_class_is_in_the_table():
    classes = {c.__name__ for c in mn.losses.NAMES.values() if isinstance(c, type)}
    assert classes == {name for name, *_ in CASES}


class Quartic(mn.losses.Loss):
    def call(self, y_true, y_pred):
        return jnp.mean((y_true - y_pred) ** 4, axis=-1)


def test_a_users_own_loss():
    check_loss(Quartic, REAL, OTHER)


class Forgetful(mn.losses.Loss):
    def __init__(self, power=4, **kwargs):
        super().__init__(**kwargs)
        self._power = power

    def call(self, y_true, y_pred):
        return jnp.mean(jnp.abs(y_true - y_pred) ** self._power, axis=-1)

    def get_config(self):
        return {"name": "forgetful"}


def test_the_contract_notices_a_broken_promise():
    with pytest.raises(AssertionError, match="made from it computes the same"):
        check_loss(functools.partial(Forgetful, power=2, name="forgetful"), REAL, OTHER)
