import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import Sequential, errors, layers, variable

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5)).astype("float32")


def largest(kernel):
    """The largest singular value of a kernel, as a matrix into its last axis."""
    return np.linalg.svd(np.reshape(kernel, (-1, np.shape(kernel)[-1])), compute_uv=False)[0]


class Tensordot(layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], 2, 3), name="kernel")

    def call(self, x):
        return jnp.tensordot(x, self.kernel.value, 1)


@pytest.mark.parametrize("inner", [lambda: layers.Dense(3), Tensordot])
def test_the_largest_singular_value_becomes_one(inner):
    layer = layers.SpectralNormalization(inner(), power_iterations=100)
    before = layer(X)
    kernel = layer.layer.kernel.numpy()
    after = layer(X, training=True)
    assert largest(layer.layer.kernel.numpy()) == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(layer.layer.kernel, kernel / largest(kernel), rtol=1e-4)
    np.testing.assert_allclose(after, before / largest(kernel), rtol=1e-4, atol=1e-6)


def test_a_kernel_of_zeros_stays():
    layer = layers.SpectralNormalization(layers.Dense(3, kernel_initializer="zeros"))
    layer(X)
    before = layer.get_weights()
    assert not np.any(layer(X, training=True))
    for own, first in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, first)


def test_a_critic_trains():
    model = Sequential([layers.SpectralNormalization(layers.Dense(8, "relu")), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(X, X.sum(1, keepdims=True), epochs=30, batch_size=4, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: layers.SpectralNormalization("dense"), "layer wants a layer"),
        (lambda: layers.SpectralNormalization(layers.Dense(3), 0), "power_iterations"),
        (lambda: layers.SpectralNormalization(layers.Dropout(0.5))(X), "no kernel"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(errors.InputError, match=says):
        make()


def pair(keras, power_iterations):
    ours = layers.SpectralNormalization(layers.Dense(3), power_iterations)
    theirs = keras.layers.SpectralNormalization(keras.layers.Dense(3), power_iterations)
    ours(X), theirs(X)
    names, shapes = ([[getattr(w, what) for w in both.weights] for both in (ours, theirs)]
                     for what in ("name", "shape"))  # fmt: skip
    assert names[0] == names[1]
    assert shapes[0] == shapes[1]
    values = [RNG.uniform(0.5, 1.5, size=w.shape).astype("float32") for w in ours.weights]
    ours.set_weights(values), theirs.set_weights(values)
    return ours, theirs


@pytest.mark.peer
@pytest.mark.parametrize("power_iterations", [1, 3])
def test_is_kerass(keras, power_iterations):
    ours, theirs = pair(keras, power_iterations)
    for training in (False, True, True, False):
        np.testing.assert_allclose(
            ours(X, training=training), theirs(X, training=training), rtol=2e-5, atol=2e-6
        )
        for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(own, other, rtol=2e-5, atol=2e-6)


@pytest.mark.peer
def test_gradients_are_kerass(keras):
    ours, theirs = pair(keras, 1)
    weighting = RNG.normal(size=(4, 3)).astype("float32")
    variables = {str(i): v for i, v in enumerate(ours.trainable_variables)}

    def our_loss(values):
        with variable.bind(variables, values):
            return (ours(X, training=True) * weighting).sum()

    def their_loss(values):
        fixed = [v.value for v in theirs.non_trainable_variables]
        outputs, _ = theirs.stateless_call(values, fixed, X, training=True)
        return (outputs * weighting).sum()

    got = jax.grad(our_loss)({i: v.value for i, v in variables.items()})
    wanted = jax.grad(their_loss)([v.value for v in theirs.trainable_variables])
    for own, other in zip(got.values(), wanted, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)


@pytest.mark.peer
def test_configs_go_both_ways(keras):
    ours, theirs = pair(keras, 2)
    weights = ours.get_weights()
    wanted = ours(X, training=True)
    for made in (
        layers.SpectralNormalization.from_config(theirs.get_config()),
        keras.layers.SpectralNormalization.from_config(ours.get_config()),
    ):
        made(X)
        made.set_weights(weights)
        np.testing.assert_allclose(made(X, training=True), wanted, rtol=2e-5)
