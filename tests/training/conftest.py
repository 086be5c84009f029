import numpy as np
import pytest

import myelin as mn


def make_model(classes=3, width=8, features=4, **compile_arguments):
    model = mn.Sequential([
        mn.Input((features,)),
        mn.layers.Dense(width, activation="relu"),
        mn.layers.Dense(classes, activation="softmax" if classes > 1 else None),
    ])  # fmt: skip
    given = {"optimizer": "adam", "metrics": ["accuracy"] if classes > 1 else None}
    given["loss"] = "sparse_categorical_crossentropy" if classes > 1 else "mse"
    model.compile(**{**given, **compile_arguments})
    return model


def make_data(n=60, features=4, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features)).astype("float32")
    y = (x[:, 0] + 0.1 * rng.normal(size=n) > 0).astype("int32") + (x[:, 1] > 0.5)
    return x, y.astype("int32") % classes


@pytest.fixture
def data():
    return make_data()


@pytest.fixture
def model():
    return make_model()
