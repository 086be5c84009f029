"""ConvLSTM layers against Keras with the same weights: values, states, masks, gradients."""

import jax
import numpy as np
import pytest

import myelin as mn
from myelin import layers, variable
from tests.layers.test_against_keras import pair

pytest.importorskip("keras")
pytestmark = pytest.mark.peer

CASES = [
    ("ConvLSTM1D", {"filters": 3, "kernel_size": 2}, (2, 4, 6, 2)),
    ("ConvLSTM1D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same",
                    "return_sequences": True, "go_backwards": True}, (2, 4, 7, 3)),
    ("ConvLSTM2D", {"filters": 3, "kernel_size": (3, 2), "padding": "same",
                    "return_sequences": True, "unit_forget_bias": False}, (2, 3, 5, 6, 2)),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 2, "dilation_rate": (2, 1), "use_bias": False,
                    "activation": "relu", "recurrent_activation": "hard_sigmoid"}, (2, 3, 6, 5, 2)),
    ("ConvLSTM2D", {"filters": 4, "kernel_size": 3, "strides": (2, 1), "return_sequences": True,
                    "data_format": "channels_first"}, (2, 3, 2, 6, 5)),
    ("ConvLSTM3D", {"filters": 2, "kernel_size": 2, "padding": "same"}, (2, 3, 3, 3, 4, 2)),
]  # fmt: skip
IDS = [f"{name}-{i}" for i, (name, _, _) in enumerate(CASES)]


@pytest.mark.parametrize(("name", "arguments", "shape"), CASES, ids=IDS)
def test_outputs_gradients_and_config_are_keras(keras, name, arguments, shape):
    ours, theirs, x = pair(keras, name, arguments, shape)
    x = 0.3 * x
    got, wanted = ours(x), theirs(x)
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-6)
    unknown = (None, None, *shape[2:])
    assert ours.compute_output_shape(unknown) == tuple(theirs.compute_output_shape(unknown))
    weighting = np.random.default_rng(1).normal(size=got.shape).astype("float32")
    variables = {str(i): v for i, v in enumerate(ours.trainable_variables)}

    def our_loss(values, x):
        with variable.bind(variables, values):
            return (ours(x) * weighting).sum()

    def their_loss(values, x):
        seeds = [v.value for v in theirs.non_trainable_variables]
        return (theirs.stateless_call(values, seeds, x)[0] * weighting).sum()

    got = jax.grad(our_loss, (0, 1))({i: v.value for i, v in variables.items()}, x)
    wanted = jax.grad(their_loss, (0, 1))([v.value for v in theirs.trainable_variables], x)
    for own, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)
    there = getattr(keras.layers, name).from_config(dict(ours.get_config()))
    here = getattr(layers, name).from_config(theirs.get_config())
    there(x), here(x)
    there.set_weights(ours.get_weights()), here.set_weights(theirs.get_weights())
    np.testing.assert_allclose(there(x), ours(x), rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(here(x), ours(x), rtol=2e-5, atol=2e-6)


def test_states_are_keras(keras):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 5, 5, 2)).astype("float32")
    arguments = {"filters": 2, "kernel_size": 3, "return_state": True, "return_sequences": True}
    ours, theirs = (make.ConvLSTM2D(**arguments) for make in (layers, keras.layers))
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    states = [rng.normal(size=(3, 3, 3, 2)).astype("float32") for _ in range(2)]
    got = ours(x, initial_state=states)
    for own, other in zip(got, theirs(x, initial_state=states), strict=True):
        np.testing.assert_allclose(own, other, rtol=2e-5, atol=2e-6)


def test_masked_steps_are_as_if_they_were_not_there(keras):
    # Keras lays the mask along the wrong axis here, so it gets each sequence without those steps.
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype("float32")
    mask = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 1, 0]], bool)
    ours, theirs = (make.ConvLSTM1D(2, 3, return_state=True) for make in (layers, keras.layers))
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    got = ours(x, mask=mask)
    for row in range(3):
        wanted = theirs(x[row : row + 1, mask[row]])
        for own, other in zip(got, wanted, strict=True):
            np.testing.assert_allclose(own[row], other[0], rtol=2e-5, atol=2e-6)


def test_a_stateful_layer_goes_on_as_keras(keras):
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 1)).astype("float32")

    def outputs(k, weights=None):
        inputs = k.Input(batch_shape=(2, 3, 5, 1))
        layer = k.layers.ConvLSTM1D(2, 2, stateful=True, padding="same")
        model = k.Model(inputs, layer(inputs))
        if weights is not None:
            layer.set_weights(weights)
        found = [np.asarray(model(x)) for _ in range(2)]
        return found, layer.get_weights()

    got, weights = outputs(mn)
    wanted, _ = outputs(keras, weights)
    for own, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(own, other, rtol=2e-5, atol=2e-6)
    assert np.abs(got[0] - got[1]).max() > 1e-3


def test_dropout_of_each_gate_is_its_own_and_the_same_at_every_step():
    x = np.ones((1, 1, 50, 1), "float32")
    layer = layers.ConvLSTM1D(1, 1, dropout=0.5, return_sequences=True)
    layer(x)
    cell = layer.cell
    # Each gate copies its input, so what is dropped shows.
    layer.set_weights([np.ones((1, 1, 4)), np.zeros((1, 1, 4)), np.zeros(4)])
    own = np.asarray(cell.projected(np.ones((3, 1, 50, 1), "float32"), training=True))
    np.testing.assert_array_equal(own[0], own[1])
    assert set(np.unique(own)) == {0.0, 2.0}
    assert all((own[0, 0, :, 0] != own[0, 0, :, gate]).any() for gate in (1, 2, 3))
