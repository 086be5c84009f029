"""`Function`: what leads from some promises to others, called on arrays and on promises."""

import numpy as np
import pytest

import myelin as keras
from myelin import layers
from myelin.errors import InputError, ShapeError

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def test_it_computes_what_the_model_does():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    hidden = layers.Dense(3, "relu")(a)
    outputs = {"sum": layers.Add()([hidden, layers.Dense(3)(b)]), "hidden": hidden}
    function, model = keras.Function([a, b], outputs, name="both"), keras.Model([a, b], outputs)
    got, wanted = function([X, X]), model([X, X])
    for name in outputs:
        np.testing.assert_array_equal(got[name], wanted[name])
    assert function.compute_output_shape([(None, 4), (None, 4)]) == {
        "sum": (None, 3), "hidden": (None, 3)
    }  # fmt: skip
    assert [type(o).__name__ for o in function.operations].count("Dense") == 2
    assert (function.inputs, function.name) == ([a, b], "both")
    promised = function([keras.Input((4,)), keras.Input((4,))])
    assert promised["sum"].shape == (None, 3)


def test_it_begins_in_the_middle_and_follows_training():
    a = keras.Input((4,))
    middle = layers.Dense(4)(a)
    function = keras.Function(middle, layers.Dropout(0.5)(middle * 2.0))
    np.testing.assert_allclose(function(X), 2 * X, rtol=1e-6)
    assert np.any(np.asarray(function(X, training=True)) == 0)
    with pytest.raises(ShapeError, match=r"wants inputs of shape \(None, 4\)"):
        function(X[:, :3])
    with pytest.raises(InputError, match="wants 1 inputs, got 2"):
        function([X, X])
