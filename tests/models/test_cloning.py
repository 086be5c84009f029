"""`clone_model`: new layers, fresh weights, nothing shared."""

import numpy as np
import pytest

import myelin as mn
from myelin import layers
from myelin.errors import InputError
from myelin.models import clone_model

X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


class Shifted(layers.Dense):
    """A user's own layer, which is not registered."""


def made(k=mn, dense=None):
    dense = dense or k.layers.Dense
    inner = k.Sequential([k.Input((4,)), k.layers.Dense(4, name="deep")], name="inner")
    rows = [k.Input((3,), name="first"), dense(4, name="a"), inner, k.layers.Dense(2, name="b")]
    return k.Sequential(rows, name="outer")


def described(model):
    return (model.name, model.built, model.input_shape, model.output_shape,
            [layer.name for layer in model.layers], len(model.weights))  # fmt: skip


def test_as_in_keras(keras):
    mine, theirs = clone_model(made(mn)), keras.models.clone_model(made(keras))
    assert described(mine) == described(theirs) == described(made(mn))


def test_layers_are_new_and_weights_fresh():
    model = made()
    model.compile("sgd", "mse")
    clone = clone_model(model)
    assert not {id(v) for v in model.variables} & {id(v) for v in clone.variables}
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    assert not clone.compiled
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(X), model(X))
    clone.compile("sgd", "mse")
    before = model.get_weights()
    clone.fit(X, np.ones((5, 2)), verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_is_not_built_stays_so():
    clone = clone_model(mn.Sequential([layers.Dense(2)], trainable=False))
    assert not clone.built
    assert not clone.trainable


def test_what_data_built():
    model = mn.Sequential([layers.Dense(2)])
    model(X)
    assert clone_model(model).input_shape == (None, 3)


def test_ones_own_classes_and_lambdas():
    function = lambda x: x + 1  # noqa: E731
    model = mn.Sequential([mn.Input((3,)), Shifted(2, activation=function), layers.Lambda(np.abs)])
    clone = clone_model(model)
    assert type(clone.layers[0]) is Shifted
    assert clone.layers[0].activation is function


def test_clone_function():
    def wider(layer):
        return layers.Dense(layer.units * 2, name=layer.name) if layer.name == "a" else layer

    model = mn.Sequential([mn.Input((3,)), layers.Dense(2, name="a"), layers.ReLU(name="b")])
    clone = clone_model(model, clone_function=wider)
    assert clone.output_shape == (None, 4)
    assert clone.layers[1] is model.layers[1]


def test_recursive(keras):
    seen = {}
    for k in (mn, keras):
        names = seen[k.__name__] = []

        def clone(layer, names=names):
            names.append(layer.name)
            return type(layer).from_config(layer.get_config())

        k.models.clone_model(made(k), clone_function=clone, recursive=True)
        k.models.clone_model(made(k), clone_function=clone)
    assert seen["myelin"] == seen["keras"] == ["a", "deep", "b", "a", "inner", "b"]


@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: [t]])
def test_another_input(wrap):
    clone = clone_model(made(), input_tensors=wrap(mn.Input((9,))))
    assert clone.input_shape == (None, 9)
    assert clone.weights[0].shape == (9, 4)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"model": 3}, "wants a model"),
        ({"model": made(), "call_function": lambda layer: layer}, "call_function"),
        ({"model": made(), "input_tensors": np.ones(3)}, "one Input"),
        ({"model": made(), "input_tensors": [mn.Input((3,))] * 2}, "one Input"),
        ({"model": layers.Dense(2), "clone_function": lambda layer: layer}, "not a Sequential"),
    ],
)
def test_what_does_not_apply(arguments, complaint):
    with pytest.raises(InputError, match=complaint):
        clone_model(**arguments)
