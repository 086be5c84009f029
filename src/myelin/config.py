"""`keras.config`: the settings that hold for a whole program."""

from __future__ import annotations

import os

from myelin.backend import (
    backend,
    epsilon,
    image_data_format,
    set_epsilon,
    set_image_data_format,
)
from myelin.console import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from myelin.dtypes import dtype_policy, floatx, set_dtype_policy, set_floatx
from myelin.errors import InputError
from myelin.tracebacks import (
    disable_traceback_filtering,
    enable_traceback_filtering,
    is_traceback_filtering_enabled,
)

_flash_attention: bool | None = None


def _from_environment(name: str) -> int | None:
    return int(os.environ[name]) if os.environ.get(name, "").isdigit() else None


_max_epochs = _from_environment("KERAS_MAX_EPOCHS")
_max_steps_per_epoch = _from_environment("KERAS_MAX_STEPS_PER_EPOCH")


def set_backend(backend: str) -> None:
    """Accepts `"jax"`, the one engine there is.

    Raises:
        InputError: any other name.
    """
    if backend != "jax":
        raise InputError(
            f'set_backend: Myelin runs on "jax" alone, not on {backend!r}; a program that needs '
            "another engine runs with Keras itself"
        )


def max_epochs() -> int | None:
    """The most epochs that a `fit` runs, or None; KERAS_MAX_EPOCHS sets it from outside."""
    return _max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Caps the epochs of every `fit`, to try out a program fast; None takes the cap away.

    Raises:
        InputError: no whole number above 0.
    """
    global _max_epochs
    _max_epochs = _checked("set_max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most steps that an epoch, an `evaluate` or a `predict` takes, or None.

    KERAS_MAX_STEPS_PER_EPOCH sets it from outside.
    """
    return _max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Caps the steps of every epoch, `evaluate` and `predict`; None takes the cap away.

    Raises:
        InputError: no whole number above 0.
    """
    global _max_steps_per_epoch
    _max_steps_per_epoch = _checked("set_max_steps_per_epoch", max_steps_per_epoch)


def _checked(setter: str, value: int | None) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    if value is not None and not whole:
        raise InputError(f"{setter} wants a whole number above 0, or None, got {value!r}")
    return value


def enable_flash_attention() -> None:
    """Notes the wish for flash attention; attention computes as before, to the same numbers.

    XLA decides how the products and the softmax of attention are computed.
    """
    global _flash_attention
    _flash_attention = True


def disable_flash_attention() -> None:
    """Notes that flash attention is not wanted, which changes nothing here."""
    global _flash_attention
    _flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """What was said last of flash attention; None where nothing was."""
    return _flash_attention


def is_nnx_enabled() -> bool:
    """False: variables here are Myelin's own, not Flax's."""
    return False


__all__ = [
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
]
