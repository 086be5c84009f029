"""`remat` computes twice and changes no number: outputs, gradients, state, noise, penalties."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as keras
from myelin import layers
from myelin.errors import InputError

X = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")


def block():
    return keras.Sequential(
        [
            layers.Dense(16, "tanh"),
            layers.BatchNormalization(),
            layers.Dense(4, activity_regularizer="l2", kernel_regularizer="l1"),
        ]
    )


def model(around):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    made = keras.Model(inputs, layers.Dense(1)(around(block())(inputs)))
    made.compile(keras.optimizers.Adam(0.01), "mse")
    return made


def test_a_layer_trains_to_the_same_numbers():
    plain, twice = model(lambda layer: layer), model(keras.remat)
    twice.set_weights(plain.get_weights())
    got, wanted = (
        m.fit(X, X[:, :1], epochs=3, batch_size=8, shuffle=False, verbose=0).history["loss"]
        for m in (twice, plain)
    )
    np.testing.assert_allclose(got, wanted, rtol=1e-5)
    for one, other in zip(twice.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert np.any(twice.layers[1].layer.layers[1].moving_mean.numpy())
    again = keras.models.model_from_json(twice.to_json())
    again.set_weights(twice.get_weights())
    np.testing.assert_array_equal(again.predict(X, verbose=0), twice.predict(X, verbose=0))


def test_the_gradient_computes_again():
    made = model(keras.remat)
    values = (
        [v.value for v in made.trainable_variables],
        [v.value for v in made.non_trainable_variables],
    )

    def loss(trainable, other):
        outputs, after = made.stateless_call(trainable, other, X, training=True)
        return outputs.sum(), after

    text = str(jax.make_jaxpr(jax.grad(loss, has_aux=True))(*values))
    assert "checkpoint" in text or "remat" in text
    assert text.count("tanh") == 2


def test_a_function_may_draw_assign_and_take_other_arguments():
    dropout, count = layers.Dropout(0.5), keras.Variable(0.0, name="count")

    def step(x, how, *, scale):
        count.assign_add(1.0)
        return jnp.sin(dropout(x, training=True)) * scale if how == "sin" else x

    def total(f, x):
        keras.utils.set_random_seed(3)
        return f(x, "sin", scale=2.0).sum()

    twice = keras.remat(step)
    assert twice.__name__ == "step"
    np.testing.assert_allclose(total(twice, X), total(step, X), rtol=1e-6)
    assert float(count.value) == 2
    with keras.StatelessScope():
        got, wanted = (jax.grad(lambda x, f=f: total(f, x))(X) for f in (twice, step))
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_masks_go_on():
    embedding = keras.remat(layers.Embedding(5, 3, mask_zero=True))
    words = np.array([[1, 2, 0]])
    np.testing.assert_array_equal(layers.masks.mask_of(embedding(words)), words != 0)
    masked = keras.remat(layers.GlobalAveragePooling1D())
    plain = layers.GlobalAveragePooling1D()
    vectors = layers.Embedding(5, 3, mask_zero=True)(words)
    np.testing.assert_allclose(masked(vectors), plain(vectors), rtol=1e-6)
    with pytest.raises(InputError, match="wants a function or a layer"):
        keras.remat(3)


def test_a_layer_of_several_arguments():
    x = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
    attention = layers.MultiHeadAttention(2, 3)
    twice = keras.remat(attention)
    got = twice(x, x)
    np.testing.assert_allclose(got, attention(x, x), rtol=1e-5, atol=1e-6)
    inputs = keras.Input((3, 4))
    made = keras.Model(inputs, keras.remat(layers.MultiHeadAttention(2, 3))(inputs, inputs))
    assert made(x).shape == (2, 3, 4)
    assert len(made.trainable_variables) == 8
