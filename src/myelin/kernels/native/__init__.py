"""The kernels that were compiled with the package, and whether they can be used here.

`hatch_build.py` compiles the C files beside this one when Myelin is built; nothing is compiled
later. Where there was no compiler, or `MYELIN_NATIVE=0` is set, the plain forms run.
"""

from __future__ import annotations

import ctypes
import functools
import os
import pathlib
import stat

import jax

from myelin.kernels import plain

# What the library exports; XLA knows them by the same names.
TARGETS = (
    "myelin_multiply_nn", "myelin_multiply_tn", "myelin_multiply_nt", "myelin_adam",
    "myelin_convolve", "myelin_convolve_input_gradient", "myelin_convolve_kernel_gradient",
    "myelin_moments", "myelin_sums", "myelin_lstm", "myelin_lstm_gradient",
    "myelin_gru", "myelin_gru_gradient", "myelin_adam_rows",
)  # fmt: skip

LIBRARY = pathlib.Path(__file__).with_name("kernels.so")


def available() -> bool:
    """Whether programs for the processor may call `TARGETS`, which the first call registers."""
    return not plain.wanted() and _registered()


def usable() -> bool:
    """Whether a program here may call them: available, and on one device.

    XLA cannot cut a call into shares for several.
    """
    return available() and len(jax.devices("cpu")) == 1


@functools.cache
def _registered() -> bool:
    if os.environ.get("MYELIN_NATIVE") == "0" or not _is_safe():
        return False
    try:
        library = ctypes.CDLL(str(LIBRARY))
        handlers = {name: getattr(library, name) for name in TARGETS}
    except (OSError, AttributeError):
        return False
    for name, handler in handlers.items():
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(handler), platform="cpu")
    return True


def _is_safe() -> bool:
    """Whether the library is there, and not for everybody to write."""
    try:
        return not LIBRARY.stat().st_mode & stat.S_IWOTH
    except OSError:
        return False
