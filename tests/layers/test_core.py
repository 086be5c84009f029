"""Dense, Activation, Lambda and Input: closed forms and clear errors."""

import jax.numpy as jnp
import numpy as np
import pytest

from myelin import layers
from myelin.errors import InputError, NotBuiltError, ShapeError, UnknownNameError

X = np.arange(6, dtype="float32").reshape(2, 3)


def test_dense_is_a_product_and_a_sum():
    dense = layers.Dense(2, activation="relu", bias_initializer="ones")
    y = dense(X)
    kernel, bias = dense.get_weights()
    np.testing.assert_allclose(y, np.maximum(X @ kernel + bias, 0), rtol=1e-6)
    assert [v.path for v in dense.variables] == [f"{dense.name}/kernel", f"{dense.name}/bias"]
    assert dense.count_params() == 3 * 2 + 2


@pytest.mark.parametrize("units", [-1, 0, 1.5, "3", True, None])
def test_dense_wants_units_above_zero(units):
    with pytest.raises(InputError, match="units wants a whole number above 0"):
        layers.Dense(units)


def test_a_wrong_width_names_the_layer_what_it_wants_and_what_it_got():
    dense = layers.Dense(2, name="head")
    dense(X)
    with pytest.raises(ShapeError, match=r'Dense "head": wants a last axis of 3.*\(2, 4\)'):
        dense(np.zeros((2, 4), "float32"))


def test_a_misspelt_activation_names_the_nearest():
    with pytest.raises(UnknownNameError, match='"relu"'):
        layers.Dense(2, activation="rellu")


def test_a_misspelt_argument_names_the_nearest():
    with pytest.raises(InputError, match='"kernel_regularizer"'):
        layers.Dense(2, kernel_regulariser="l2")


def test_lambda_takes_arguments_and_training():
    layer = layers.Lambda(lambda x, by, training: x * by + training, arguments={"by": 3})
    np.testing.assert_allclose(layer(X, training=True), X * 3 + 1)
    np.testing.assert_allclose(layer(X), X * 3)


def test_lambda_wants_a_function():
    with pytest.raises(InputError, match="wants a function"):
        layers.Lambda(3)


def test_input_is_a_shape_and_a_type():
    given = layers.Input((28, 28), dtype="uint8", name="image")
    assert (given.shape, given.dtype, given.name) == ((None, 28, 28), "uint8", "image")
    assert layers.Input(batch_shape=(8, 3)).shape == (8, 3)
    with pytest.raises(InputError, match="shape"):
        layers.Input()


def test_a_layer_of_ones_own_needs_no_new_habits():
    class Scale(layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")

        def call(self, inputs):
            return inputs * self.factor

    scale = Scale()
    np.testing.assert_allclose(scale(X), X)
    assert scale.built
    assert len(scale.trainable_weights) == 1
    assert scale.compute_output_shape((None, 3)) == (None, 3)


def test_layers_inside_layers_are_found_and_named():
    class Block(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = [layers.Dense(4, name="dense"), layers.Dense(3, name="dense")]

        def call(self, inputs):
            for layer in self.inner:
                inputs = layer(inputs)
            return inputs

    block = Block(name="block")
    assert block(X).shape == (2, 3)
    paths = list(block.name_variables("block", set()))
    assert paths == [
        "block/dense/kernel", "block/dense/bias", "block/dense_1/kernel", "block/dense_1/bias",
    ]  # fmt: skip
    block.trainable = False
    assert not block.trainable_variables
    assert len(block.non_trainable_variables) == 4


def test_automatic_names_count_up():
    from myelin import backend

    backend.clear_session()
    assert [layers.Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert layers.ReLU().name == "re_lu"
    assert layers.BatchNormalization().name == "batch_normalization"


def test_inputs_of_many_kinds():
    dense = layers.Dense(2)
    wanted = dense(X)
    for given in (X.tolist(), jnp.asarray(X), X.astype("float64"), np.asfortranarray(X)):
        np.testing.assert_allclose(dense(given), wanted, rtol=1e-6)


def test_get_build_config_builds_again():
    dense = layers.Dense(2)
    dense(X)
    again = layers.Dense.from_config(dense.get_config())
    again.build_from_config(dense.get_build_config())
    assert again.built
    assert again.kernel.shape == (3, 2)


def test_set_weights_wants_the_same_shapes():
    dense = layers.Dense(2)
    dense(X)
    with pytest.raises(ShapeError, match="wants 2 arrays"):
        dense.set_weights([np.zeros((3, 2))])
    with pytest.raises(ShapeError, match=r"wants shape \(3, 2\), got \(2, 3\)"):
        dense.set_weights([np.zeros((2, 3)), np.zeros(2)])


def test_an_unbuilt_layer_has_no_count_and_a_name_is_plain_text():
    with pytest.raises(NotBuiltError, match="not built"):
        layers.Dense(3).count_params()
    for name in ("a/b", 3):
        with pytest.raises(InputError, match="name wants text"):
            layers.Dense(3, name=name)
