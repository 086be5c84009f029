"""Bad input ends in a clear error before any work starts: the nineteen mistakes, and more."""

import numpy as np
import pytest

import myelin as mn
from myelin.errors import InputError, MyelinError, NotCompiledError, ShapeError, UnknownNameError
from tests.training.conftest import make_data, make_model

X, Y = make_data()
ONE_HOT = np.eye(3, dtype="float32")[Y]


def changed(array, index, value):
    copy = np.array(array)
    copy[index] = value
    return copy


def fit(x=X, y=Y, model=None, **kwargs):
    (model or make_model()).fit(x, y, **{"epochs": 1, "verbose": 0, **kwargs})


# What a person does wrong, the error's class, and what its message must say.
MISTAKES = {
    "NaN in the inputs": (lambda: fit(changed(X, (7, 2), np.nan)), InputError, r"NaN at x\[7, 2\]"),
    "infinity in the inputs": (
        lambda: fit(changed(X, (3, 1), np.inf)), InputError, r"infinity at x\[3, 1\]"),
    "NaN in the targets": (
        lambda: fit(y=changed(np.ones((60, 1), "float32"), (5, 0), np.nan), model=make_model(1)),
        InputError, r"NaN at y\[5, 0\]"),
    "NaN in the weights": (
        lambda: fit(sample_weight=changed(np.ones(60), 4, np.nan)),
        InputError, r"sample_weight\[4"),
    "NaN in the validation data": (
        lambda: fit(validation_data=(changed(X, (0, 0), np.nan), Y)), InputError, "NaN"),
    "a label above the classes": (
        lambda: fit(y=changed(Y, 0, 7)), InputError, "label 7 is not one of the model's 3 classes"),
    "a label below zero": (
        lambda: fit(y=changed(Y, 0, -1)), InputError, "label -1 is not one of the model's 3"),
    "one-hot labels for a sparse loss": (
        lambda: fit(y=ONE_HOT), InputError, 'look one-hot: use loss="categorical_crossentropy"'),
    "labels for a one-hot loss": (
        lambda: fit(model=make_model(loss="categorical_crossentropy")),
        InputError, 'use loss="sparse_categorical_crossentropy"'),
    "lengths that differ": (
        lambda: fit(y=Y[:50]), ShapeError, "60 examples against 50"),
    "weights of another length": (
        lambda: fit(sample_weight=np.ones(3)), ShapeError, "60 examples against 3"),
    "no examples": (lambda: fit(X[:0], Y[:0]), InputError, "holds no examples"),
    "a wrong width": (
        lambda: fit(X[:, :3]), ShapeError, r"wants inputs of shape \(None, 4\).*got .*3\)"),
    "an array of objects": (
        lambda: fit(np.array([{}] * 60)), InputError, "holds objects"),
    "an array of text": (
        lambda: fit(X.astype(str)), InputError, "holds text"),
    "ragged rows": (lambda: fit([[1.0, 2.0], [1.0]], [0, 1]), InputError, "rows differ in length"),
    "a misspelt loss": (
        lambda: make_model(loss="sparse_categorical_crossentrop"),
        UnknownNameError, '"sparse_categorical_crossentropy"'),
    "a misspelt metric": (
        lambda: make_model(metrics=["acuracy"]), UnknownNameError, '"accuracy"'),
    "a misspelt optimizer": (
        lambda: make_model(optimizer="adm"), UnknownNameError, '"adam"'),
    "a misspelt activation": (
        lambda: mn.layers.Dense(3, activation="sofmax"), UnknownNameError, '"softmax"'),
    "not compiled": (
        lambda: mn.Sequential([mn.layers.Dense(3)]).fit(X, Y), NotCompiledError, "not compiled"),
    "not compiled, evaluate": (
        lambda: mn.Sequential([mn.layers.Dense(3)]).evaluate(X, Y), NotCompiledError, "compile"),
    "(N,) against (N, 3)": (
        lambda: fit(model=make_model(3, loss="mse")), ShapeError, r"y of shape \(60,\)"),
    "(N, 2) against (N, 1)": (
        lambda: fit(y=ONE_HOT[:, :2], model=make_model(1)), ShapeError, r"y of shape \(60, 2\)"),
    "negative epochs": (lambda: fit(epochs=-1), InputError, "epochs wants a whole number"),
    "epochs that are no number": (lambda: fit(epochs="5"), InputError, "epochs wants"),
    "batch size 0": (lambda: fit(batch_size=0), InputError, "batch_size wants a whole number"),
    "a batch larger than the data": (
        lambda: fit(batch_size=61), InputError, "larger than the data: 60 examples"),
    "evaluate with batch size 0": (
        lambda: make_model().evaluate(X, Y, batch_size=0, verbose=0), InputError, "batch_size"),
    "Dense(-1)": (lambda: mn.layers.Dense(-1), InputError, "units wants"),
    "Dropout(1.5)": (lambda: mn.layers.Dropout(1.5), InputError, "rate wants a share"),
    "a split of 1.5": (lambda: fit(validation_split=1.5), InputError, "validation_split wants"),
    "a split that leaves nothing": (
        lambda: fit(X[:1], Y[:1], validation_split=0.5), InputError, "leaves one side empty"),
    "labels from 0 to 5 for a binary loss": (
        lambda: fit(y=np.arange(60) % 6, model=make_model(1, loss="binary_crossentropy")),
        InputError, "labels from 0 to 1"),
    "class weights that are no dictionary": (
        lambda: fit(class_weight=[1, 2, 3]), InputError, "dictionary"),
    "no inputs": (lambda: fit(None), InputError, "wants the inputs"),
    "a single number": (lambda: fit(np.float32(3)), InputError, "one entry per example"),
    "an unknown verbosity": (lambda: fit(verbose=7), InputError, "verbose wants"),
    "an unknown keyword": (
        lambda: make_model().evaluate(X, Y, bach_size=3), InputError, "bach_size"),
    "validation data that are no tuple": (
        lambda: fit(validation_data=X[:2]), InputError, "validation_data wants"),
    "something that is no layer": (
        lambda: mn.Sequential([mn.layers.Dense(3), 5]), InputError, "wants layers, got 5"),
    "a class instead of a layer": (
        lambda: mn.Sequential([mn.layers.Flatten]), InputError, r"write Flatten\(…\)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_clear_error(mistake):
    make, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message) as caught:
        make()
    assert isinstance(caught.value, MyelinError)
    # What Keras raises there, people catch as ValueError.
    assert isinstance(caught.value, ValueError | RuntimeError)


def test_a_mistake_leaves_the_weights_alone():
    model = make_model()
    before = model.get_weights()
    with pytest.raises(InputError):
        model.fit(changed(X, (59, 0), np.nan), Y, verbose=0)
    for own, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("targets", [Y.astype("float32"), Y[:, None].astype("float32")])
def test_targets_with_one_meaning_are_aligned(targets):
    model = make_model(1)
    flat = model.evaluate(X, Y.astype("float32"), verbose=0)
    assert model.evaluate(X, targets, verbose=0) == pytest.approx(flat, rel=1e-6)
    outputs = model.predict(X, verbose=0)[:, 0]
    assert flat == pytest.approx(float(np.mean((outputs - Y) ** 2)), rel=1e-5)
