"""`keras.backend`'s common names."""

from __future__ import annotations

from typing import Any

from myelin import dtypes
from myelin.dtypes import floatx, set_floatx
from myelin.errors import InputError
from myelin.naming import reset_names, uid
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


def result_type(*dtypes: Any) -> str:
    """The plain name of the type that numbers of these types have together, as jax promotes them.

    Args:
        *dtypes: types in any form; None is the default float. Python's `int` and `float` give way
            to types of their kind.
    """
    import jax.numpy as jnp

    if not dtypes:
        return floatx()
    given = [floatx() if dtype is None else dtype for dtype in dtypes]
    strong = [standardize_dtype(dtype) for dtype in given if dtype not in (int, float)]
    plain = [0.0 if dtype is float else 0 for dtype in given if dtype in (int, float)]
    # Python's numbers alone have the width of the default float.
    width = floatx().removeprefix("b").removeprefix("float")
    if float in given and not any(map(is_float_dtype, strong)):
        return "float32" if width == "64" else f"float{width}"
    if int in given and not any(dtype != "bool" for dtype in strong):
        return "int32" if width == "64" else f"int{width}"
    return str(jnp.result_type(*map(jnp.dtype, strong), *plain))


def get_uid(prefix: str = "") -> int:
    """1 for the first call with this prefix, then 2, 3 and so on, until `clear_session`."""
    return uid(prefix)


def is_int_dtype(dtype: Any) -> bool:
    """Whether a type, in any form, is one of whole numbers."""
    return standardize_dtype(dtype).removeprefix("u").startswith("int")


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a promise, such as `Input` gives."""
    return isinstance(x, Promise)


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
