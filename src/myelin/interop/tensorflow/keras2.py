"""Whole models out of the SavedModels that Keras 2 wrote: `model.save("folder")`.

Beside the program, which is left alone, `keras_metadata.pb` has a text about each layer; up to
TensorFlow 2.4 it stood in `saved_model.pb`. That of the model holds the configuration of the whole
and how it was compiled. Its weights are parts of its layers in the checkpoint.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from myelin import registry
from myelin.errors import FileFormatError, InputError, UnknownNameError, require
from myelin.interop.keras import configs, old_compilation, old_configs, old_optimizers, old_weights
from myelin.interop.tensorflow import learned
from myelin.interop.tensorflow.checkpoint import PURPOSE, ROOT, Checkpoint, damage, description
from myelin.models import Functional, Sequential
from myelin.saving import configuration

_METADATA = "keras_metadata.pb"
_TUPLES = {"__tuple__", "TensorShape"}


def metadata_of(folder: Path) -> dict[str, Any] | None:
    """What Keras 2 wrote about the model in a SavedModel; None where it wrote nothing.

    Raises:
        FileFormatError: it is damaged.
        MissingExtraError: TensorFlow is not installed.
    """
    require("tensorflow", "tensorflow", PURPOSE)
    where = str(folder)
    with damage(where):
        if (folder / _METADATA).is_file():
            described = _saved_metadata()()
            described.ParseFromString((folder / _METADATA).read_bytes())
            texts = [node.metadata for node in described.nodes if node.node_id == ROOT]
        else:
            nodes = description(folder).object_graph_def.nodes
            texts = [node.user_object.metadata for node in nodes[:1]]
    if not texts or not texts[0]:
        return None
    return configuration.parsed(texts[0].encode(), where, _plain)


def load_model(
    folder: Path,
    metadata: dict[str, Any],
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    safe_mode: bool,
) -> Any:
    """The model that Keras 2 wrote.

    Args:
        folder: the SavedModel.
        metadata: what `metadata_of` gave.
        custom_objects, compile, safe_mode: as for `myelin.saving.load_model`.

    Raises:
        FileFormatError: it is damaged, holds a lambda that is refused, or is a subclass of `Model`,
            which only its own code can make.
        UnknownNameError: it names a class or function that is not known here.

    Warns where the optimizer's state is of a form that is not known; training then starts afresh.
    """
    where = str(folder)
    with registry.custom_object_scope(custom_objects or {}):
        config = old_configs.model(_model_config(metadata, where), where)
        kept = Checkpoint(folder)
        with configs.reading(config, where, safe_mode) as read:
            model = configuration.made(read, where, kept.room)
            # One that stands in several places counts once.
            layers = [*{id(pair[1]): pair for pair in _paired(kept, read, model)}.values()]
            learned.assign(layers, kept, folder)
            paths = _assign(model, kept, layers)
            training = metadata.get("training_config")
            if compile and training:
                compiled = old_compilation.compiled(training, where)
                with configs.reading(compiled, where, safe_mode) as arguments:
                    configuration.compile_as(model, arguments, where)
                _restore_optimizer(model, kept, paths)
    return model


def _model_config(metadata: dict[str, Any], where: str) -> Any:
    """The configuration of the model, of a graph of layers or a row of them."""
    config = metadata.get("model_config")
    if not metadata.get("is_graph_network") and metadata.get("class_name") != "Sequential":
        raise FileFormatError(
            f'{where} holds the model "{metadata.get("name")}" of the class '
            f"{metadata.get('class_name')}, which only its own code can make: make it in Myelin, "
            "call it once, then myelin.interop.tensorflow.load_weights(model, folder)"
        )
    if isinstance(config, dict) and isinstance(config.get("class_name"), str):
        try:
            registry.find_class(config["class_name"])
        except UnknownNameError:
            # A subclass of its writer's, whose layers are known all the same.
            inner = config.get("config")
            graph = isinstance(inner, dict) and "input_layers" in inner
            return {**config, "class_name": "Functional" if graph else "Sequential"}
    return config


Way = tuple[str, ...]


def _paired(kept: Checkpoint, config: Any, model: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """The layers of a model and of those in it, with the names that lead to them in the folder.

    Args:
        kept: the folder.
        config: the configuration of the model, whose layers are numbered there.
        model: the model that was made of it.
        way: the names that lead to the model.
    """
    entries = config["config"]["layers"]
    if config["class_name"] == "Sequential":
        entries = [entry for entry in entries if entry["class_name"] != "InputLayer"]
    own = {layer.name: layer for layer in model.layers}
    for place, entry in enumerate(entries):
        layer = own.get(entry.get("name") or entry["config"].get("name"))
        there = (*way, f"layer-{place}")
        if isinstance(layer, Functional | Sequential):
            yield from _paired(kept, entry, layer, there)
        elif layer is not None:
            yield there, layer


def _assign(model: Any, kept: Checkpoint, layers: list[tuple[Way, Any]]) -> dict[int, str]:
    """Puts the weights of a folder into a model.

    Returns:
        The path of the model's variable for each object of the folder that was one.

    Raises:
        FileFormatError: they are not those of its layers.
    """
    own, stored = [], []
    inside: set[int] = set()
    for way, layer in layers:
        number = kept.at(way)
        own.append((layer.name, old_weights.of_layer(layer)))
        if number is not None:
            inside |= kept.below(number)
            # What a layer learned and has no weights for is in its configuration here.
            stored.append((layer.name, _numbers_of(kept, number) if layer.weights else []))
    apart = [n for n in kept.listed(ROOT, "variables") or [] if n not in inside]
    stored.append((old_weights.TOP, apart))
    own.append((old_weights.TOP, old_weights.of_the_top(model)))
    reads = [(name, [partial(kept.array, n) for n in numbers]) for name, numbers in stored]
    try:
        old_weights.assign(model, own, reads, kept.where)
    except InputError as error:
        raise FileFormatError(f"{error}. Its layers and weights disagree") from error
    paths = [path for _, weights in own for path, _ in weights]
    return dict(zip((n for _, numbers in stored for n in numbers), paths, strict=True))


def _numbers_of(kept: Checkpoint, layer: int) -> list[int]:
    """The weights of a layer, those that train first."""
    listed = kept.listed(layer, "variables")
    # Layers that learn before training list none, and none does with save_traces=False.
    return kept.arrays_below(layer) if listed is None else listed


# What optimizers call what they keep for each variable -> its name here. Since TensorFlow 2.11 it
# is in lists, in the order of the variables; before, in slots that name theirs.
_LISTS = {
    "_momentums": "momentum", "momentums": "momentum", "_m": "momentum",
    "_velocities": "velocity", "_velocity_hats": "velocity_hat", "_u": "norm",
    "_accumulators": "accumulator", "_linears": "linear",
    "_accumulated_grads": "accumulated_grad", "_accumulated_delta_vars": "accumulated_delta_var",
    "_average_gradients": "average_gradient",
}  # fmt: skip
_SLOTS = {
    "momentum": "momentum", "m": "momentum", "v": "velocity", "vhat": "velocity_hat",
    "rms": "velocity", "mg": "average_gradient", "accumulator": "accumulator",
    "linear": "linear", "accum_grad": "accumulated_grad", "accum_var": "accumulated_delta_var",
}  # fmt: skip
_SLOTS_OF = {"Adamax": {**_SLOTS, "v": "norm"}}
_AVERAGES = "_model_variables_moving_average"
_PRODUCT = "_u_product"


def _restore_optimizer(model: Any, kept: Checkpoint, paths: Mapping[int, str]) -> None:
    """Puts the state of an optimizer into that of a model's, where there is one.

    Args:
        model: a model that is compiled.
        kept: the folder.
        paths: the variables of the model that objects of the folder are.
    """
    number = kept.children(ROOT).get("optimizer")
    parts = {} if number is None else kept.children(number)
    count = parts.get("_iterations", parts.get("iter"))
    if number is None or count is None:
        return
    places = {v.path: place for place, v in enumerate(model.trainable_variables)}
    state: dict[tuple[Any, ...], int] = {("iterations",): count}
    for name, part in parts.items():
        if name == _PRODUCT:
            state["shared", "u_product"] = part
        for place, variable in enumerate(kept.numbered(part, "")):
            if name in _LISTS:
                state["slots", place, _LISTS[name]] = variable
            elif name == _AVERAGES:
                state["average", place] = variable
    slots = _SLOTS_OF.get(type(model.optimizer).__name__, _SLOTS)
    for slot, variable, part in kept.slots(number):
        state["slots", places.get(paths.get(variable, "")), slots.get(slot, slot)] = part
    arrays = {keys: kept.array(part) for keys, part in state.items()}
    if not old_optimizers.assign_named(model.optimizer, model.trainable_variables, arrays):
        warnings.warn(
            f"{kept.where}: the state of its optimizer is of a form that is not known, so training "
            "starts with a fresh one",
            stacklevel=5,
        )


def _plain(found: dict[str, Any]) -> Any:
    """A tuple, which Keras 2 marks in such texts, as the list that it is elsewhere in JSON."""
    items = found.get("items")
    return items if found.get("class_name") in _TUPLES and isinstance(items, list) else found


def _saved_metadata() -> Any:
    """The class of the messages in `keras_metadata.pb`, which come with Keras 2 alone."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="saved_metadata.proto", syntax="proto3")
    node = file.message_type.add(name="SavedObject")
    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    node.field.add(name="node_id", number=2, type=field.TYPE_INT32, label=one)
    node.field.add(name="metadata", number=5, type=field.TYPE_STRING, label=one)
    every = file.message_type.add(name="SavedMetadata")
    every.field.add(
        name="nodes", number=1, type=field.TYPE_MESSAGE, label=many, type_name=".SavedObject"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("SavedMetadata"))
