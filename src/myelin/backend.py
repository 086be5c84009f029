"""`keras.backend`'s common names."""

from __future__ import annotations

from typing import Any

from myelin import dtypes
from myelin.dtypes import floatx, set_floatx
from myelin.errors import InputError
from myelin.naming import next_number, reset_names
from myelin.promise import Promise

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


def result_type(*dtypes_given: Any) -> str:
    """The type of what arithmetic between types gives; the default float type for none.

    Python's `int` and `float` give way to types of arrays of their kind, as their numbers do.

    Raises:
        UnknownNameError: there is no such type.
    """
    import jax.numpy as jnp

    result: Any = None
    for dtype in sorted(dtypes_given, key=lambda dtype: dtype in (int, float)):
        weak = dtype in (int, float)
        name = standardize_dtype(dtype)
        kinds = ("i", "f") if dtype is int else ("f",)
        if result is None:
            result = jnp.dtype(name)
        elif weak and (_kind(result) in kinds):
            continue
        else:
            result = jnp.promote_types(result, name)
    return dtypes.floatx() if result is None else str(result)


def _kind(dtype: Any) -> str:
    """ "f" for floating-point types, "i" for whole numbers, "b" for truth."""
    if is_float_dtype(dtype):
        return "f"
    return "b" if str(dtype) == "bool" else "i"


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a promise, such as `Input` gives."""
    return isinstance(x, Promise)


def get_uid(prefix: str = "") -> int:
    """How often a number was asked for under a prefix, from 1 on; see `clear_session`."""
    return next_number(prefix)


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
