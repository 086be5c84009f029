"""Metrics inside `fit`: compiled, over uneven batches, arrays among the logs."""

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, r2_score

from myelin import layers, metrics, models


def test_logs_are_those_of_the_whole_data():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(50, 4)).astype("f"), rng.integers(0, 3, 50)
    model = models.Sequential([layers.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        metrics=["accuracy", metrics.ConfusionMatrix(3, name="taken_for"), "ce"],
    )
    logs = model.fit(x, y, validation_data=(x, y), batch_size=16, epochs=1, verbose=0).history
    guesses = model.predict(x, verbose=0).argmax(axis=-1)
    assert logs["val_accuracy"][0] == np.float32(accuracy_score(y, guesses))
    np.testing.assert_array_equal(logs["val_taken_for"][0], confusion_matrix(y, guesses))
    np.testing.assert_allclose(logs["val_ce"][0], logs["val_loss"][0], rtol=1e-6)


def test_a_metric_that_sizes_itself_on_the_first_batch():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(50, 4)).astype("f"), rng.normal(size=(50, 2)).astype("f")
    model = models.Sequential([layers.Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse", metrics=["R2Score", "mae"])
    found = model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True)
    wanted = r2_score(y, model.predict(x, verbose=0))
    np.testing.assert_allclose(found["R2Score"], wanted, rtol=1e-4)
