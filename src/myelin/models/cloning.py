"""`clone_model`: the same layers made anew, with weights of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from myelin import registry
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.core import InputLayer
from myelin.layers.operation import Operation
from myelin.layers.symbolic import KerasTensor
from myelin.models.functional import Functional
from myelin.models.sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Any = None,
    recursive: bool = False,
) -> Any:
    """A model of new layers with fresh weights, not compiled, built where the model was built.

    Args:
        model: a `Sequential`, a model of `Input`s and calls, or one of one's own with `get_config`.
        input_tensors: what `Input` gave, to begin with in the place of the model's own; a list
            where the model has several.
        clone_function: `layer -> layer`, makes each new layer; from its configuration when None.
        call_function: `(layer, *args, **kwargs) -> outputs`, calls each new layer of a model of
            calls; the layer itself when None.
        recursive: whether `clone_function` gets the layers of models inside the model, in the
            place of those models.

    Raises:
        InputError: no model, or an argument that does not apply to it.
    """
    graph = getattr(model, "_graph", None)
    if call_function is not None and graph is None:
        raise InputError("clone_model: call_function is for models whose layers are called")
    changed = recursive or clone_function is not None or input_tensors is not None
    # A subclass may compute more than its layers do; its configuration says all of it.
    own = type(model) in (Sequential, Functional) or (isinstance(model, Sequential) and changed)
    if not own:
        return _copy_of_another(model, clone_function, input_tensors)
    clone = clone_function or registry.copied

    def made(layer: Layer) -> Layer:
        if recursive and isinstance(layer, Sequential | Functional):
            return clone_model(
                layer, clone_function=clone_function, call_function=call_function, recursive=True
            )
        return clone(layer)

    if graph is not None:
        return _clone_of_graph(model, input_tensors, made, call_function)
    first = model._input if input_tensors is None else _inputs_given(input_tensors, 1)[0]
    if isinstance(first, InputLayer):
        first = InputLayer.from_config(first.get_config())
    layers = [made(layer) for layer in model.layers]
    return Sequential(layers if first is None else [first, *layers], model.trainable, model.name)


def _clone_of_graph(model: Any, input_tensors: Any, made: Any, call_function: Any) -> Functional:
    graph = model._graph
    clones = {
        id(step): made(step) if not isinstance(step, Operation) else registry.copied(step)
        for step in graph.steps if not isinstance(step, InputLayer)
    }  # fmt: skip
    if input_tensors is None:
        inputs = [registry.copied(t.node.layer).output for t in graph.input_tensors]
    else:
        inputs = _inputs_given(input_tensors, len(graph.input_tensors))

    def called(layer: Layer, args: Any, kwargs: Any) -> Any:
        new = clones[id(layer)]
        return (
            new(*args, **kwargs) if call_function is None else call_function(new, *args, **kwargs)
        )

    outputs = graph.run(inputs, called)
    inputs = jax.tree.unflatten(jax.tree.structure(graph.inputs), inputs)
    return Functional(inputs, outputs, model.name, model.trainable)


def _copy_of_another(model: Any, clone_function: Any, input_tensors: Any) -> Any:
    if not isinstance(model, Layer):
        raise InputError(f"clone_model wants a model, got {model!r}")
    if clone_function is not None or input_tensors is not None:
        raise InputError(
            f"clone_model: {model.title} is not a Sequential or a model of Inputs, so it is made "
            "anew from its configuration: leave clone_function and input_tensors out"
        )
    return registry.copied(model)


def _inputs_given(given: Any, count: int) -> list[KerasTensor]:
    leaves = jax.tree.leaves(given)
    if len(leaves) != count or not all(isinstance(leaf, KerasTensor) for leaf in leaves):
        wanted = "one Input(…)" if count == 1 else f"{count} Inputs, in a list"
        raise InputError(f"clone_model: input_tensors wants {wanted}, got {given!r}")
    return leaves
