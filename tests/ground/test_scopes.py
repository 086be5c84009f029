"""Blocks that give variables other values, names and devices, and leave no trace."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as keras
from myelin import layers
from myelin.errors import InputError


def test_a_stateless_scope_has_its_own_values():
    v, w = keras.Variable(np.ones(2), name="v"), keras.Variable(np.ones(3), name="w")
    with keras.StatelessScope([(v, np.zeros(2))]) as scope:
        np.testing.assert_array_equal(v.value, [0, 0])
        assert scope.get_current_value(w) is None
        v.assign_add([1.0, 2.0])
        scope.add_update((w, np.full(3, 5.0)))
        np.testing.assert_array_equal(scope.get_current_value(v), [1, 2])
    np.testing.assert_array_equal(v.value, [1, 1])
    np.testing.assert_array_equal(w.value, [1, 1, 1])
    np.testing.assert_array_equal(scope.get_current_value(v), [1, 2])
    np.testing.assert_array_equal(scope.get_current_value(w), [5, 5, 5])
    assert [own.name for own, _ in scope.assigned] == ["v", "w"]


def test_a_layer_becomes_a_function_of_arrays():
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    layer = layers.BatchNormalization(momentum=0.5)
    layer(x)

    @jax.jit
    def called(values, x):
        mapping = zip(layer.variables, values, strict=True)
        with keras.StatelessScope(mapping, collect_losses=True) as scope:
            layer.add_loss(x.sum())
            outputs = layer(x, training=True)
        return outputs, [scope.get_current_value(v) for v in layer.variables], scope.losses

    values = [v.value for v in layer.variables]
    _, after, losses = called(values, x)
    np.testing.assert_allclose(after[2], x.mean(0) / 2, rtol=1e-5)
    np.testing.assert_allclose(losses[0], x.sum(), rtol=1e-5)
    for v, value in zip(layer.variables, values, strict=True):
        np.testing.assert_array_equal(v.numpy(), value)
    layer(x, training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), after[2], rtol=1e-5)


def test_scopes_inside_scopes_and_faults():
    v = keras.Variable(0.0, name="v")
    with keras.StatelessScope([(v, 1.0)]) as outer:
        with keras.StatelessScope() as inner:
            v.assign(2.0)
        assert float(v.value) == 1
        assert float(inner.get_current_value(v)) == 2
        v.assign(3.0)
    assert float(v.value) == 0
    assert float(outer.get_current_value(v)) == 3
    with pytest.raises(InputError, match=r'"v" wants a value of shape \(\), got \(2,\)'):
        keras.StatelessScope([(v, np.ones(2))])
    with pytest.raises(InputError, match="pairs of variable and value"):
        keras.StatelessScope([("v", 1.0)])
    with pytest.raises(RuntimeError, match="inside"), keras.StatelessScope([(v, 4.0)]):
        raise RuntimeError("inside")
    assert float(v.value) == 0


def test_names_and_devices():
    with keras.name_scope("outer"), keras.name_scope("inner"):
        assert keras.Variable(1.0, name="v").path == "outer/inner/v"
    assert keras.Variable(1.0, name="v").path == "v"

    def named(x):
        with keras.name_scope("outer"):
            return jnp.sin(x)

    assert "outer/sin" in jax.jit(named).lower(1.0).as_text(debug_info=True)
    with pytest.raises(InputError, match='without "/"'), keras.name_scope("a/b"):
        pass
    for name in ("cpu", "cpu:0", "/CPU:0", "/device:CPU:0"):
        with keras.device(name):
            assert jnp.ones(2).devices() == {jax.devices("cpu")[0]}
    for name in ("cpu:99", "tpu:0", "nothing"):
        with pytest.raises(InputError, match=r"there are .*cpu:0"), keras.device(name):
            pass
