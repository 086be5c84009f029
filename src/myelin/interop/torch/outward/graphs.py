"""The graph of calls behind a model: its own, or that of its `call` on promises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax

from myelin import variable
from myelin.errors import InputError, MyelinError
from myelin.layers.core import Input
from myelin.layers.operation import Operation
from myelin.layers.shapes import is_shape
from myelin.layers.symbolic import KerasTensor, Node, replaced, tensors_in
from myelin.models.graph import Graph
from myelin.models.model import Model
from myelin.models.sequential import Sequential

_WAY_OUT = (
    "PyTorch has nothing that computes the same, and it is not made of layers and functions of "
    "myelin.ops that have: leave it out of the model, or write its call with those"
)


def has_graph(model: Any) -> bool:
    """Whether a model knows the calls that it is made of, and computes by no others."""
    own = type(model).call not in (Model.call, Sequential.call)
    return not own and (isinstance(model, Sequential) or model._graph is not None)


def of_model(model: Any) -> tuple[Graph, set[int]]:
    """The graph of a model, and the calls in it whose `training` is the model's own.

    Raises:
        InputError: a subclass of Model that was not called yet, or computes with more than
            layers and `myelin.ops`.
    """
    if has_graph(model):
        return model.whole_graph(), set()
    shape = model._build_shape
    if not model.built or shape is None:
        raise InputError(
            f"to_torch: {model.title} was not called yet, so the shape of its inputs is not "
            "known: call it on a batch first"
        )
    shapes = jax.tree.map(lambda s: (None, *tuple(s)[1:]), shape, is_leaf=is_shape)
    inputs = jax.tree.map(lambda s: KerasTensor(s), shapes, is_leaf=is_shape)
    return of_call(model, (inputs,), {})


def of_call(layer: Any, args: Any, kwargs: Any) -> tuple[Graph, set[int]]:
    """The graph of what a layer's `call` does with promises.

    Raises:
        InputError: it computes with more than layers and functions of `myelin.ops`.
    """
    takes = "training" in inspect.signature(layer.call).parameters
    if not takes:
        return _called(layer, args, kwargs), set()
    on, off = (_called(layer, args, {**kwargs, "training": said}) for said in (True, False))
    nodes = [node for node in on.nodes if node.args], [node for node in off.nodes if node.args]
    if [_kind(node) for node in nodes[0]] != [_kind(node) for node in nodes[1]]:
        raise InputError(
            f"to_torch: {layer.title} calls other layers in training than else, which a graph of "
            "calls cannot say"
        )
    said = zip(*nodes, strict=True)
    return on, {
        id(one) for one, two in said if one.kwargs.get("training") is not two.kwargs.get("training")
    }


def _kind(node: Node) -> Any:
    if isinstance(node.layer, Operation):
        return node.layer.function, repr(node.layer.arguments)
    return id(node.layer)


def of_function(layer: Any, function: Callable[..., Any], x: KerasTensor) -> Graph:
    """The graph of what a function makes of a promise.

    Raises:
        InputError: it computes with more than layers and functions of `myelin.ops`.
    """
    return _read(layer, function, (x,), {})


def _called(layer: Any, args: Any, kwargs: Any) -> Graph:
    return _read(layer, layer.call, args, kwargs)


def _read(layer: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Graph:
    """The graph between new promises and what a function promises for them."""
    given = tensors_in((args, kwargs))
    fresh = {id(old): Input(batch_shape=old.shape, dtype=old.dtype) for old in given}
    args, kwargs = replaced((args, kwargs), lambda old: fresh[id(old)])
    try:
        # What a call assigns is not to be kept of this.
        with variable.rehearsal():
            outputs = function(*args, **kwargs)
        return Graph(list(fresh.values()), outputs, unique_names=False)
    except MyelinError as error:
        raise InputError(f"to_torch: {layer.title}: {error}. {_WAY_OUT}") from error
    # Whatever else is done with a promise in the place of an array.
    except Exception as error:
        raise InputError(f"to_torch: {layer.title} cannot go there. {_WAY_OUT}") from error
