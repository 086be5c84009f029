"""Keras's own files are named for what they are, and the way round them works."""

import numpy as np
import pytest

from myelin import Sequential, layers, saving
from myelin.errors import FileFormatError

X = np.random.default_rng(0).normal(size=(7, 4)).astype("float32")


@pytest.fixture(scope="module")
def theirs():
    keras = pytest.importorskip("keras")
    model = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "mse")
    return model


def ours():
    return Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("ending", ["m.keras", "m.h5", "m.weights.h5"])
def test_keras_files_are_named_with_the_way_round_them(tmp_path, theirs, ending):
    path = str(tmp_path / ending)
    if "weights" in ending:
        theirs.save_weights(path)
    else:
        theirs.save(path)
    for read in (saving.load_model, ours().load_weights):
        with pytest.raises(FileFormatError, match=r"Keras.*numpy\.savez"):
            read(path)


def test_the_way_round_works(tmp_path, theirs):
    np.savez(tmp_path / "weights.npz", **{w.path: w.numpy() for w in theirs.weights})
    model = ours()
    model.load_weights(tmp_path / "weights.npz")
    np.testing.assert_allclose(model(X), theirs.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
