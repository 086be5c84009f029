"""Small trained models, each of which several tests look at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import myelin


@dataclass(frozen=True)
class Trained:
    """A model and its data."""

    model: Any
    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


def parts(x, y, sizes):
    ends = np.cumsum([0, *sizes])
    return [(x[a:b], y[a:b]) for a, b in itertools.pairwise(ends)]


@pytest.fixture(scope="session")
def classifier():
    """Three classes of points, told apart with some mistakes; validation chose the epoch."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 400)
    x = (rng.normal(size=(400, 4)) + 1.2 * np.eye(3, 4)[y]).astype(np.float32)
    train, validation, test = parts(x, y, (200, 80, 120))
    return Trained(fitted(x, 3, "softmax", "sparse_categorical_crossentropy", train, validation),
                   train, validation, test)  # fmt: skip


@pytest.fixture(scope="session")
def regressor():
    """A line with noise."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    y = x @ np.array([3.0, -2.0, 0.5]) + rng.normal(size=300)
    train, validation, test = parts(x, y, (150, 50, 100))
    return Trained(fitted(x, 1, None, "mse", train, validation), train, validation, test)


def fitted(x, outputs, activation, loss, train, validation):
    myelin.random.set_random_seed(0)
    model = myelin.Sequential(
        [
            myelin.Input(x.shape[1:]),
            myelin.layers.Dense(8, "relu", name="hidden"),
            myelin.layers.Dense(outputs, activation, name="out"),
        ]
    )
    metrics = ["accuracy"] if outputs > 1 else ["mae"]
    model.compile(myelin.optimizers.Adam(0.03), loss, metrics=metrics)
    stopping = myelin.callbacks.EarlyStopping(
        monitor="val_loss", patience=3, restore_best_weights=True
    )
    model.fit(*train, epochs=8, validation_data=validation, callbacks=[stopping], verbose=0)
    return model
