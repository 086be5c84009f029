"""The settings of a whole program act, and say what they are."""

import logging
import warnings

import numpy as np
import pytest

import myelin as keras
from myelin import backend, config, layers, utils
from myelin.errors import InputError

X = np.ones((64, 3), "float32")


class Batches(utils.PyDataset):
    """Two batches, which is fewer than the cap."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X[:8], X[:8, :1]


@pytest.fixture
def model():
    made = keras.Sequential([layers.Input((3,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


@pytest.fixture
def _as_before():
    yield
    config.enable_interactive_logging()
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)


@pytest.mark.usefixtures("_as_before")
def test_without_interactive_logging_the_bar_goes_to_the_log(model, capsys, caplog):
    assert config.is_interactive_logging_enabled()
    utils.disable_interactive_logging()
    assert not utils.is_interactive_logging_enabled()
    with caplog.at_level(logging.INFO, logger="myelin"):
        model.fit(X, X[:, :1], epochs=2, verbose=1)
    assert capsys.readouterr().out == ""
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "Epoch 1/2"
    assert told[1].startswith("2/2 - ")
    assert "loss: " in told[1]
    assert len(told) == 4
    utils.enable_interactive_logging()
    model.fit(X, X[:, :1], verbose=1)
    assert "2/2" in capsys.readouterr().out


@pytest.mark.usefixtures("_as_before")
def test_caps_on_epochs_and_steps(model):
    config.set_max_epochs(2)
    config.set_max_steps_per_epoch(3)
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (2, 3)
    seen = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    with pytest.warns(UserWarning, match=r"Limiting (epochs to 2|steps_per_epoch to 3)"):
        history = model.fit(X, X[:, :1], batch_size=8, epochs=5, verbose=0, callbacks=[count])
    assert history.epoch == [0, 1]
    assert seen == [0, 1, 2] * 2
    with pytest.warns(UserWarning, match="steps_per_epoch to 3"):
        assert len(model.predict(X, batch_size=8, verbose=0)) == 24
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.fit(Batches(), epochs=2, verbose=0).epoch == [0, 1]
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(InputError, match="above 0, or None"):
            config.set_max_epochs(wrong)


def test_the_engine_is_jax():
    config.set_backend("jax")
    with pytest.raises(InputError, match='runs on "jax" alone'):
        config.set_backend("torch")
    assert config.is_nnx_enabled() is False


def test_switches_that_are_kept():
    assert config.is_flash_attention_enabled() is None
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled() is True
    config.disable_flash_attention()
    assert config.is_flash_attention_enabled() is False


def test_promises_are_known_and_counters_count():
    a, b = keras.Input((3,)), keras.Input((3,))
    c = layers.Add()([layers.Dense(3)(a), b])
    assert backend.is_keras_tensor(c)
    assert not utils.is_keras_tensor(X)
    assert utils.get_source_inputs(c) == [a, b]
    assert utils.get_source_inputs(a) == [a]
    with pytest.raises(InputError, match="got 3"):
        utils.get_source_inputs(3)
    backend.clear_session(free_memory=False)
    assert [backend.get_uid("x"), backend.get_uid("x"), backend.get_uid("y")] == [1, 2, 1]
    assert keras.mixed_precision.LossScaleOptimizer is keras.optimizers.LossScaleOptimizer
    policy = keras.dtypes.deserialize(keras.dtypes.serialize(keras.DTypePolicy("mixed_float16")))
    assert policy == keras.dtypes.get("mixed_float16")
    assert keras.FloatDTypePolicy().name == "float32"
