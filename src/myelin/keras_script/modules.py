"""Stand-in modules: what `import keras` and `import tensorflow` find while installed."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from myelin import errors
from myelin.keras_script import names, processes
from myelin.loading import load

_MISSING = object()
_ROOTS = ("keras", "tensorflow")
# TensorBoard's own switch: with this module there, it does without TensorFlow.
_WITHOUT_TENSORFLOW = "tensorboard.compat.notf"
_ABOUT_TYPES = ("typing", "collections.abc", "contextlib", "types", "__future__")


class StandIn(ModuleType):
    """A module called as in Keras or TensorFlow, which hands out what Myelin has.

    Nothing is looked up before it is asked for. A name that Myelin lacks raises
    AttributeError, so `hasattr` tells the truth.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, f"Myelin under the name {name}.")
        self.__path__: list[str] = []
        vars(self).update(names.VALUES.get(name, {}))

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [known for known in dir(self) if not known.startswith("_")]
        full = f"{self.__name__}.{name}"
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = _find(self.__name__, name)
        if value is _MISSING:
            value = _stand_in_named(full)
        if value is _MISSING:
            # With `obj` and without `name`, Python adds no guess of its own to the message.
            raise AttributeError(_sentence(full), obj=self)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *_known_in(self.__name__)})


def install() -> None:
    """Makes `keras`, `tensorflow` and all below them mean Myelin, from now on.

    The real packages need not be installed; where they are and were imported already, they
    are set aside until `uninstall`. Names imported before keep their meaning. Calling it
    again does nothing. JAX arrays gain the method `numpy()` that TensorFlow's have.
    """
    if _finder in sys.meta_path:
        return
    _set_aside(_finder.real)
    sys.meta_path.insert(0, _finder)
    processes.follow()


def uninstall() -> None:
    """Undoes `install`: the next import of `keras` or `tensorflow` finds the real one, if any."""
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    _set_aside({})
    sys.modules.update(_finder.real)
    _finder.real.clear()
    processes.unfollow()
    _set_numpy_method(False)


def _set_aside(where: dict[str, ModuleType]) -> None:
    """Moves every module under the names of Keras and TensorFlow from `sys.modules`."""
    for name in list(sys.modules):
        if name.partition(".")[0] in _ROOTS or name == _WITHOUT_TENSORFLOW:
            where[name] = sys.modules.pop(name)


def _set_numpy_method(present: bool) -> None:
    """Gives JAX arrays TensorFlow's `numpy()`, or takes it away again."""
    if not present and "jax" not in sys.modules:
        return
    import numpy as np
    from jax._src.array import ArrayImpl

    array_class: Any = ArrayImpl
    if present:
        # A function of Python's own: a ufunc-like builtin would not bind to the array.
        array_class.numpy = lambda array: np.array(array)
    elif "numpy" in vars(array_class):
        del array_class.numpy


class _Finder:
    """Serves stand-in modules to the import system, as finder and as loader."""

    def __init__(self) -> None:
        self.real: dict[str, ModuleType] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a stand-in module; None for what is neither Keras's nor TensorFlow's.

        Raises:
            ModuleNotFoundError: `import keras.nope`.
            ImportError: `from keras import nope`.
        """
        if fullname == _WITHOUT_TENSORFLOW:
            return self._spec(fullname)
        if fullname.partition(".")[0] not in _ROOTS:
            return None
        if _is_module(fullname):
            return self._spec(fullname)
        if _in_from_import():
            raise ImportError(_sentence(fullname), name=fullname.rpartition(".")[0])
        raise ModuleNotFoundError(_sentence(fullname), name=fullname)

    def _spec(self, name: str) -> ModuleSpec:
        loader: Any = self
        return ModuleSpec(name, loader, origin="myelin", is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The stand-in called as `spec` says."""
        if spec.name == _WITHOUT_TENSORFLOW:
            return ModuleType(spec.name)
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run; the first stand-in brings arrays their `numpy()`."""
        if module.__name__ in _ROOTS:
            _set_numpy_method(True)


_finder = _Finder()


def _in_from_import() -> bool:
    """Whether the import under way is `from package import name`, not `import package.name`."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            if frame.f_code.co_name == "_handle_fromlist":
                return True
        elif frame.f_code.co_filename != __file__:
            return False
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _below_keras(full: str) -> str | None:
    """The path below `keras` or `tensorflow.keras`; None elsewhere below `tensorflow`."""
    parts = full.split(".")
    if parts[0] == "keras":
        return ".".join(parts[1:])
    if parts[1:2] == ["keras"]:
        return ".".join(parts[2:])
    return None


def _below_tensorflow(full: str) -> str:
    return full.partition(".")[2]


def _source_names(path: str) -> list[str]:
    """The names of the Myelin modules, of those that exist, behind the Keras module `path`."""
    wanted = names.SOURCES.get(path, (path,))
    full = ["myelin" + (f".{source}" if source else "") for source in wanted]
    return [name for name in full if _exists(name)]


def _sources(path: str) -> list[ModuleType]:
    """The Myelin modules behind the Keras module `path`, imported."""
    return [load(name) for name in _source_names(path)]


def _exists(name: str) -> bool:
    """Whether there is a module called `name`; imports its parents, not the module."""
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return False
        raise


def _import(name: str) -> ModuleType | None:
    """The module called `name`, or None when there is none; its own errors pass through."""
    return load(name) if _exists(name) else None


def _moved(full: str) -> dict[str, str]:
    """The table of names that stand elsewhere, for the module called `full`."""
    path = _below_keras(full)
    if path is not None:
        return names.MOVED.get(path, {})
    return names.TENSORFLOW.get(_below_tensorflow(full), {})


def _is_module(full: str) -> bool:
    """Whether `full` names a module that has something to hand out."""
    path = _below_keras(full)
    if path is None:
        inner = _below_tensorflow(full)
        return any(inner == known or known.startswith(f"{inner}.") for known in names.TENSORFLOW)
    if path == "" or path in names.MOVED:
        return True
    if path.startswith("_") or path.partition(".")[0] in ("cli", "keras_script"):
        return False
    below = any(known.startswith(f"{path}.") for known in (*names.MOVED, *names.SOURCES))
    return bool(_sources(path)) or (below and bool(_sources(path.partition(".")[0])))


def _stand_in_named(full: str) -> Any:
    """The stand-in module called `full`, imported now if need be; `_MISSING` if there is none."""
    if _finder not in sys.meta_path:
        # After `uninstall`, what a program kept must not reach the real packages.
        return StandIn(full) if _is_module(full) else _MISSING
    return importlib.import_module(full) if _is_module(full) else _MISSING


def _find(module: str, name: str) -> Any:
    """What Myelin has under the Keras or TensorFlow name `module.name`, modules apart."""
    path = _below_keras(module)
    for source in _sources(path) if path is not None else ():
        value = getattr(source, name, _MISSING)
        # A module of Myelin's gets a stand-in, so that what it lacks is answered as Keras's name.
        own_module = isinstance(value, ModuleType) and value.__name__.startswith("myelin.")
        if value is not _MISSING and not own_module and _is_public(source, name, value):
            return value
    return _at(_moved(module).get(name))


def _at(target: str | None) -> Any:
    """The thing written `"module:name"` below `myelin`, or `_MISSING`."""
    if target is None:
        return _MISSING
    home, _, name = target.partition(":")
    return getattr(_import(f"myelin.{home}"), name, _MISSING)


def _may_have(target: str) -> bool:
    """Whether the thing written `"module:name"` is there, as far as can be told at no cost."""
    home, _, name = target.partition(":")
    module = sys.modules.get(f"myelin.{home}")
    return hasattr(module, name) if module is not None else _exists(f"myelin.{home}")


def _is_public(source: ModuleType, name: str, value: Any) -> bool:
    """Whether `name` is one that `source` offers, and not one it merely imported."""
    if name in getattr(source, "__all__", ()):
        return True
    if name.startswith("_") or isinstance(value, ModuleType):
        return False
    return getattr(value, "__module__", None) not in _ABOUT_TYPES


def _known_in(module: str) -> list[str]:
    """The names that the stand-in called `module` can hand out."""
    path = _below_keras(module)
    known = {name for name, target in _moved(module).items() if _may_have(target)}
    for source in _sources(path) if path is not None else ():
        # A name not yet in the module is one that the module fetches when asked.
        held = vars(source)
        known |= {n for n in dir(source) if n not in held or _is_public(source, n, held[n])}
    inner = path if path is not None else _below_tensorflow(module)
    paths = {*names.MOVED, *names.SOURCES} if path is not None else {*names.TENSORFLOW, "keras"}
    prefix = f"{inner}." if inner else ""
    below = {p[len(prefix) :].partition(".")[0] for p in paths if p.startswith(prefix)}
    known |= {name for name in below - {""} if _is_module(f"{module}.{name}")}
    return sorted(name for name in known if not name.startswith("_"))


def _sentence(full: str) -> str:
    """That Myelin does not have `full`, what to do instead or what comes nearest."""
    module, _, name = full.rpartition(".")
    path = _below_keras(full)
    inner = f"keras.{path}" if path is not None else _below_tensorflow(full)
    for known, advice in names.ADVICE.items():
        if inner == known or inner.startswith(f"{known}."):
            return f'Myelin has no "{full}". {advice}'
    if not _is_module(module):
        return f'Myelin has no "{full}".'
    return f'Myelin has no "{full}". {errors.nearest(name, _known_in(module))}'.strip()
