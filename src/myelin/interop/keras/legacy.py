"""`.h5`: a whole model in one HDF5 file, as Keras 2 wrote it and Keras 3 still does.

Attributes hold the model and how it was compiled as JSON; the group `model_weights` has a group for
each layer with its weights, those that train first, in the order that `weight_names` lists them.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from myelin import losses, registry
from myelin.errors import FileFormatError, InputError
from myelin.interop.keras import (
    configs,
    hdf5,
    layout,
    old_compilation,
    old_configs,
    old_optimizers,
    old_weights,
    weights,
)
from myelin.interop.keras.archive import KERAS_VERSION
from myelin.interop.keras.hdf5 import Array, Group
from myelin.saving import configuration
from myelin.saving.atomic import replacing
from myelin.variable import Variable

# The longest list of names that one attribute may hold.
_LIMIT = 64_000


def save_model(model: Any, path: Path, include_optimizer: bool = True) -> None:
    """Writes a model so that Keras 3 reads it, atomically; nothing is written after an error.

    Raises:
        InputError: a part that Keras does not have, or layers whose state is no array.
    """
    import h5py

    for _, part in layout.parts(model):
        if hasattr(part, "get_vocabulary"):
            raise InputError(f"{part.title}: .h5 files keep no vocabularies: write a .keras file")
    config = configs.written(model)
    compiled = config.pop("compile_config")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.attrs["keras_version"] = KERAS_VERSION
        file.attrs["backend"] = "jax"
        file.attrs["model_config"] = json.dumps(config)
        if compiled and include_optimizer:
            optimizer = compiled.pop("optimizer")
            training = {**compiled, "optimizer_config": optimizer}
            training["loss"] = _full_names(compiled["loss"])
            file.attrs["training_config"] = json.dumps(training)
        group = file.create_group("model_weights")
        group.attrs["keras_version"] = KERAS_VERSION
        group.attrs["backend"] = "jax"
        _put_names(group, "layer_names", [layer.name for layer in model.layers])
        for layer in model.layers:
            _put_arrays(group.create_group(layer.name), old_weights.of_layer(layer))
        _put_arrays(group.create_group(old_weights.TOP), old_weights.of_the_top(model))
        if compiled and include_optimizer and model.optimizer.built:
            slots = enumerate(layout.slots(model.optimizer))
            named = [(v.path if isinstance(v, Variable) else f"unused_{i}", v) for i, v in slots]
            _put_arrays(file.create_group("optimizer_weights"), named)
    with replacing(path) as target:
        target.write(content.getvalue())


def load_model(
    path: Path,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in an `.h5` file of Keras 2 or 3.

    Args:
        path: the file.
        custom_objects: the user's own classes and functions that the model uses, by name.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: whether lambdas, which are code, are refused.

    Raises:
        FileFormatError: it is damaged, holds weights alone, or holds a lambda that is refused.
        UnknownNameError: it names a class or function that is not known here.

    Warns where the optimizer's state is of a form that is not known; training then starts afresh.
    """
    where = str(path)
    root = hdf5.read_file(path)
    attributes = root.attributes()
    group = root.group("model_weights")
    if not isinstance(attributes.get("model_config"), str) or group is None:
        raise FileFormatError(
            f"{where} holds weights without a model: make the model, then model.load_weights(…)"
        )
    config = old_configs.model(_parsed(attributes["model_config"], where), where)
    with (
        registry.custom_object_scope(custom_objects or {}),
        configs.reading(config, where, safe_mode) as read,
    ):
        model = configuration.made(read, where, weights.Store(group, where).total())
        try:
            assign(model, group, where)
        except InputError as error:
            raise FileFormatError(f"{error}. Its layers and weights disagree") from error
        if compile and isinstance(attributes.get("training_config"), str):
            training = _parsed(attributes["training_config"], where)
            _compile(model, training, root, where, safe_mode)
    return model


def _compile(model: Any, training: Any, root: Group, where: str, safe_mode: bool) -> None:
    compiled = old_compilation.compiled(training, where)
    with configs.reading(compiled, where, safe_mode) as read:
        configuration.compile_as(model, read, where)
    group = root.group("optimizer_weights")
    arrays = [weights.read(array) for array in _arrays(group)] if group is not None else []
    if arrays and not old_optimizers.assign(model, arrays, _order_of(training, root)):
        warnings.warn(
            f"{where}: the state of its optimizer is of a form that is not known, so training "
            "starts with a fresh one",
            stacklevel=4,
        )


def _order_of(training: Any, root: Group) -> old_optimizers.Order:
    """In which order a file lists the state of its optimizer."""
    if str(root.attributes().get("keras_version", "")).startswith("3"):
        return old_optimizers.in_keras_3
    newer = old_compilation.is_of_keras_2_11(training)
    return old_optimizers.by_variable if newer else old_optimizers.by_kind


def _full_names(loss: Any) -> Any:
    """Names of losses as functions have them: Keras reads no `"mse"` from such a file."""
    if isinstance(loss, list):
        return [_full_names(item) for item in loss]
    if isinstance(loss, dict) and "class_name" not in loss:
        return {key: _full_names(item) for key, item in loss.items()}
    return getattr(losses.get(loss), "__name__", loss) if isinstance(loss, str) else loss


def is_legacy(root: Group) -> bool:
    """Whether a file is of this form, with a model or with weights alone."""
    return "model_weights" in root or "layer_names" in root.attributes()


def assign(model: Any, group: Group, where: str, skip_mismatch: bool = False) -> None:
    """Puts the weights of a file into a model, layer by layer in order, all of them or none.

    Raises:
        InputError: the file has other layers than the model.
        ShapeError: a weight has another shape.
    """
    groups = [(name, _group_in(group, name)) for name in _names(group, "layer_names")]
    top = group.group(old_weights.TOP)
    groups += [(old_weights.TOP, top)] if top is not None else []
    stored = [(name, [partial(weights.read, a) for a in _arrays(found)]) for name, found in groups]
    old_weights.assign(model, old_weights.of_model(model), stored, where, skip_mismatch)


def _put_arrays(group: Any, arrays: list[tuple[str, Any]]) -> None:
    _put_names(group, "weight_names", [name for name, _ in arrays])
    for name, value in arrays:
        weights.put(group, name, np.asarray(value))


def _put_names(group: Any, attribute: str, names: list[str]) -> None:
    """Names in an attribute, or in several where they are too long for one."""
    raw = [name.encode() for name in names]
    # Each stands in a heap of the file, and takes 16 bytes in the attribute.
    if 16 * len(raw) <= _LIMIT:
        group.attrs[attribute] = raw
        return
    step = _LIMIT // 16
    for number, start in enumerate(range(0, len(raw), step)):
        group.attrs[f"{attribute}{number}"] = raw[start : start + step]


def _names(group: Group, attribute: str) -> list[str]:
    """The names in an attribute, or in several that are numbered."""
    attributes = group.attributes()
    if attribute in attributes:
        return _as_names(attributes[attribute], group)
    return [name for part in _parts(attribute, attributes) for name in _as_names(part, group)]


def _parts(attribute: str, attributes: Mapping[str, Any]) -> Iterator[Any]:
    number = 0
    while f"{attribute}{number}" in attributes:
        yield attributes[f"{attribute}{number}"]
        number += 1


def _as_names(value: Any, group: Group) -> list[str]:
    if isinstance(value, np.ndarray) and value.size == 0:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FileFormatError(f"{group.where}: its list of names is none")
    return value


def _group_in(group: Group, name: str) -> Group:
    found = group.group(*name.split("/"))
    if found is None:
        raise FileFormatError(f'{group.where} is damaged: it lacks the layer "{name}"')
    return found


def _arrays(group: Group) -> list[Array]:
    """The arrays of a group in the order that it lists them."""
    found = []
    for name in _names(group, "weight_names"):
        array = group.get(*name.split("/"))
        if not isinstance(array, Array):
            raise FileFormatError(f'{group.where} is damaged: it lacks the array "{name}"')
        found.append(array)
    return found


def _parsed(text: str, where: str) -> Any:
    return configuration.parsed(text.encode(), where)
