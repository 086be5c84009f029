"""What a layer adds in `call` beside its outputs: a part of the loss, a value to watch."""

from __future__ import annotations

from typing import Any

from myelin import variable
from myelin.errors import InputError
from myelin.layers.context import contexts


def add_loss(layer: Any, loss: Any) -> None:
    """Adds a scalar to the loss of the step in which `call` runs now."""
    for scope in variable.open_scopes:
        if scope.collect_losses:
            scope.add_loss(loss)
    if contexts:
        each = loss if isinstance(loss, list | tuple) else [loss]
        contexts[-1].penalties.extend((layer, value) for value in each)


def add_metric(layer: Any, value: Any, name: str | None = None, aggregation: str = "mean") -> None:
    """Adds a value to a mean that the logs show under `name`, as older Keras programs do.

    Args:
        value: a number, or an array, whose entries count alike.
        name: of the mean, the same at each call; that of the layer when None.
        aggregation: "mean".

    Raises:
        InputError: another aggregation.
    """
    if aggregation != "mean":
        raise InputError(f'{layer.title}: add_metric knows aggregation="mean", got {aggregation!r}')
    from myelin.metrics.reduction import Mean

    name = name or layer.name
    held: dict[str, Any] = vars(layer).setdefault("added_metrics", {})
    if name not in held:
        held[name] = Mean(name=name)
    held[name].update_state(value)
