"""`HostPart`: the beginning of a model that computes on the host, before the compiled part.

It is every layer that takes text or looks things up, and all that leads to one. It runs once over
all data that come in; the compiled part begins at the promises where it ends.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from myelin import naming
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.core import InputLayer
from myelin.layers.hosting import Prepared, host_array
from myelin.layers.symbolic import KerasTensor, Node, tensors_in
from myelin.models.graph import Graph, layer_of
from myelin.training.conversion import as_array


class HostPart:
    """A graph in two: one that runs on the host, and the rest, which is compiled.

    Args:
        graph: with layers that compute on the host.

    Attributes:
        rest: the compiled part, a graph of the same layers.
        names: of the layers whose outputs the compiled part begins with.

    Raises:
        InputError: a layer that trains stands before one on the host, or text goes to one that
            does not take it.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # Names of inputs that nobody sees do not count.
        with naming.anew():
            graph = _taken_apart(graph)
            cut = _cut(graph)
            self._front = Graph(graph.given_tensors, cut, unique_names=False)
            self.rest = Graph(cut, graph.outputs, unique_names=False)
        self.names = [layer_of(tensor).name for tensor in cut]
        self._came_as = [(x.batch_shape, x.input_dtype) for x in self.graph.input_layers]

    def prepared(self, arrays: list[Any], model: Layer) -> Prepared:
        """What the host part makes of arrays of text and numbers, one for each input.

        Raises:
            ShapeError: an array of another shape than its input.
        """
        admitted = [
            layer.admit(array, model, f' as "{layer.name}"')
            for layer, array in zip(self.graph.input_layers, arrays, strict=True)
        ]
        values = self._front.run(admitted, _computed)
        return Prepared(list(map(as_array, values, self.names)), self.names, self._came_as)

    def begun(self, given: Prepared, model: Layer) -> Prepared:
        """Prepared arrays in the types that the compiled part begins with."""
        pairs = zip(self.rest.input_layers, given.values, strict=True)
        values = [layer.admit(model._as_input(value), model) for layer, value in pairs]
        return Prepared(values, given.names, given.came_as)


def begins_on_host(layer: Any) -> bool:
    """Whether a layer is a model that has such a part."""
    return bool(getattr(layer, "begins_on_host", False))


def host_arrays(inputs: Any, several: bool, title: str) -> Any:
    """Inputs as NumPy arrays: one, or for several inputs a list or dictionary of them."""
    if several and hasattr(inputs, "columns"):
        inputs = {name: inputs[name] for name in inputs.columns}
    if isinstance(inputs, dict):
        return {name: host_array(value, f'{title}, "{name}"') for name, value in inputs.items()}
    if isinstance(inputs, list | tuple):
        if several:
            return [host_array(value, title) for value in inputs]
        if len(inputs) == 1 and getattr(inputs[0], "ndim", 0) > 0:
            inputs = inputs[0]
    return host_array(inputs, title)


def _computed(layer: Layer, args: Any, kwargs: Any) -> Any:
    """One call, in inference: NumPy arrays in, NumPy arrays out."""
    if layer.on_host:
        return layer.computed(*args, **kwargs)  # type: ignore[attr-defined]
    return jax.tree.map(np.asarray, layer(*args, **{**kwargs, "training": False}))


def _taken_apart(graph: Graph) -> Graph:
    """The graph with the layers of models inside that begin on the host in their place."""

    def called(layer: Any, args: Any, kwargs: Any) -> Any:
        if begins_on_host(layer):
            return layer.whole_graph().run(layer.inputs_in_order(args[0]), _again)
        return layer(*args, **kwargs)

    while any(map(begins_on_host, graph.steps)):
        inputs = graph.given_tensors
        graph = Graph(inputs, graph.run(inputs, called), unique_names=False)
    return graph


def _again(layer: Any, args: Any, kwargs: Any) -> Any:
    return layer(*args, **kwargs)


def _cut(graph: Graph) -> list[KerasTensor]:
    """The promises where the compiled part begins, in the order in which it meets them."""
    host = _host_nodes(graph)
    given = {id(tensor) for tensor in graph.given_tensors}
    met: dict[int, KerasTensor] = {}
    later = [n for n in graph.nodes if id(n) not in host and not isinstance(n.layer, InputLayer)]
    for tensor in [*(t for node in later for t in node.inputs), *tensors_in(graph.outputs)]:
        if id(tensor) in given or id(tensor.node) in host:
            met.setdefault(id(tensor), tensor)
            if tensor.dtype == "string":
                raise InputError(
                    f'the text of "{layer_of(tensor).name}" goes to the compiled part of the '
                    "model, which takes numbers: put TextVectorization, StringLookup or Hashing "
                    "behind it"
                )
    return list(met.values())


def _host_nodes(graph: Graph) -> set[int]:
    """The calls of layers on the host and all calls that lead to them, by `id`."""
    host: set[int] = set()
    given = {id(tensor) for tensor in graph.given_tensors}
    for node in reversed(graph.nodes):
        if isinstance(node.layer, InputLayer) or not (node.layer.on_host or id(node) in host):
            continue
        if node.layer.trainable_variables:
            raise InputError(
                f"{node.layer.title} has weights to train, and stands before a layer that computes "
                "on the host, which no gradient goes through: put that layer first"
            )
        host.add(id(node))
        parents: list[Node | None] = [t.node for t in node.inputs if id(t) not in given]
        host.update(id(parent) for parent in parents)
    return host
