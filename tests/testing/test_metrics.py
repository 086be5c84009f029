"""`check_metric` finds each kind of broken promise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import metrics
from myelin.testing import check_metric

VALUES = np.random.default_rng(0).normal(size=(6,)).astype(np.float32)


class Good(metrics.Metric):
    """A weighted mean; each subclass below breaks one promise."""

    def __init__(self, name="good", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(shape=(), initializer="zeros", name="total")
        self.count = self.add_weight(shape=(), initializer="zeros", name="count")

    def update_state(self, values, sample_weight=None):
        values = jnp.asarray(values)
        weights = jnp.ones_like(values) if sample_weight is None else jnp.asarray(sample_weight)
        self.total.assign_add(jnp.sum(values * weights))
        self.count.assign_add(jnp.sum(weights))

    def result(self):
        return self.total.value / jnp.maximum(self.count.value, 1e-7)


class MeanOfMeans(Good):
    def update_state(self, values, sample_weight=None):
        self.total.assign_add(jnp.mean(jnp.asarray(values)))
        self.count.assign_add(1.0)


class Eager(Good):
    def update_state(self, values, sample_weight=None):
        factor = 1.0 if isinstance(values, jax.core.Tracer) else 2.0
        super().update_state(jnp.asarray(values) * factor, sample_weight)


class NeverForgets(Good):
    def reset_state(self):
        self.count.assign(0.0)


class RemembersElsewhere(Good):
    """As new after a reset, but what comes then is counted in another way."""

    fresh = True

    def reset_state(self):
        super().reset_state()
        self.fresh = False

    def update_state(self, values, sample_weight=None):
        factor = 1.0 if self.fresh or isinstance(values, jax.core.Tracer) else 2.0
        super().update_state(jnp.asarray(values) * factor, sample_weight)


class WeightsOfOneCount(Good):
    def update_state(self, values, sample_weight=None):
        factor = 1.0 if sample_weight is None else 2.0
        super().update_state(jnp.asarray(values) * factor, sample_weight)


class ZeroWeightCounts(Good):
    def update_state(self, values, sample_weight=None):
        super().update_state(values)


class Forgetful(Good):
    def __init__(self, power=1, **kwargs):
        super().__init__(**kwargs)
        self._power = power

    def update_state(self, values, sample_weight=None):
        super().update_state(jnp.abs(jnp.asarray(values)) ** self._power, sample_weight)

    def get_config(self):
        return {"name": self.name}


class ConfigOfObjects(Good):
    def get_config(self):
        return {**super().get_config(), "name": {1, 2}}


class GrowingConfig(Good):
    def get_config(self):
        return {**super().get_config(), "name": f"{self.name}_again"}


BROKEN = [
    (MeanOfMeans, "Fed in parts"),
    (Eager, "Compiled"),
    (NeverForgets, "as new|Compiled"),
    (RemembersElsewhere, "as new"),
    (WeightsOfOneCount, "Weights of one"),
    (ZeroWeightCounts, "weight zero"),
    (lambda: Forgetful(power=3), "made from it computes the same"),
    (ConfigOfObjects, "plain JSON"),
    (GrowingConfig, "same config"),
]


@pytest.mark.parametrize(("make", "complaint"), BROKEN, ids=[complaint for _, complaint in BROKEN])
def test_it_finds(make, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_metric(make, VALUES)


def test_it_passes_a_good_one():
    check_metric(Good, VALUES)


def test_weights_may_be_left_out():
    check_metric(ZeroWeightCounts, VALUES, weighted=False)
