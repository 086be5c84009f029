"""`keras.config`: the settings that hold for a whole program."""

from myelin.backend import (
    backend,
    epsilon,
    image_data_format,
    set_epsilon,
    set_image_data_format,
)
from myelin.dtypes import dtype_policy, floatx, set_dtype_policy, set_floatx
from myelin.tracebacks import (
    disable_traceback_filtering,
    enable_traceback_filtering,
    is_traceback_filtering_enabled,
)

__all__ = [
    "backend",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_traceback_filtering",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_traceback_filtering_enabled",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]
