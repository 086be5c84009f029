"""A layer's call as a function of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myelin import variable
from myelin.errors import InputError, NotBuiltError
from myelin.layers.context import call_context
from myelin.variable import Variable


def stateless_call(
    layer: Any,
    trainable_variables: Sequence[Any],
    non_trainable_variables: Sequence[Any],
    *args: Any,
    return_losses: bool = False,
    **kwargs: Any,
) -> Any:
    """The outputs for these values of the variables; the layer itself stays as it is.

    Args:
        trainable_variables: values for `trainable_variables`, in their order.
        non_trainable_variables: values for `non_trainable_variables`, in their order.
        *args, **kwargs: as for a call.
        return_losses: whether to return `losses` too.

    Returns:
        `(outputs, non_trainable_variables)`, and with `return_losses` the list of losses.

    Raises:
        NotBuiltError: it has no variables yet.
        InputError: not as many values as variables.
    """
    if not layer.built:
        raise NotBuiltError(f"{layer.title}: stateless_call wants it built; call it on data")
    state = [
        (layer.trainable_variables, trainable_variables),
        (layer.non_trainable_variables, non_trainable_variables),
    ]
    bound, values = by_place(layer.title, state)
    with variable.bind(bound, values) as after, call_context(kwargs.get("training")):
        outputs = layer(*args, **kwargs)
        losses = layer.losses
    others = list(after.values())[len(trainable_variables) :]
    return (outputs, others, losses) if return_losses else (outputs, others)


def by_place(title: str, state: Any) -> tuple[dict[str, Variable], dict[str, Any]]:
    """Variables and their values, as `variable.bind` takes them.

    Args:
        title: whose variables they are, for the error.
        state: pairs of variables and values, list by list.

    Raises:
        InputError: another number of values than of variables.
    """
    bound: dict[str, Variable] = {}
    values: dict[str, Any] = {}
    for part, (variables, given) in enumerate(state):
        if len(variables) != len(given):
            raise InputError(
                f"{title}: wants {len(variables)} values of variables, got {len(given)}"
            )
        for place, (own, value) in enumerate(zip(variables, given, strict=True)):
            bound[f"{part}/{place}"], values[f"{part}/{place}"] = own, value
    return bound, values
