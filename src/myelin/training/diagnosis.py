"""Where a number that is not finite came from."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.layers.base import call_context
from myelin.training.step import Task


def explain_non_finite(task: Task, batch: Any) -> str:
    """A sentence that names the first layer whose values are not finite for this batch.

    Args:
        task: its model, with the weights from before the step.
        batch: the inputs, targets and weights of the step.
    """
    for path, variable in task.variables.items():
        if not bool(jnp.isfinite(variable.value).all()):
            layer = path.rpartition("/")[0]
            return (
                f'the weights "{path}" of layer "{layer}" are not finite, so the gradient of an '
                "earlier step was not. Try a smaller learning rate, or clipnorm=1.0."
            )
    found: list[str] = []

    def watch(layer: Any, outputs: Any) -> None:
        fine = all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(outputs))
        if not fine and not found and layer is not task.model:
            found.append(f'{type(layer).__name__} "{layer.name}"')

    x, y, weight = batch
    with call_context(training=True, watch=watch):
        y_pred = task.model(x, training=True)
    if found:
        return f"the outputs of {found[0]} are the first that are not finite."
    values = task.objective.losses(y, y_pred, weight)
    if len(values) > 1:
        for goal, value in zip(task.objective.goals, values, strict=True):
            if value is not None and not bool(jnp.isfinite(value)):
                return (
                    f"the outputs of all layers are finite, but the loss of the output "
                    f'"{goal.output.name}" is not. Check the range of its targets.'
                )
    return (
        "the outputs of all layers are finite, so the loss itself overflowed. "
        "Check the range of the targets, or use from_logits=True."
    )
