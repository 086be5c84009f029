"""Names and configurations: from `"relu"` or a dictionary to an object, and back.

`Configured` remembers the arguments an object was made with, so a layer, a loss or an
optimizer gets `get_config` and `from_config` without writing them. `resolve` turns what a
user may write for a part (a name, a class, an object, a configuration) into that part.
Loading never imports or runs what a file names: only Myelin's own classes and those that
the user registered are known here.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from myelin import dtypes, errors

_T = TypeVar("_T")

# Myelin's own classes, by (package, class name); filled as the classes are defined.
_own: dict[tuple[str, str], type] = {}
# What users registered, by "package>name", and what a custom_object_scope adds for a while.
_registered: dict[str, Any] = {}
_scoped: dict[str, Any] = {}
# Inside `sharing`: layers that were written, by number, and objects that were read, by theirs.
_written: list[Any] | None = None
_read: dict[Any, Any] | None = None
# The user's own objects that `copied` meets, by the names it invents for them; else None.
_noted: dict[str, Any] | None = None

SHARED = "shared_object_id"

_PACKAGES = (
    "layers",
    "models",
    "activations",
    "initializers",
    "regularizers",
    "constraints",
    "losses",
    "metrics",
    "optimizers",
    "schedules",
    "callbacks",
    "interop",
)


class Configured:
    """Remembers how it was made: the base of everything that can be saved and made again.

    `get_config` gives, for each argument of `__init__`, the attribute of that name where there
    is one (the object behind a name, say), else the argument as it was given. A subclass may
    override both methods as in Keras, starting from `super().get_config()`.
    """

    _made_with: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        self = super().__new__(cls)
        object.__setattr__(self, "_made_with", (args, kwargs))
        return self

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        top, _, rest = cls.__module__.partition(".")
        if top == __name__.partition(".")[0] and not cls.__name__.startswith("_"):
            _own[rest.partition(".")[0], cls.__name__] = cls

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object, as plain JSON values."""
        args, kwargs = self._made_with
        bound = inspect.signature(type(self).__init__).bind_partial(self, *args, **kwargs)
        bound.apply_defaults()
        config: dict[str, Any] = {}
        for name, parameter in list(bound.signature.parameters.items())[1:]:
            given = bound.arguments[name]
            if parameter.kind is parameter.VAR_KEYWORD:
                config.update({key: serialize(value) for key, value in given.items()})
            elif parameter.kind is not parameter.VAR_POSITIONAL:
                config[name] = serialize(getattr(self, name, given))
        return config

    @classmethod
    def from_config(cls: type[_T], config: Mapping[str, Any]) -> _T:
        """A new object from what `get_config` gave."""
        return cls(**{name: deserialize(value) for name, value in config.items()})


def keras_module(cls: type) -> str:
    """The Keras module that a class belongs to, such as `"keras.layers"`."""
    said: str | None = getattr(cls, "_keras_module", None)
    if said is not None:
        return said
    package = cls.__module__.split(".")[1] if cls.__module__.startswith("myelin.") else ""
    renamed = {"models": "keras", "schedules": "keras.optimizers.schedules", "dtypes": "keras"}
    return renamed.get(package, f"keras.{package}") if package else cls.__module__


def serialize(value: Any) -> Any:
    """`value` as plain JSON values: objects become their class name and configuration.

    Raises:
        TypeError: a function or object that no name leads back to.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [serialize(item) for item in value]
    if isinstance(value, Mapping):
        return {key: serialize(item) for key, item in value.items()}
    if isinstance(value, slice):
        parts = {name: serialize(getattr(value, name)) for name in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return dtypes.name_of(value)
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return {"class_name": "__numpy__",
                "config": {"value": array.tolist(), "dtype": str(array.dtype)}}  # fmt: skip
    name = _name_of_function(value)
    if name is not None:
        return name
    if hasattr(value, "get_config") and not inspect.isclass(value):
        own = not _is_custom(value)
        return {
            "module": keras_module(type(value)),
            "class_name": type(value).__name__,
            "config": value.get_config(),
            "registered_name": None if own else _note(type(value)),
            **_number(value),
        }
    raise TypeError(
        f"{value!r} cannot be written to a configuration: register it with "
        "@myelin.saving.register_keras_serializable(), or give it get_config and from_config"
    )


def _number(value: Any) -> dict[str, int]:
    """Which of the layers written so far a layer is, in a block of `sharing`."""
    if _written is None or not hasattr(value, "get_build_config"):
        return {}
    places = [i for i, known in enumerate(_written) if known is value]
    if not places:
        _written.append(value)
    return {SHARED: places[0] if places else len(_written) - 1}


@contextlib.contextmanager
def sharing() -> Iterator[None]:
    """Inside the block, a layer that is written in several places is read as one again.

    Each place says under "shared_object_id", as in Keras, which of the layers it is.
    """
    global _written, _read
    before = _written, _read
    _written, _read = [], {}
    try:
        yield
    finally:
        _written, _read = before


def _is_custom(value: Any) -> bool:
    return not type(value).__module__.startswith("myelin.")


def _name_of_function(value: Any) -> Any:
    """How a function is written: Myelin's own by name, a user's as a dictionary with its name.

    None for what is no function, and for a lambda, which has no name to find it by again.
    """
    if not callable(value) or hasattr(value, "get_config") or inspect.isclass(value):
        return None
    module = getattr(value, "__module__", None)
    if inspect.isfunction(value) and str(module).startswith("myelin."):
        return value.__name__
    name = _note(value)
    if name in (None, "<lambda>"):
        return None
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def _note(target: Any) -> str | None:
    """The name to write for a user's class or function, also for `copied` to find it by."""
    if _noted is None:
        return get_registered_name(target)
    name = f"copied>{len(_noted)}"
    _noted[name] = target
    return name


def copied(value: Any) -> Any:
    """A new object made from the configuration of `value`, as if written and read again.

    The user's own classes and functions need not be registered, nor have a name.
    """
    global _noted
    before, _noted = _noted, {}
    try:
        config = serialize(value)
        with custom_object_scope(_noted):
            return deserialize(config)
    finally:
        _noted = before


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The object that `serialize` wrote; anything that is no such dictionary is returned as is.

    Raises:
        UnknownNameError: a class or function that is neither Myelin's nor registered.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config)
    if isinstance(config, list):
        return [deserialize(item) for item in config]
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        return config
    class_name, inner = config["class_name"], config["config"]
    if class_name in ("__numpy__", "__tensor__"):
        return _as_array(inner["value"], inner["dtype"])
    if class_name == "__slice__":
        return slice(inner["start"], inner["stop"], inner["step"])
    if class_name == "__ellipsis__":
        return Ellipsis
    if class_name == "function":
        return find_registered(inner)
    if class_name == "DTypePolicy":
        return dtypes.DTypePolicy.from_config(inner)
    number = config.get(SHARED)
    if _read is not None and number in _read:
        return _read[number]
    cls = find_class(class_name, config.get("module"), config.get("registered_name"))
    made = cls.from_config(inner)
    if _read is not None and number is not None:
        _read[number] = made
    if config.get("build_config") and hasattr(made, "build_from_config"):
        made.build_from_config(config["build_config"])
    return made


def _as_array(values: Any, dtype: Any) -> np.ndarray:
    # Not any type of NumPy's: there are some of which a single value takes gigabytes.
    kind = np.dtype(dtype) if isinstance(dtype, str) else None
    if kind is None or kind.kind not in "biufcU":
        kind = np.dtype(dtypes.name_of(dtype))
    return np.asarray(values, dtype=str if kind.kind == "U" else kind)


def find_class(name: str, module: str | None = None, registered_name: str | None = None) -> Any:
    """The class that a configuration names: a custom one first, then Myelin's own.

    Args:
        name: of the class.
        module: where it was defined; a user's own module never leads to a class of Myelin's.
        registered_name: `"package>name"` for a class of the user's.

    Raises:
        UnknownNameError: there is no such class here.
    """
    for key in (registered_name, name):
        found = _lookup_custom(key) if key else None
        if found is not None:
            return found
    top, package = (module or "").partition(".")[0], (module or "").rpartition(".")[2]
    if top not in ("", "keras", "myelin") or ">" in (registered_name or ""):
        raise errors.unknown_name("registered class", registered_name or name, get_custom_objects())
    # Keras writes models, and everything at its door, as "keras"; metrics and losses share names.
    order = [package] if package in _PACKAGES else [p for p in _PACKAGES if p != "metrics"]
    for candidate in order:
        with contextlib.suppress(ModuleNotFoundError, AttributeError):
            # A class is defined when its name is first used, which may be another that Keras has.
            found = getattr(importlib.import_module(f"myelin.{candidate}"), name)
            if isinstance(found, type) and _own.get((candidate, found.__name__)) is found:
                return found
        if (candidate, name) in _own:
            return _own[candidate, name]
    known = [own for candidate, own in _own if candidate in order] + list(get_custom_objects())
    raise errors.unknown_name("class", name, known)


def find_registered(name: str) -> Any:
    """A function or class that the user registered, by its registered or plain name.

    Raises:
        UnknownNameError: nothing is registered under it.
    """
    found = _lookup_custom(name)
    if found is None:
        raise errors.unknown_name("registered function", name, get_custom_objects())
    return found


def _lookup_custom(name: str) -> Any:
    """What the user calls `name`: `"f"` also finds `"package>f"`, and that finds `"f"`."""
    plain = name.rpartition(">")[2]
    for known in (_scoped, _registered):
        for key in (name, plain):
            if key in known:
                return known[key]
        if plain == name:
            for full, value in known.items():
                if full.rpartition(">")[2] == name:
                    return value
    return None


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[_T], _T]:
    """A decorator that makes a class or function known to loading, as `package>name`.

    Raises:
        ValueError: a class without `get_config`.
    """

    def decorate(target: _T) -> _T:
        if inspect.isclass(target) and not hasattr(target, "get_config"):
            raise ValueError(f"{target.__name__} needs a get_config method to be registered")
        _registered[f"{package}>{name or target.__name__}"] = target  # type: ignore[attr-defined]
        return target

    return decorate


def get_custom_objects() -> dict[str, Any]:
    """All that is registered or in scope, by name."""
    return {**_registered, **_scoped}


def get_registered_name(obj: Any) -> str | None:
    """The name a class or function is registered under, else its own name, if it has one."""
    for name, value in get_custom_objects().items():
        if value is obj:
            return name
    return getattr(obj, "__name__", None)


@contextlib.contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Inside the block, loading also knows `custom_objects`, by name."""
    before = dict(_scoped)
    _scoped.update(custom_objects)
    try:
        yield
    finally:
        _scoped.clear()
        _scoped.update(before)


def resolve(identifier: Any, names: Mapping[str, Any], kind: str) -> Any:
    """The part a user means: by name, class, configuration, or the thing itself.

    Args:
        identifier: None, a name (`"relu"`, `"glorot_uniform"`, `"GlorotUniform"`), a class, a
            serialized configuration, or any callable or object, which is handed back as it is.
        names: the known parts of this kind, by every name they have.
        kind: what to call it in an error, such as `"activation"`.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(_with_module(identifier, names))
    if isinstance(identifier, str):
        found = names.get(identifier)
        if found is None:
            found = _lookup_custom(identifier)
        if found is None:
            raise errors.unknown_name(kind, identifier, names)
        return found() if inspect.isclass(found) else found
    if inspect.isclass(identifier):
        return identifier()
    if callable(identifier) or hasattr(identifier, "get_config"):
        return identifier
    raise errors.InputError(
        f"{kind} wants a name, a configuration, a function or an object, got {identifier!r}"
    )


def _with_module(config: dict[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """A short form such as `{"class_name": "Adam", "config": {}}` with the module filled in."""
    known = names.get(config.get("class_name", ""))
    if config.get("module") or not inspect.isclass(known):
        return config
    return {**config, "module": keras_module(known)}
