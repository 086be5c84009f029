"""`Functional`: the model between `Input`s and what layers made of them, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from myelin import registry
from myelin.errors import InputError
from myelin.layers.core import InputLayer
from myelin.layers.operation import Operation
from myelin.layers.symbolic import KerasTensor, tensors_in
from myelin.models import operations
from myelin.models.graph import Graph
from myelin.models.model import Model

Config = dict[str, Any]

_TENSOR = "__keras_tensor__"


class Functional(Model):
    """The model that `Model(inputs, outputs)` makes.

    Args:
        inputs: what `Input` gave: one, or a list or dictionary of them.
        outputs: what layers called on those gave: one, or a list or dictionary.
        name: its name.
        trainable: whether gradients reach its weights.

    Layers may be shared, and models may stand inside models: what is called twice has its weights
    once. Inputs and outputs come and go in the form they have here; a list of inputs may also
    come as a dictionary by their names.

    Raises:
        InputError: no promises, outputs that need inputs which are not given, or two layers of
            one name.
    """

    # The one class that Keras looks for below its door.
    _keras_module = "keras.src.models.functional"

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, name=name, trainable=trainable)

    def get_config(self) -> Config:
        """Layers and calls, in Keras's form."""
        assert self._graph is not None
        return {"name": self.name, "trainable": self.trainable, **written(self._graph)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """A new model, untrained, from what `get_config` gave."""
        with registry.custom_object_scope(custom_objects or {}):
            inputs, outputs = read(config)
        return cls(inputs, outputs, config.get("name"), config.get("trainable", True))


def written(graph: Graph) -> Config:
    """The layers of a graph and the calls between them, as plain JSON values."""
    places = graph.places()

    def place(tensor: KerasTensor) -> list[Any]:
        return list(places[id(tensor)])

    def leaf(value: Any) -> Any:
        if not isinstance(value, KerasTensor):
            return registry.serialize(value)
        described = {"shape": list(value.shape), "dtype": value.dtype}
        return {"class_name": _TENSOR, "config": {**described, "keras_history": place(value)}}

    layers = []
    for step in graph.steps:
        calls = [node for node in graph.nodes if node.layer is step and node.args]
        inbound = [
            {"args": _mapped(n.args, leaf), "kwargs": _mapped(n.kwargs, leaf)} for n in calls
        ]
        layers.append({**_written_step(step), "name": step.name, "inbound_nodes": inbound})
    return {
        "layers": layers,
        "input_layers": _mapped(graph.inputs, place),
        "output_layers": _mapped(graph.outputs, place),
    }


def _written_step(step: Any) -> Config:
    if isinstance(step, Operation):
        return operations.written(step)
    made = dict(registry.serialize(step))
    if not isinstance(step, InputLayer):
        made["build_config"] = step.get_build_config()
    return made


def _mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """A tree of lists and dictionaries with `leaf` of whatever is neither."""
    if isinstance(value, list | tuple):
        return [_mapped(item, leaf) for item in value]
    if isinstance(value, dict):
        return {key: _mapped(item, leaf) for key, item in value.items()}
    return leaf(value)


def read(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """The inputs and outputs of new layers, called as `written` says.

    Raises:
        InputError: calls on what nothing makes.
    """
    layers: dict[str, Any] = {}
    pending: list[tuple[Any, Config]] = []
    for entry in _without_masks(config):
        layer = layers[entry.get("name", entry["config"]["name"])] = operations.read(entry)
        pending += [(layer, call) for call in entry["inbound_nodes"]]
    promised: dict[tuple[str, int], Any] = {
        (name, 0): [layer.output] for name, layer in layers.items()
        if isinstance(layer, InputLayer)
    }  # fmt: skip

    def tensor(place: Any) -> KerasTensor:
        name, call, index = place[:3]
        found: KerasTensor = promised[name, call][index]
        return found

    def argument(value: Any) -> Any:
        if isinstance(value, dict) and value.get("class_name") == _TENSOR:
            return tensor(value["config"]["keras_history"])
        if isinstance(value, dict) and "class_name" not in value:
            return {key: argument(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [argument(item) for item in value]
        return registry.deserialize(value)

    names = {id(layer): name for name, layer in layers.items()}
    counts = dict.fromkeys(layers, 0)
    while pending:
        waiting = []
        stuck: set[int] = set()
        for layer, call in pending:
            # The calls of one layer are numbered, so they are made in turn.
            if id(layer) in stuck or not _can_be_made(call, promised):
                stuck.add(id(layer))
                waiting.append((layer, call))
                continue
            outputs = layer(*argument(call["args"]), **argument(call.get("kwargs", {})))
            name = names[id(layer)]
            promised[name, counts[name]] = tensors_in(outputs)
            counts[name] += 1
        if len(waiting) == len(pending):
            raise InputError(f"Model: {waiting[0][0].title} is called on what nothing makes")
        pending = waiting
    return _ends(tensor, config["input_layers"]), _ends(tensor, config["output_layers"])


def _without_masks(config: Mapping[str, Any]) -> list[Config]:
    """The layers of a configuration without the masks that Keras writes down as promises.

    Masks go from layer to layer by themselves here, so operations that only make them go too.
    """
    entries = [dict(entry) for entry in config["layers"]]
    for entry in entries:
        if operations.is_keras_operation(entry):
            continue
        calls = [dict(call) for call in entry["inbound_nodes"]]
        for call in calls:
            kwargs = call.get("kwargs", {})
            call["kwargs"] = {
                k: v for k, v in kwargs.items() if k != "mask" or not (v is None or _sources(v))
            }
        entry["inbound_nodes"] = calls
    wanted = _sources([config["output_layers"]], bare=True)
    kept = len(entries) + 1
    while kept > len(entries):
        kept = len(entries)
        used = wanted.union(*(_sources(entry["inbound_nodes"]) for entry in entries))
        entries = [e for e in entries if not operations.is_keras_operation(e) or e["name"] in used]
    return entries


def _sources(tree: Any, bare: bool = False) -> set[str]:
    """The names of the layers whose promises are in a tree; `bare` for places alone."""
    if isinstance(tree, dict) and tree.get("class_name") == _TENSOR:
        return {tree["config"]["keras_history"][0]}
    if bare and isinstance(tree, list | tuple) and tree and isinstance(tree[0], str):
        return {tree[0]}
    items = list(tree.values()) if isinstance(tree, dict) else tree
    if not isinstance(items, list | tuple):
        return set()
    return set().union(*(_sources(item, bare) for item in items))


def _can_be_made(call: Any, promised: Mapping[tuple[str, int], Any]) -> bool:
    if isinstance(call, dict):
        if call.get("class_name") == _TENSOR:
            return tuple(call["config"]["keras_history"][:2]) in promised
        return all(_can_be_made(item, promised) for item in call.values())
    return not isinstance(call, list | tuple) or all(_can_be_made(c, promised) for c in call)


def _ends(tensor: Any, places: Any) -> Any:
    """The promises at the places that a configuration lists, in its form."""
    if isinstance(places, dict):
        return {key: _ends(tensor, place) for key, place in places.items()}
    if isinstance(places[0], str):
        return tensor(places)
    return [_ends(tensor, place) for place in places]
