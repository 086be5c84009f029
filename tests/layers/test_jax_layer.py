"""A function over jax arrays trains, remembers and is saved like any other layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as keras
from myelin import errors, layers, saving


@saving.register_keras_serializable("tests")
def init(rng, inputs):
    kernel = jax.random.normal(rng, (inputs.shape[-1], 2)) * 0.3
    return {"w": {"kernel": kernel, "bias": jnp.zeros(2)}}, {"count": jnp.int32(0)}


@saving.register_keras_serializable("tests")
def call(params, state, rng, inputs, training):
    y = inputs @ params["w"]["kernel"] + params["w"]["bias"]
    if training:
        y = y * jax.random.bernoulli(rng, 0.9, y.shape)
    return y, {"count": state["count"] + 1}


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    return x, x @ np.float32([[1, 2], [0, 1], [-1, 0]])


def test_it_trains_and_its_state_counts_the_steps(data):
    model = keras.Sequential([layers.Input((3,)), layers.JaxLayer(call, init)])
    model.compile("adam", "mse")
    layer = model.layers[0]
    names = [v.name for v in layer.weights]
    assert names == ["w/bias", "w/kernel", "count"]
    assert [v.path.split("/", 1)[1] for v in layer.weights] == names
    before = layer.params["w"]["kernel"].numpy()
    history = model.fit(*data, epochs=3, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert not np.array_equal(before, layer.params["w"]["kernel"].numpy())
    assert layer.state["count"].dtype == "int32"
    assert int(layer.state["count"].value) == 12


def test_it_computes_what_the_function_does(data):
    params = {"w": {"kernel": np.eye(3, 2, dtype="float32"), "bias": jnp.ones(2)}}
    layer = layers.JaxLayer(call, params=params, state={"count": 3})
    np.testing.assert_allclose(layer(data[0]), data[0][:, :2] + 1, rtol=1e-6)
    assert int(layer.state["count"].value) == 4
    assert layer.compute_output_shape((None, 3)) == (None, 2)
    # Neither did finding the shape count, nor does a call with other values.
    outputs, others = layer.stateless_call(
        [jnp.zeros(2), jnp.zeros((3, 2))], [jnp.int32(9)], data[0]
    )
    assert int(others[0]) == 10
    assert not np.any(outputs)
    assert int(layer.state["count"].value) == 4


def test_it_is_kept_in_a_file(data, tmp_path):
    model = keras.Sequential([layers.Input((3,)), layers.JaxLayer(call, init, seed=3)])
    model.save(tmp_path / "model.keras")
    loaded = keras.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(data[0]), model.predict(data[0]))
    config = layers.JaxLayer(call, init).get_config()
    assert "params" not in config
    assert config["call_fn"]["config"] == "tests>call"


def test_what_is_no_array_is_for_the_function_to_read():
    layer = layers.JaxLayer(
        lambda params, inputs: inputs * params["factor"] if params["how"] == "times" else inputs,
        params={"how": "times", "factor": 2.0},
    )
    np.testing.assert_array_equal(layer(np.ones((1, 2))), [[2, 2]])
    assert len(layer.weights) == 1
    # Neither params nor state are needed.
    np.testing.assert_array_equal(layers.JaxLayer(lambda inputs: -inputs)(np.ones(2)), [-1, -1])


def test_faults_are_named():
    with pytest.raises(errors.InputError, match="an argument called inputs"):
        layers.JaxLayer(lambda params: params)
    with pytest.raises(errors.UnknownNameError, match=r'call_fn called "param"\. .*"params"'):
        layers.JaxLayer(lambda param, inputs: inputs)
    with pytest.raises(errors.InputError, match="takes params: give init_fn"):
        layers.JaxLayer(lambda params, inputs: inputs)
    broken = layers.JaxLayer(lambda state, inputs: (inputs, [state]), state=jnp.zeros(()))
    with pytest.raises(errors.InputError, match="with a state like"):
        broken(np.ones((1, 2)))
