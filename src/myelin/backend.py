"""`keras.backend`'s common names."""

from __future__ import annotations

from typing import Any

from myelin import dtypes
from myelin.dtypes import floatx, set_floatx
from myelin.errors import InputError
from myelin.naming import reset_names

_epsilon = 1e-7


def backend() -> str:
    """The engine underneath: `"jax"`."""
    return "jax"


def clear_session(free_memory: bool = True) -> None:
    """Starts automatic names anew; there is no other state between models to clear.

    Args:
        free_memory: also lets go of the programs that jax has compiled.
    """
    reset_names()
    if free_memory:
        import jax

        jax.clear_caches()


def epsilon() -> float:
    """The small number that Keras calls the fuzz factor, `1e-7` unless `set_epsilon` changed it."""
    return _epsilon


def set_epsilon(value: float) -> None:
    """Sets what `epsilon()` gives, a number above 0.

    Raises:
        InputError: it is not above 0.
    """
    global _epsilon
    if not float(value) > 0:
        raise InputError(f"set_epsilon wants a number above 0, got {value!r}")
    _epsilon = float(value)


def image_data_format() -> str:
    """Where images have their channels: `"channels_last"`."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accepts `"channels_last"`, the one order there is.

    Raises:
        InputError: any other order.
    """
    if data_format != "channels_last":
        raise InputError(
            f'images are "channels_last" here, (height, width, channels), not "{data_format}": '
            "move the axis with numpy.moveaxis(images, 1, -1)"
        )


def standardize_dtype(dtype: Any) -> str:
    """The plain name of a type in any form, such as `"float32"`; None is the default float.

    Raises:
        UnknownNameError: there is no such type.
    """
    return dtypes.name_of(dtype)


def is_float_dtype(dtype: Any) -> bool:
    """Whether a type, in any form, is a floating-point one."""
    return dtypes.is_float(standardize_dtype(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Whether a type, in any form, is one of whole numbers."""
    return standardize_dtype(dtype).removeprefix("u").startswith("int")


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
