"""`MultiOptimizer` steps, lists its variables and is written as Keras's."""

import numpy as np
import pytest

import myelin as mn

keras = pytest.importorskip("keras")

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


def optimizer(k):
    chosen = {"first/kernel": k.optimizers.Adam(0.05), "last/.*": k.optimizers.RMSprop(0.01)}
    default = k.optimizers.SGD(0.1, momentum=0.9)
    return k.optimizers.MultiOptimizer(k.optimizers.OptimizerMap(default, chosen))


def model(k):
    inputs = k.Input((3,))
    hidden = k.layers.Dense(4, "tanh", name="first")(inputs)
    made = k.Model(inputs, k.layers.Dense(1, name="last")(hidden))
    made.compile(optimizer(k), "mse")
    return made


def test_training_and_variables():
    ours, theirs = model(mn), model(keras)
    theirs.set_weights(ours.get_weights())
    got, wanted = (
        m.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0).history["loss"]
        for m in (ours, theirs)
    )
    np.testing.assert_allclose(got, wanted, rtol=1e-4)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    for own, other in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        assert own.path.rpartition("/")[2] == other.path.rpartition("/")[2]
        np.testing.assert_allclose(own.numpy(), np.asarray(other), rtol=1e-4, atol=1e-6)


def test_configuration_goes_both_ways():
    ours, theirs = optimizer(mn), optimizer(keras)
    assert set(ours.get_config()) == set(theirs.get_config())
    read = keras.optimizers.deserialize(mn.optimizers.serialize(ours))
    assert [type(o).__name__ for o in read.optimizers] == ["Adam", "RMSprop", "SGD"]
    read = mn.optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert [type(o).__name__ for o in read.optimizers] == ["Adam", "RMSprop", "SGD"]
    assert float(read.optimizers[0].learning_rate) == pytest.approx(0.05)
