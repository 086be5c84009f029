"""Small data and models that the tests of this folder share."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import myelin as keras


@functools.cache
def classified(n: int = 103, features: int = 5, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Points around one centre for each class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, n)
    centres = rng.normal(size=(classes, features)) * 1.5
    x = centres[y] + rng.normal(size=(n, features))
    return x.astype("float32"), y.astype("int32")


@functools.cache
def measured(n: int = 90, features: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that depend on the features by a line and noise."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, features)).astype("float32")
    y = x @ np.arange(1, features + 1) + 0.3 * rng.normal(size=n)
    return x, y.astype("float32")


def classifier(extra: list[Any] | None = None, optimizer: Any = "adam") -> Any:
    """A compiled model for `classified`."""
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(8, activation="relu"),
            *(extra or []),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def regressor() -> Any:
    """A compiled model for `measured`."""
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(6, "tanh"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    return model


def alone(
    model: Any, seed: int, x: Any, y: Any, train: np.ndarray, held_out: Any = None, **arguments: Any
) -> tuple[Any, Any]:
    """A separate `fit` of a fresh copy on the same rows with the same seed, and its history."""
    keras.utils.set_random_seed(seed)
    own = keras.models.clone_model(model)
    own.compile(**model._compiled_with | {"optimizer": keras.registry.copied(model.optimizer)})
    if held_out is not None:
        arguments["validation_data"] = x[held_out], y[held_out]
    history = own.fit(x[train], y[train], verbose=0, **arguments)
    return own, history.history
