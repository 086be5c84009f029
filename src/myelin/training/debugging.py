"""`debug`: training, judging and asking as plain Python, whose values a debugger can see."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax._src.interpreters import ad

from myelin.errors import InputError

# Whether everything runs eagerly, and how many blocks of `debug` are open.
_setting = {"everything": False, "blocks": 0}


@contextlib.contextmanager
def debug() -> Iterator[None]:
    """Inside the block every model runs as with `compile(run_eagerly=True)`.

    Each step of `fit`, `evaluate`, `predict` and their one-batch forms is plain Python: `print`
    shows numbers, `breakpoint()` stops at them, and `if`, `float` and NumPy read them, in a
    layer's `call`, in losses and in metrics. Programs that were compiled before the block are
    used again after it. Blocks may stand inside each other. Folds, sweeps and ensembles, where one
    program holds many models, stay compiled.

        with myelin.debug():
            model.fit(x[:64], y[:64])
    """
    _setting["blocks"] += 1
    try:
        yield
    finally:
        _setting["blocks"] -= 1


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Has every model run as in a block of `debug` from now on, or no longer.

    Raises:
        InputError: `run_eagerly` is neither True nor False.
    """
    if not isinstance(run_eagerly, bool | np.bool_):
        raise InputError(f"run_functions_eagerly wants True or False, got {run_eagerly!r}")
    _setting["everything"] = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether every model runs eagerly now."""
    return bool(_setting["everything"] or _setting["blocks"])


@contextlib.contextmanager
def plain_python() -> Iterator[None]:
    """Inside the block jax compiles nothing, and arrays that are being derived show their numbers.

    jax differentiates a function by calling it on tracers. Outside of compiled programs each holds
    the number it stands for, but prints with its tangent and hides it from `float` and NumPy.
    """
    with jax.disable_jit(), _numbers_shown():
        yield


@contextlib.contextmanager
def _numbers_shown() -> Iterator[None]:
    before = [(tracer, name, vars(tracer).get(name)) for tracer in _TRACERS for name in _METHODS]
    for tracer, name, _ in before:
        setattr(tracer, name, _METHODS[name])
    try:
        yield
    finally:
        for tracer, name, method in before:
            if method is None:
                delattr(tracer, name)
            else:
                setattr(tracer, name, method)


def _value(tracer: Any) -> Any:
    """The array behind a tracer; what jax raises otherwise where there is none."""
    value = tracer
    while isinstance(value, _TRACERS):
        value = value.primal
    return value


def _as_numpy(tracer: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    return np.array(_value(tracer), dtype)


def _universal(tracer: Any, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """NumPy's functions of a tracer are jax's, so that the gradient passes through them."""
    own = getattr(jnp, function.__name__, None)
    if method != "__call__" or own is None or options:
        return NotImplemented
    return own(*inputs)


# The tracers of derivatives; jax has no public names for them.
_TRACERS: tuple[type[Any], ...] = tuple(
    getattr(ad, name) for name in ("JVPTracer", "LinearizeTracer") if hasattr(ad, name)
)

# What they can do inside `plain_python`.
_METHODS: dict[str, Any] = {
    "__float__": lambda tracer: float(_value(tracer)),
    "__int__": lambda tracer: int(_value(tracer)),
    "__complex__": lambda tracer: complex(_value(tracer)),
    "__array__": _as_numpy,
    "__array_ufunc__": _universal,
    "__repr__": lambda tracer: repr(_value(tracer)),
    "__str__": lambda tracer: str(_value(tracer)),
    "__format__": lambda tracer, form: format(_value(tracer), form),
    "numpy": _as_numpy,
    "tolist": lambda tracer: _value(tracer).tolist(),
}
