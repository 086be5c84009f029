"""A layer's call as a function of arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
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
    with bound_lists(layer.title, state) as after, call_context(kwargs.get("training")):
        outputs = layer(*args, **kwargs)
        losses = layer.losses
    return (outputs, after[1], losses) if return_losses else (outputs, after[1])


@contextlib.contextmanager
def bound_lists(title: str, state: Any) -> Iterator[list[list[Any]]]:
    """Puts values into variables for the block, list by list.

    Args:
        title: whose variables they are, for the error.
        state: pairs of variables and values.

    Yields:
        An empty list, which holds the lists of values that the block left once it ends.

    Raises:
        InputError: another number of values than of variables.
    """
    own: dict[str, Variable] = {}
    values: dict[str, Any] = {}
    for part, (variables, given) in enumerate(state):
        if len(variables) != len(given):
            raise InputError(
                f"{title}: wants {len(variables)} values of variables, got {len(given)}"
            )
        for place, (one, value) in enumerate(zip(variables, given, strict=True)):
            own[f"{part}/{place}"], values[f"{part}/{place}"] = one, value
    left: list[list[Any]] = []
    with variable.bind(own, values) as after:
        yield left
    found = iter(after.values())
    left.extend([next(found) for _ in given] for _, given in state)
