"""`Graph`: the calls between a model's inputs and its outputs, in the order they compute."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax

from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.core import InputLayer
from myelin.layers.operation import Operation
from myelin.layers.symbolic import KerasTensor, Node, replaced, tensors_in


class Graph:
    """What leads from some promises to others.

    Args:
        inputs: a promise, or a tree of them (lists, tuples, dictionaries), each from `Input` or
            from a call inside a larger model, which is then cut off there.
        outputs: the same for what comes out.
        unique_names: whether two layers of one name are an error.

    Attributes:
        nodes: the calls in the order they compute.
        steps: the layers and operations they call, in Keras's order, each once.
        given_tensors: the promises that were given as inputs, in order.

    Raises:
        InputError: something that is no promise, outputs that need further inputs, or two layers
            of one name.
    """

    def __init__(self, inputs: Any, outputs: Any, unique_names: bool = True) -> None:
        inputs, outputs = _plain(inputs), _plain(outputs)
        _check_promises("inputs", inputs)
        _check_promises("outputs", outputs)
        self.inputs = jax.tree.map(_from_an_input, inputs)
        self.given_tensors = tensors_in(inputs)
        self._renamed = dict(zip(map(id, self.given_tensors), tensors_in(self.inputs), strict=True))
        self.outputs = outputs
        self.nodes, self.steps = _sorted(
            tensors_in(self.inputs), tensors_in(outputs), self._renamed
        )
        names = [step.name for step in self.steps] if unique_names else []
        for name in {name for name in names if names.count(name) > 1}:
            raise InputError(f'Model: two layers are called "{name}"; give one another name=')

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the operations."""
        return [step for step in self.steps if not isinstance(step, Operation)]

    @property
    def input_tensors(self) -> list[KerasTensor]:
        """The promises that come in, in order."""
        return tensors_in(self.inputs)

    @property
    def input_layers(self) -> list[Any]:
        """The `InputLayer`s that those come from."""
        return [layer_of(tensor) for tensor in self.input_tensors]

    @property
    def output_tensors(self) -> list[KerasTensor]:
        """The promises that come out, in order."""
        return tensors_in(self.outputs)

    def known_as(self, tensor: KerasTensor) -> KerasTensor:
        """The promise that stands for one where the graph was cut off, else the promise itself."""
        return self._renamed.get(id(tensor), tensor)

    def run(self, inputs: list[Any], call: Callable[[Layer, Any, Any], Any]) -> Any:
        """What comes out for what comes in.

        Args:
            inputs: a value for each of `input_tensors`.
            call: `(layer, args, kwargs) -> outputs`, of whatever kind the inputs are.

        Returns:
            A tree like `outputs`.
        """
        values = {id(t): v for t, v in zip(self.input_tensors, inputs, strict=True)}

        def value_of(tensor: KerasTensor) -> Any:
            return values[id(self.known_as(tensor))]

        for node in self.nodes:
            if isinstance(node.layer, InputLayer):
                continue
            args, kwargs = replaced((node.args, node.kwargs), value_of)
            results = call(node.layer, args, kwargs)
            leaves = jax.tree.leaves(results)
            values.update({id(t): v for t, v in zip(tensors_in(node.outputs), leaves, strict=True)})
        return replaced(self.outputs, value_of)

    def places(self) -> dict[int, tuple[str, int, int]]:
        """For each promise, by `id`: its layer's name, the call among that layer's, the output."""
        found, calls = {}, dict.fromkeys(map(id, self.steps), 0)
        for node in self.nodes:
            for tensor in tensors_in(node.outputs):
                found[id(tensor)] = (node.layer.name, calls[id(node.layer)], tensor.index)
            calls[id(node.layer)] += 1
        for old, new in self._renamed.items():
            found[old] = found[id(new)]
        return found

    def is_a_row(self) -> bool:
        """Whether each call takes the output of the one before, and each layer is called once."""
        calls = [node for node in self.nodes if not isinstance(node.layer, InputLayer)]
        one_each = all(len(node.inputs) == 1 for node in calls)
        inputs = len(self.nodes) - len(calls)
        return one_each and inputs == 1 and len(calls) == len(self.steps) - 1 and _chained(calls)


def layer_of(tensor: KerasTensor) -> Any:
    """The layer that promised it."""
    assert tensor.node is not None
    return tensor.node.layer


def _chained(calls: list[Node]) -> bool:
    return all(after.inputs[0].node is before for before, after in itertools.pairwise(calls))


def _plain(tree: Any) -> Any:
    """A list of one promise is that promise's model all the same, but stays a list inside."""
    return list(tree) if isinstance(tree, tuple) else tree


def _check_promises(what: str, tree: Any) -> None:
    leaves = jax.tree.leaves(tree)
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor) or leaf.node is None:
            raise InputError(
                f"Model: {what} wants what Input(shape=(…)) or a layer called on it gave, "
                f"got {leaf!r}"
            )
    if not leaves:
        raise InputError(f"Model: {what} wants at least one tensor")


def _from_an_input(tensor: KerasTensor) -> KerasTensor:
    """The promise itself where `Input` made it, else one of a new `Input` that stands for it."""
    assert tensor.node is not None
    if isinstance(tensor.node.layer, InputLayer):
        return tensor
    made: KerasTensor = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype).output
    return made


def _sorted(
    inputs: list[KerasTensor], outputs: list[KerasTensor], renamed: dict[int, KerasTensor]
) -> tuple[list[Node], list[Any]]:
    """The calls and the layers, by how far they are from the outputs, then by first sight.

    This is Keras's order, so that weights are listed alike.
    """
    sight: dict[int, int] = {}
    order: list[Node] = []
    for output in outputs:
        _visit(output, renamed, sight, order)
    distance: dict[int, int] = {}
    layer_distance: dict[int, int] = {}
    for node in reversed(order):
        depth = max(distance.get(id(node), 0), layer_distance.get(id(node.layer), 0))
        layer_distance[id(node.layer)] = distance[id(node)] = depth
        for parent in _parents(node, renamed):
            distance[id(parent)] = max(depth + 1, distance.get(id(parent), 0))
    # An input that leads nowhere is one all the same: data come for it.
    for tensor in inputs:
        node = _node_of(tensor, renamed)
        if id(node) not in distance:
            distance[id(node)], layer_distance[id(node.layer)] = 0, 0
            sight[id(node.layer)] = -1
            order.insert(0, node)
    known = {id(tensor.node) for tensor in inputs}
    for node in order:
        if isinstance(node.layer, InputLayer) and id(node) not in known:
            raise InputError(
                f'Model: the outputs also need the input "{node.layer.name}", which is not '
                "among inputs"
            )
    nodes = sorted(order, key=lambda node: -distance[id(node)])
    steps = list({id(node.layer): node.layer for node in order}.values())
    steps.sort(key=lambda step: (-layer_distance[id(step)], sight[id(step)]))
    return nodes, steps


def _visit(
    tensor: KerasTensor, renamed: dict[int, KerasTensor], sight: dict[int, int], order: list[Node]
) -> None:
    """Puts the calls behind a promise into `order`, each after those that it needs.

    A stack of its own: networks are deeper than Python's.
    """
    seen = {id(node) for node in order}
    stack: list[tuple[Node, bool]] = [(_node_of(tensor, renamed), False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            sight.setdefault(id(node.layer), len(sight))
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(_parents(node, renamed)))


def _node_of(tensor: KerasTensor, renamed: dict[int, KerasTensor]) -> Node:
    node = renamed.get(id(tensor), tensor).node
    assert node is not None
    return node


def _parents(node: Node, renamed: dict[int, KerasTensor]) -> list[Node]:
    return [_node_of(tensor, renamed) for tensor in node.inputs]
