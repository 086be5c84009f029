"""`backend`, `config` and `mixed_precision`: Keras's settings by Keras's names."""

import jax
import numpy as np
import pytest

import myelin as mn
from myelin import backend, config, dtypes, layers, mixed_precision, naming
from myelin.errors import InputError


@pytest.mark.parametrize("module", [backend, config, mixed_precision])
def test_every_name_is_one_of_keras(module, keras):
    theirs = getattr(keras, module.__name__.rpartition(".")[2])
    assert not [name for name in module.__all__ if not hasattr(theirs, name)]


def test_each_function_exists_once():
    for name in set(backend.__all__) & set(config.__all__):
        assert getattr(backend, name) is getattr(config, name)
    assert mixed_precision.Policy is mn.DTypePolicy is dtypes.DTypePolicy
    assert mn.utils.clear_session is backend.clear_session


def test_the_engine():
    assert backend.backend() == "jax"


def test_epsilon():
    assert backend.epsilon() == 1e-7
    backend.set_epsilon(1e-5)
    try:
        assert config.epsilon() == 1e-5
        for value in (0, -1, float("nan")):
            with pytest.raises(InputError, match="above 0"):
                backend.set_epsilon(value)
        assert backend.epsilon() == 1e-5
    finally:
        backend.set_epsilon(1e-7)


def test_images_have_channels_last():
    assert config.image_data_format() == "channels_last"
    config.set_image_data_format("channels_last")
    with pytest.raises(InputError, match="moveaxis"):
        config.set_image_data_format("channels_first")


@pytest.mark.parametrize(
    "dtype", ["float32", "int32", "bool", int, float, bool, None, np.float16, "uint8", "bfloat16"]
)
def test_types_are_called_as_in_keras(dtype, keras):
    assert backend.standardize_dtype(dtype) == keras.backend.standardize_dtype(dtype)
    assert backend.is_float_dtype(dtype) == keras.backend.is_float_dtype(dtype)
    assert backend.is_int_dtype(dtype) == keras.backend.is_int_dtype(dtype)


@pytest.mark.parametrize("free_memory", [True, False])
def test_clear_session(free_memory):
    naming.auto_name("dense")
    model = mn.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.predict(np.ones((4, 2)), verbose=0)
    backend.clear_session(free_memory)
    assert layers.Dense(1).name == "dense"
    np.testing.assert_array_equal(model.predict(np.ones((4, 2)), verbose=0), before)


def test_clear_session_lets_compiled_programs_go():
    @jax.jit
    def function(x):
        return x + 1

    function(1)
    assert function._cache_size() == 1
    backend.clear_session(free_memory=False)
    assert function._cache_size() == 1
    backend.clear_session()
    assert function._cache_size() == 0


def test_public_names_lead_where_they_say():
    assert mn.Sequential is mn.models.Sequential
    assert mn.Layer is layers.Layer
    assert mn.load_model is mn.saving.load_model is mn.models.load_model
    for name in mn.__all__:
        assert getattr(mn, name) is not None
