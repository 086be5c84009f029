"""`serialize`, `deserialize`, `Wrapper` and the call as a function of arrays."""

import numpy as np
import pytest

from myelin import errors, layers


def test_a_layer_is_written_and_read():
    layer = layers.Dense(3, "relu", name="hidden")
    layer.build((None, 4))
    written = layers.serialize(layer)
    assert written["class_name"] == "Dense"
    assert written["build_config"] == {"input_shape": (None, 4)}
    read = layers.deserialize(written)
    assert read.get_config() == layer.get_config()
    assert read.kernel.shape == (4, 3)
    with pytest.raises(errors.InputError, match="configuration of a layer"):
        layers.deserialize({"class_name": "Adam", "module": "keras.optimizers", "config": {}})
    with pytest.raises(errors.InputError, match="wants a layer"):
        layers.serialize("dense")


def test_custom_objects_are_found():
    class Mine(layers.Layer):
        pass

    made = layers.deserialize(layers.serialize(Mine(name="m")), custom_objects={"Mine": Mine})
    assert isinstance(made, Mine)
    assert made.name == "m"


def test_a_wrapper_wants_a_layer():
    assert isinstance(layers.TimeDistributed(layers.Dense(2)), layers.Wrapper)
    assert isinstance(layers.SpectralNormalization(layers.Dense(2)), layers.Wrapper)
    with pytest.raises(errors.InputError, match="Wrapper: layer wants a layer, got 3"):
        layers.Wrapper(3)


def test_a_layer_is_called_with_other_values():
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    layer = layers.BatchNormalization(momentum=0.5)
    layer.build(x.shape)
    before = layer.get_weights()
    ours = [v.numpy() for v in layer.trainable_variables], [np.zeros(3), np.ones(3)]
    outputs, others = layer.stateless_call(*ours, x, training=True)
    np.testing.assert_allclose(np.mean(outputs, 0), 0, atol=1e-6)
    np.testing.assert_allclose(others[0], x.mean(0) / 2, rtol=1e-5)
    for old, now in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, now)
    with pytest.raises(errors.NotBuiltError):
        layers.Dense(2).stateless_call([], [], x)
    penalized = layers.Dense(1, kernel_regularizer="l2", kernel_initializer="ones")
    penalized.build((None, 3))
    _, _, losses = penalized.stateless_call([np.ones((3, 1)), [0]], [], x, return_losses=True)
    np.testing.assert_allclose(losses, [0.03], rtol=1e-6)
