"""`clone_model`: the same layers made anew, with weights of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myelin import registry
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.core import InputLayer, KerasTensor
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
        model: a `Sequential`, or a model of one's own with `get_config`.
        input_tensors: an `Input` to begin with in the place of the model's own.
        clone_function: `layer -> layer`, makes each new layer; from its configuration when None.
        call_function: accepted as None only; layers in a row are not called one by one.
        recursive: whether `clone_function` gets the layers of models inside the model, in the
            place of those models.

    Raises:
        InputError: no model, or an argument that does not apply to it.
    """
    if call_function is not None:
        raise InputError("clone_model: call_function is for models whose layers are called")
    changed = recursive or clone_function is not None or input_tensors is not None
    # A subclass may compute more than its layers in a row do; its configuration says all of it.
    if not isinstance(model, Sequential) or (type(model) is not Sequential and not changed):
        return _copy_of_another(model, clone_function, input_tensors)
    clone = clone_function or registry.copied

    def made(layer: Layer) -> Layer:
        if recursive and isinstance(layer, Sequential):
            return clone_model(layer, clone_function=clone_function, recursive=True)
        return clone(layer)

    first = model._input if input_tensors is None else _single_input(input_tensors)
    if isinstance(first, InputLayer):
        first = InputLayer.from_config(first.get_config())
    layers = [made(layer) for layer in model.layers]
    return Sequential(layers if first is None else [first, *layers], model.trainable, model.name)


def _copy_of_another(model: Any, clone_function: Any, input_tensors: Any) -> Any:
    if not isinstance(model, Layer):
        raise InputError(f"clone_model wants a model, got {model!r}")
    if clone_function is not None or input_tensors is not None:
        raise InputError(
            f"clone_model: {model.title} is not a Sequential, so it is made anew from its "
            "configuration: leave clone_function and input_tensors out"
        )
    return registry.copied(model)


def _single_input(given: Any) -> KerasTensor:
    single = given[0] if isinstance(given, list | tuple) and len(given) == 1 else given
    if not isinstance(single, KerasTensor):
        raise InputError(f"clone_model: input_tensors wants one Input(…), got {given!r}")
    return single
