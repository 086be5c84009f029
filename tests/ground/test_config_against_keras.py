"""Type promotion and the names of settings are Keras's."""

import itertools

import pytest

from myelin import backend, config

keras = pytest.importorskip("keras")

TYPES = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "bfloat16", "float16",
    "float32", "float64", int, float, None,
]  # fmt: skip


def test_result_type():
    for count in (1, 2):
        for types in itertools.product(TYPES, repeat=count):
            assert backend.result_type(*types) == keras.backend.result_type(*types), types
    assert backend.result_type() == keras.backend.result_type()
    assert backend.result_type("int8", "uint8", float) == "float32"


def test_settings_begin_as_keras_has_them():
    for name in ("is_interactive_logging_enabled", "is_traceback_filtering_enabled",
                 "is_flash_attention_enabled", "is_nnx_enabled", "max_epochs",
                 "max_steps_per_epoch"):  # fmt: skip
        if name != "is_flash_attention_enabled":
            assert getattr(config, name)() == getattr(keras.config, name)(), name
        assert callable(getattr(config, name))
