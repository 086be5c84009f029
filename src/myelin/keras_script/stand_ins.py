"""Small functions that Keras and TensorFlow programs call around the model itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from myelin.keras_script.names import KERAS_VERSION

Tensor = jax.Array

boolean = np.dtype("bool")
bfloat16 = jnp.dtype("bfloat16")
float16, float32, float64 = (np.dtype(f"float{bits}") for bits in (16, 32, 64))
int8, int16, int32, int64 = (np.dtype(f"int{bits}") for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64))


class PhysicalDevice(NamedTuple):
    """A device as `tf.config.list_physical_devices` names it."""

    name: str
    device_type: str


def version() -> str:
    """The Keras version whose names and behaviour Myelin follows."""
    return KERAS_VERSION


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices JAX found, of one type (`"CPU"`, `"GPU"`, `"TPU"`) or of all."""
    devices = jax.devices()
    if all(device.platform != "cpu" for device in devices):
        devices = jax.devices("cpu") + devices
    named = [
        PhysicalDevice(
            f"/physical_device:{device.platform.upper()}:{device.id}", device.platform.upper()
        )
        for device in devices
    ]
    return [device for device in named if device_type in (None, device.device_type)]


def is_gpu_available(*args: Any, **kwargs: Any) -> bool:
    """Whether JAX found a GPU."""
    return bool(list_physical_devices("GPU"))


def gpu_device_name() -> str:
    """The first GPU as `"/device:GPU:0"`, or an empty string."""
    return "/device:GPU:0" if is_gpu_available() else ""


def set_memory_growth(device: PhysicalDevice, enable: bool) -> None:
    """Does nothing: JAX decides on GPU memory before the program starts.

    The environment variable `XLA_PYTHON_CLIENT_PREALLOCATE=false` is the setting meant here.
    """


def executing_eagerly() -> bool:
    """Always true: outside a compiled step, every call computes at once."""
    return True


def function(func: Callable[..., Any] | None = None, **kwargs: Any) -> Any:
    """`func` as it is, also as a decorator with arguments: training compiles by itself."""
    return func if func is not None else lambda decorated: decorated


def get_logger() -> logging.Logger:
    """The logger called "tensorflow", whose level scripts set."""
    return logging.getLogger("tensorflow")
