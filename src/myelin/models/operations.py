"""How an `Operation` is written in a model's configuration: as Keras's class of the function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from myelin import naming, registry
from myelin.errors import InputError
from myelin.layers.operation import Operation, function_named, kind_of

Config = dict[str, Any]

_HOME = "keras.src.ops."


def written(step: Operation) -> Config:
    """An operation as plain JSON values: in Keras's form where Keras has the function.

    Raises:
        TypeError: a setting that no name leads back to, such as a function of one's own.
    """
    # Keras's relu takes no settings, and the others it does not have.
    ours_alone = step.arguments if step.function == "relu" else step.function in _OURS
    if ours_alone or any(not _is_plain(value) for value in step.arguments.values()):
        return registry.serialize(step)
    settings = {name: registry.serialize(value) for name, value in step.arguments.items()}
    return {
        "module": _HOME + file_of(step.function),
        "class_name": step.kind,
        "config": {"name": step.name, **settings},
        "registered_name": step.kind,
    }


_OURS = ("categorical", "dropout", "extract_patches_3d", "linear", "mish", "rearrange", "shuffle")


def _is_plain(value: Any) -> bool:
    """Whether Keras reads a setting as it is."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float | bool)


def file_of(function: str) -> str:
    """The file below `keras.src.ops` that has the class of a function."""
    for name, functions in _FILES.items():
        if function in functions:
            return name
    from myelin import ops

    if function in ops.image.__all__:
        return "image"
    if function in ops.linalg.__all__:
        return "linalg"
    return "nn" if hasattr(ops.nn, function) else "numpy"


_FILES = {
    "core": {
        "associative_scan", "cast", "cond", "convert_to_tensor", "fori_loop", "map",
        "saturate_cast", "scan", "scatter", "scatter_update", "slice", "slice_update",
        "stop_gradient", "switch", "unstack", "vectorized_map", "while_loop",
    },
    "math": {
        "cdist", "erf", "erfc", "erfinv", "extract_sequences", "fft", "fft2", "ifft2", "in_top_k",
        "irfft", "istft", "logdet", "logsumexp", "rfft", "rsqrt", "segment_max", "segment_min",
        "segment_prod", "segment_sum", "stft", "top_k", "view_as_complex", "view_as_real",
    },
    "numpy": {"exponential", "slogdet", "tanh"},
    "einops": {"rearrange"},
}  # fmt: skip


def is_keras_operation(entry: Mapping[str, Any]) -> bool:
    """Whether a configuration is that of one of Keras's operations."""
    return str(entry.get("module")).startswith(_HOME.rstrip("."))


def read(entry: Mapping[str, Any]) -> Operation:
    """The operation that `written`, or Keras, wrote.

    Raises:
        UnknownNameError: there is no such function.
        InputError: a setting that the function does not have.
    """
    if not is_keras_operation(entry):
        return registry.deserialize(entry)
    function = _functions().get(entry["class_name"]) or naming.snake_case(entry["class_name"])
    known = inspect.signature(function_named(function)).parameters
    settings = {name: value for name, value in entry["config"].items() if name != "name"}
    for name, value in list(settings.items()):
        if name not in known:
            if value:
                raise InputError(f"{entry['class_name']}: no setting is called {name!r} here")
            del settings[name]
    made = {"function": function, "name": entry["config"].get("name"), "arguments": settings}
    return Operation.from_config(made)


@functools.cache
def _functions() -> dict[str, str]:
    """The functions by Keras's names of their classes."""
    from myelin import ops

    return {
        kind_of(name): name
        for module in (ops.numpy, ops.nn, ops.image, ops.linalg, ops)
        for name, value in vars(module).items()
        if name not in ("exponential", "hard_swish", "swish") and inspect.isfunction(value)
    }
