"""`check_loss` finds each kind of broken promise."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin.testing import check_loss

RNG = np.random.default_rng(0)
TRUE, PRED = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


class Good(mn.losses.Loss):
    def call(self, y_true, y_pred):
        return jnp.mean((y_true - y_pred) ** 4, axis=-1)


class NoScalar(Good):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return self.call(jnp.asarray(y_true), jnp.asarray(y_pred))


class Eager(Good):
    def call(self, y_true, y_pred):
        factor = 1.0 if isinstance(y_pred, jax.core.Tracer) else 2.0
        return factor * super().call(y_true, y_pred)


class WrongGradient(Good):
    def call(self, y_true, y_pred):
        return super().call(y_true, jax.lax.stop_gradient(y_pred))


class OneForAll(Good):
    def call(self, y_true, y_pred):
        return jnp.ones(1) * jnp.mean((y_true - y_pred) ** 2)


class OwnReduction(Good):
    def __call__(self, y_true, y_pred, sample_weight=None):
        value = super().__call__(y_true, y_pred, sample_weight)
        return value * 2 if self.reduction == "sum" else value


class OwnMean(Good):
    def __call__(self, y_true, y_pred, sample_weight=None):
        value = super().__call__(y_true, y_pred, sample_weight)
        return value * 2 if self.reduction == "sum_over_batch_size" else value


class WeightsOfOneCount(Good):
    def __call__(self, y_true, y_pred, sample_weight=None):
        value = super().__call__(y_true, y_pred, sample_weight)
        return value if sample_weight is None else value * 2


class ZeroWeightCounts(Good):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return super().__call__(y_true, y_pred)


class Forgetful(Good):
    def __init__(self, power=4, **kwargs):
        super().__init__(**kwargs)
        self._power = power

    def call(self, y_true, y_pred):
        return jnp.mean(jnp.abs(y_true - y_pred) ** self._power, axis=-1)

    def get_config(self):
        return {"name": "forgetful"}


class ConfigOfObjects(Good):
    def get_config(self):
        return {**super().get_config(), "name": {1, 2}}


class GrowingConfig(Good):
    def get_config(self):
        return {**super().get_config(), "name": f"{self.name}_again"}


BROKEN = [
    (NoScalar, "is a scalar"),
    (Eager, "Compiled"),
    (WrongGradient, "gradient is the numerical"),
    (OneForAll, "a value an example"),
    (OwnReduction, '"sum" is their sum'),
    (OwnMean, "is their mean"),
    (WeightsOfOneCount, "Weights of one"),
    (ZeroWeightCounts, "weight zero"),
    (functools.partial(Forgetful, power=2, name="forgetful"), "computes the same"),
    (ConfigOfObjects, "plain JSON"),
    (GrowingConfig, "same config"),
]


@pytest.mark.parametrize(("make", "complaint"), BROKEN, ids=[complaint for _, complaint in BROKEN])
def test_it_finds(make, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_loss(make, TRUE, PRED)


def test_it_passes_a_good_one():
    check_loss(Good, TRUE, PRED)


def test_a_jump_is_passed_where_gradients_are_left_out():
    class Steps(mn.losses.Loss):
        def call(self, y_true, y_pred):
            return jnp.mean(jnp.round(y_true - y_pred), axis=-1)

    check_loss(Steps, TRUE, PRED, differentiable=False)
