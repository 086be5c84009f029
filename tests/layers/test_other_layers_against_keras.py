"""Layers that do not fit the table of test_against_keras.py give Keras's numbers too."""

import numpy as np
import pytest

from myelin import layers

pytest.importorskip("keras")


def draw(*sizes, seed=0):
    return np.random.default_rng(seed).normal(1, 2, sizes).astype("float32")


@pytest.mark.parametrize("clipping", [None, {"rmin": 0.5, "rmax": 1.5, "dmax": 0.3}])
def test_renormalization_over_three_steps(keras, clipping):
    arguments = {"renorm": True, "renorm_clipping": clipping, "renorm_momentum": 0.8,
                 "momentum": 0.7}  # fmt: skip
    ours = layers.BatchNormalization(**arguments)
    theirs = keras.layers.BatchNormalization(**arguments)
    for step in range(3):
        x = draw(16, 4, seed=step) * (step + 1)
        got, wanted = ours(x, training=True), theirs(x, training=True)
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)
    assert [v.name for v in ours.weights] == [v.name for v in theirs.weights]
    for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
    read = layers.BatchNormalization.from_config(theirs.get_config())
    assert read.renorm_clipping == theirs.renorm_clipping


@pytest.mark.parametrize(
    "arguments", [{}, {"tie_weights": False, "logit_soft_cap": 2.0}, {"reverse_dtype": "float16"}]
)
def test_reversible_embedding(keras, arguments):
    words = np.array([[1, 3, 0], [2, 4, 4]])
    ours = layers.ReversibleEmbedding(5, 4, **arguments)
    theirs = keras.layers.ReversibleEmbedding.from_config(ours.get_config())
    ours(words), theirs(words)
    assert [v.name for v in ours.weights] == [v.name for v in theirs.weights]
    values = [draw(*v.shape) for v in ours.weights]
    ours.set_weights(values), theirs.set_weights(values)
    np.testing.assert_allclose(ours(words), theirs(words), rtol=1e-6)
    vectors = draw(2, 3, 4, seed=1)
    got, wanted = ours(vectors, reverse=True), theirs(vectors, reverse=True)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-3)
    read = layers.ReversibleEmbedding.from_config(theirs.get_config())
    assert {k: v for k, v in read.get_config().items() if v is not None} == {
        k: v for k, v in ours.get_config().items() if v is not None
    }


def test_a_jax_function(keras):
    def call(params, state, inputs, training):
        mean = inputs.mean(0) if training else state["mean"]
        return (inputs - mean) @ params["kernel"] + params["bias"], {"mean": mean}

    def init(rng, inputs):
        size = inputs.shape[-1]
        zeros, ones = np.zeros, np.ones
        return {"kernel": ones((size, 2)), "bias": zeros(2)}, {"mean": zeros(size)}

    x = draw(6, 3)
    ours, theirs = layers.JaxLayer(call, init), keras.layers.JaxLayer(call, init)
    for training in (True, False):
        got, wanted = ours(x, training=training), theirs(x, training=training)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
    shapes = [tuple(v.shape) for v in theirs.weights]
    assert [v.shape for v in ours.weights] == shapes
    assert [v.trainable for v in ours.weights] == [v.trainable for v in theirs.weights]
    np.testing.assert_allclose(ours.get_weights()[-1], x.mean(0), rtol=1e-6)


SPECS = [
    {"ndim": 2}, {"min_ndim": 3}, {"max_ndim": 1}, {"shape": (None, 3)}, {"shape": (2, 3, None)},
    {"axes": {-1: 3}}, {"axes": {1: 3, 0: None}}, {"dtype": "float32"}, {"dtype": "int32"},
]  # fmt: skip


@pytest.mark.parametrize("arguments", SPECS, ids=str)
def test_what_is_refused(keras, arguments):
    def refused(package, x):
        layer = package.layers.Identity()
        layer.input_spec = package.layers.InputSpec(**arguments)
        try:
            layer(x)
        except (ValueError, IndexError):
            return True
        return False

    import myelin

    for shape in [(3,), (2, 3), (2, 4), (2, 3, 1), (2, 3, 4)]:
        x = np.ones(shape, "float32")
        assert refused(myelin, x) == refused(keras, x), shape
    ours, theirs = layers.InputSpec(**arguments), keras.layers.InputSpec(**arguments)
    assert ours.get_config() == theirs.get_config()
    assert repr(ours) == repr(theirs)


def test_layers_are_written_alike(keras):
    ours = layers.TimeDistributed(layers.Dense(3, "relu", name="d"), name="t")
    theirs = keras.layers.deserialize(layers.serialize(ours))
    ours.build((None, 4, 5)), theirs.build((None, 4, 5))
    read = layers.deserialize(keras.layers.serialize(theirs))
    assert read.get_config() == ours.get_config()
    assert [v.shape for v in read.weights] == [v.shape for v in ours.weights]
