"""Sums over examples: nothing is lost in long epochs, and no batch weighs too much."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import metrics, variable


def repeated(metric, times, *batch, **kwargs):
    """The result after `times` equal batches, in one compiled loop."""
    own = {str(place): v for place, v in enumerate(metric.variables)}

    def body(_, values):
        with variable.bind(own, values) as after:
            metric.update_state(*batch, **kwargs)
        return after

    @jax.jit
    def run(values):
        return jax.lax.fori_loop(0, times, body, values)

    values = run({place: v.value for place, v in own.items()})
    for place, value in values.items():
        own[place].assign(value)
    return metric.result()


def test_a_count_grows_beyond_what_float32_holds():
    metric = metrics.Mean()
    metric.count.assign(2.0**24)
    metric.total.assign(2.0**24)
    repeated(metric, 1001, jnp.ones(1))
    assert float(metric.count.value) == 2**24 + 1000
    assert float(metric.variables[3].value) == 1


def test_a_mean_of_many_equal_parts_is_the_part():
    found = repeated(metrics.Mean(), 1_000_000, jnp.float32(0.1))
    assert float(found) == np.float32(0.1)
    naive = jax.lax.fori_loop(0, 1_000_000, lambda _, s: s + jnp.float32(0.1), jnp.float32(0))
    assert abs(float(naive) / 1e6 - 0.1) > 1e-4, "float32 alone would not do"


def test_true_positives_are_counted_one_by_one():
    metric = metrics.TruePositives()
    metric.accumulator.assign([2.0**25])
    assert float(repeated(metric, 4000, jnp.ones(1), jnp.ones(1))) == 2**25 + 4000


def test_an_infinite_value_stays_infinite():
    metric = metrics.Mean()
    metric.update_state(jnp.asarray([1.0, jnp.inf]))
    assert np.isposinf(metric.result())
    metric.reset_state()
    assert float(metric(jnp.asarray([3.0]))) == 3


def test_a_total_set_to_zero_by_hand_forgets_all():
    metric = metrics.Sum()
    metric.update_state(1e8)
    metric.update_state(1.0)
    metric.total.assign(0.0)
    metric.update_state(5.0)
    assert float(metric.result()) == 5


def test_a_smaller_last_batch_weighs_by_its_examples():
    def whole_batch(y_true, y_pred):
        return jnp.mean(jnp.abs(y_true - y_pred))

    y, y_pred = np.zeros((5, 1), "f"), np.asarray([[1], [1], [1], [1], [6]], "f")
    for fn in (whole_batch, metrics.mean_absolute_error):
        metric = metrics.MeanMetricWrapper(fn)
        metric.update_state(y[:4], y_pred[:4])
        metric.update_state(y[4:], y_pred[4:])
        assert float(metric.result()) == 2


def test_a_loss_object_is_read_for_each_example():
    from myelin import losses

    metric = metrics.resolve_for(losses.MeanSquaredError(), np.zeros((4, 1)), np.zeros((4, 1)))
    metric.update_state(np.zeros((3, 1)), np.ones((3, 1)))
    metric.update_state(np.zeros((1, 1)), np.full((1, 1), 3.0))
    assert float(metric.result()) == 3


def test_ignored_classes_do_not_count_with_or_without_weights():
    y, y_pred = np.asarray([0, 1, 1]), np.asarray([[0.5, 0.5], [0.1, 0.9], [0.1, 0.9]], "f")
    for weight in (None, np.ones(3, "f")):
        metric = metrics.SparseCategoricalCrossentropy(ignore_class=1)
        metric.update_state(y, y_pred, sample_weight=weight)
        assert float(metric.result()) == pytest.approx(np.log(2), rel=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_classes_beyond_a_short_type_still_hit(dtype):
    y_pred = jax.nn.one_hot(jnp.asarray([300, 301]), 400, dtype=dtype)
    metric = metrics.SparseCategoricalAccuracy()
    assert float(metric(np.asarray([300, 302]), y_pred)) == 0.5


def test_r2_keeps_its_digits_far_from_zero():
    rng = np.random.default_rng(0)
    y = (10_000 + rng.normal(size=(200, 1))).astype("f")
    y_pred = y + rng.normal(size=(200, 1)).astype("f")
    metric = metrics.R2Score()
    for part in np.split(np.arange(200), 10):
        metric.update_state(y[part], y_pred[part])
    y, y_pred = y.astype("d"), y_pred.astype("d")
    wanted = 1 - np.sum((y - y_pred) ** 2) / np.sum((y - y.mean()) ** 2)
    assert float(metric.result()) == pytest.approx(wanted, rel=1e-5)


def test_members_of_an_ensemble_count_apart_under_vmap():
    metric = metrics.SparseCategoricalAccuracy()
    rng = np.random.default_rng(0)
    y, y_pred = rng.integers(0, 3, (4, 8)), rng.random((4, 8, 3))
    zeros = [jnp.zeros((4, *v.shape)) for v in metric.variables]
    state = jax.vmap(metric.stateless_update_state)(zeros, y, y_pred)
    found = jax.vmap(metric.stateless_result)(state)
    np.testing.assert_allclose(found, (y_pred.argmax(-1) == y).mean(-1), rtol=1e-6)
