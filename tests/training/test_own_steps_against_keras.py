"""A step in Keras's form for JAX, the same lines under Keras and under Myelin."""

import numpy as np
import pytest

import myelin as mn
from tests.training.steps import ArrayStep

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.peer

rng = np.random.default_rng(0)
X = rng.normal(size=(48, 5)).astype("float32")
Y = (X.sum(1, keepdims=True) > 0).astype("float32")


def written(k):
    """The model of Keras's guide, of whichever library `k` is."""

    class Custom(ArrayStep, k.Model):
        pass

    inputs = k.Input((5,))
    h = k.layers.Dense(6, "relu", kernel_regularizer="l2", activity_regularizer="l2")(inputs)
    h = k.layers.BatchNormalization()(h)
    return Custom(inputs, k.layers.Dense(1, "sigmoid")(h))


def test_history_and_weights_are_keras_s():
    theirs, ours = written(keras), written(mn)
    ours.set_weights(theirs.get_weights())
    histories = []
    for model in (theirs, ours):
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        fitted = model.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0)
        histories.append(fitted.history)
    assert set(histories[0]) == set(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-4, err_msg=name)
    for one, two in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-3, atol=1e-5)


def test_stateless_calls_and_steps_are_keras_s():
    theirs, ours = written(keras), written(mn)
    ours.set_weights(theirs.get_weights())
    results = []
    for model, k in ((theirs, keras), (ours, mn)):
        trainable = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]
        y, after, losses = model.stateless_call(
            trainable, others, X, training=True, return_losses=True
        )
        optimizer = k.optimizers.SGD(0.1, momentum=0.9)
        optimizer.build(model.trainable_variables)
        state = [v.value for v in optimizer.variables]
        moved, state = optimizer.stateless_apply(state, trainable, trainable)
        results.append([y, *after, sum(losses), *moved, *state])
    assert len(results[0]) == len(results[1])
    for one, two in zip(*results, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-6)
