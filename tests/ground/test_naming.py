"""Automatic names are Keras's."""

import pytest

from myelin import layers, naming

CLASSES = [
    "Dense", "ReLU", "PReLU", "ELU", "LSTM", "Conv2D", "Conv2DTranspose", "GRUCell",
    "BatchNormalization", "GlobalAveragePooling1D", "MyHTTPLayer", "MLP3D", "A1B2", "my_layer",
    "_Private", "TextVectorization", "Übung",
]  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_spelling_is_that_of_keras(name, keras):
    theirs = type(name, (keras.layers.Layer,), {})
    keras.backend.clear_session()
    assert naming.snake_case(name) == theirs().name


def test_counting():
    naming.reset_names()
    names = [naming.auto_name(word) for word in ("dense", "dense", "flatten", "dense")]
    assert names == ["dense", "dense_1", "flatten", "dense_2"]
    naming.reset_names()
    assert naming.auto_name("dense") == "dense"


def test_a_given_name_does_not_count():
    naming.reset_names()
    assert layers.Dense(1, name="mine").name == "mine"
    assert [layers.Dense(1).name for _ in range(2)] == ["dense", "dense_1"]


def test_unique():
    taken = {"dense", "dense_1"}
    assert [naming.unique("dense", taken) for _ in range(2)] == ["dense_2", "dense_3"]
    assert naming.unique("other", taken) == "other"
    assert {"dense_2", "dense_3", "other"} <= taken
