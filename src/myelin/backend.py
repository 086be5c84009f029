"""`keras.backend`'s common names."""

from __future__ import annotations

from myelin.dtypes import floatx, set_floatx
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
    """Sets what `epsilon()` gives."""
    global _epsilon
    _epsilon = float(value)


def image_data_format() -> str:
    """Where images have their channels: `"channels_last"`."""
    return "channels_last"


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "set_epsilon",
    "set_floatx",
]
