"""`add_metric` in a layer: a mean of its own in the logs, as in older Keras programs."""

import numpy as np
import pytest

import myelin as keras
from myelin import errors, layers

X = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


class Watched(layers.Layer):
    def call(self, x):
        self.add_metric(x.mean(), name="height", aggregation="mean")
        self.add_metric((x > 0).astype("float32"), "positive")
        return x


def sequential():
    return keras.Sequential([layers.Input((3,)), Watched(), layers.Dense(1)])


def unbuilt():
    return keras.Sequential([Watched(), layers.Dense(1)])


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.watched, self.dense = Watched(), layers.Dense(1)

    def call(self, x):
        return self.dense(self.watched(x))


@pytest.mark.parametrize("make", [sequential, unbuilt, Own])
def test_the_logs_show_the_mean_over_the_epoch(make):
    model = make()
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(X, Y, batch_size=10, epochs=2, verbose=0, validation_data=(X[:20], Y[:20]))
    assert {"loss", "mae", "height", "positive", "val_height"} <= set(history.history)
    np.testing.assert_allclose(history.history["height"], [X.mean()] * 2, rtol=1e-5)
    np.testing.assert_allclose(history.history["positive"][1], (X > 0).mean(), rtol=1e-5)
    np.testing.assert_allclose(history.history["val_height"][0], X[:20].mean(), rtol=1e-5)
    found = model.evaluate(X, Y, batch_size=10, return_dict=True, verbose=0)
    np.testing.assert_allclose(found["height"], X.mean(), rtol=1e-5)
    assert [m.name for m in model.layers[0].added_metrics.values()] == ["height", "positive"]


def test_another_aggregation_is_refused():
    with pytest.raises(errors.InputError, match='aggregation="mean", got None'):
        Watched().add_metric(1.0, "x", aggregation=None)
