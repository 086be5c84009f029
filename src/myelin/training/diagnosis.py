"""Where a number that is not finite came from."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from myelin.layers.context import Watch
from myelin.training import probing
from myelin.training.step import Passed, State, Steps, Task, forward


class Fault(NamedTuple):
    """What was not finite, and a sentence that says why."""

    what: str
    why: str


def explain_non_finite(task: Task, state: State, batch: Any) -> Fault:
    """Names the first layer whose values are not finite for this batch.

    Where all values are finite, it names the layer behind which the gradient is not. What a step
    of the model's own computes cannot be looked into from here.

    Args:
        task: its model, with the weights from before the step.
        state: from before the step.
        batch: the inputs, targets and weights of the step.
    """
    found = _weights_at_fault(task)
    if type(task.steps) is not Steps:
        return Fault("A loss", _own_step_at_fault(task, found))
    if found is not None:
        why = (
            f"{found}, so the gradient of an earlier step was not. Try a smaller learning rate, or "
            "clipnorm=1.0."
        )
        return Fault("The loss", f"{why} {_KEPT}")
    watch = _FirstAtFault(task.model)
    passed, _ = forward(task, state, batch, training=True, watch=watch)
    if np.isfinite(passed.loss) and watch.found is None:
        why = _gradient_at_fault(task, state, batch)
        return Fault("The gradient of the loss", f"{why} {_KEPT}")
    if watch.found is not None:
        why = f"the outputs of {watch.found} are the first that are not finite."
    else:
        why = _loss_at_fault(task, passed)
    return Fault("The loss", f"{why} {_KEPT}")


_KEPT = "The model keeps the weights from before that step."


def _own_step_at_fault(task: Task, found: str | None) -> str:
    weights = "its weights are finite" if found is None else f"now {found}"
    return (
        f"{task.model.title} has a train_step of its own, whose loss is not finite; {weights}. "
        "Step through it with myelin.debug(), which shows its numbers."
    )


def _loss_at_fault(task: Task, passed: Passed) -> str:
    if len(passed.losses) > 1:
        for goal, value in zip(task.objective.goals, passed.losses, strict=True):
            if value is not None and not np.isfinite(value):
                return (
                    f"the outputs of all layers are finite, but the loss of the output "
                    f'"{goal.output.name}" is not. Check the range of its targets.'
                )
    return (
        "the outputs of all layers are finite, so the loss itself overflowed. "
        "Check the range of the targets, or use from_logits=True."
    )


class _FirstAtFault(Watch):
    """Remembers the first layer inside a model whose outputs are not finite."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.found: str | None = None

    def leave(self, layer: Any, outputs: Any) -> Any:
        leaves = jax.tree.leaves(outputs)
        # What a cell gives inside a loop has no numbers to look at; the layer around it has.
        known = [leaf for leaf in leaves if not isinstance(leaf, jax.core.Tracer)]
        fine = all(bool(jnp.isfinite(leaf).all()) for leaf in known)
        if not fine and self.found is None and layer is not self.model:
            self.found = layer.title
        return outputs


def _weights_at_fault(task: Task) -> str | None:
    for path, variable in task.variables.items():
        if not bool(jnp.isfinite(variable.value).all()):
            layer = path.rpartition("/")[0]
            return f'the weights "{path}" of layer "{layer}" are not finite'
    return None


def _gradient_at_fault(task: Task, state: State, batch: Any) -> str:
    calls, _, gradients = probing.run_both_ways(task, state, batch, training=True)
    place = probing.where_gradients_break(calls, gradients, task)
    if place == "loss":
        return (
            "the loss is finite, but its gradient with respect to the outputs of the model is not. "
            "Check the loss for roots, logarithms and quotients of 0."
        )
    if place is None:
        return "its gradient is not finite where many examples are summed up."
    assert isinstance(place, probing.Call)
    return (
        f"the loss is finite, but on its way back the gradient is first not finite behind "
        f"{place.layer.title}: check it for roots, logarithms, quotients and norms of 0, whose "
        "slope is infinite."
    )
