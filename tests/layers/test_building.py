"""`build`, called by hand: the layer is built then, once."""

import numpy as np
import pytest

import myelin as keras
from myelin import layers

X = np.ones((2, 4), "float32")


class Outer(layers.Layer):
    """Builds what is inside it, as Keras asks of a layer."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(3)

    def build(self, input_shape):
        self.inner.build(input_shape)
        super().build(input_shape)

    def call(self, x):
        return self.inner(x)


def test_a_layer_that_another_built_is_built_once():
    layer = Outer()
    layer(X)
    assert [v.name for v in layer.weights] == ["kernel", "bias"]
    assert layer.inner.built
    model = keras.Sequential([layers.Input((4,)), Outer()])
    assert model.count_params() == 15


@pytest.mark.parametrize(
    ("make", "shapes", "config"),
    [
        (lambda: layers.Dense(2), [(None, 4)], {"input_shape": (None, 4)}),
        (lambda: layers.ReLU(), [(None, 4)], {"input_shape": (None, 4)}),
        (lambda: layers.TimeDistributed(layers.Dense(2)), [(None, 3, 4)],
         {"input_shape": (None, 3, 4)}),
        (lambda: layers.MultiHeadAttention(1, 2), [(None, 3, 4), (None, 5, 4)],
         {"shapes_dict": {"query_shape": (None, 3, 4), "value_shape": (None, 5, 4)}}),
    ],
)  # fmt: skip
def test_it_knows_what_it_was_built_for(make, shapes, config):
    layer = make()
    layer.build(*shapes)
    assert layer.built
    assert layer.get_build_config() == config
    again = type(layer).from_config(layer.get_config())
    again.build_from_config(config)
    assert [v.shape for v in again.weights] == [v.shape for v in layer.weights]


def test_a_model_of_ones_own_is_built_by_following_its_call(capsys):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = layers.Dense(3, "relu"), layers.Dense(2)

        def call(self, x):
            return self.out(self.hidden(x))

    model = Model()
    model.build(input_shape=(None, 4))
    assert model.count_params() == 15 + 8
    model.summary()
    assert "(None, 3)" in capsys.readouterr().out
    before = model.get_weights()
    model(X)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_build_of_ones_own_may_call_its_base_first_and_one_that_cannot_be_followed_warns():
    class Early(keras.Model):
        def build(self, input_shape):
            super().build(input_shape)
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Early()
    model.build((None, 4))
    assert model(X).shape == (2, 2)

    class Two(keras.Model):
        def call(self, x, y):
            return x + y

    with pytest.warns(UserWarning, match="could not follow call on inputs of shape"):
        Two().build((None, 4))
