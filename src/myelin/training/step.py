"""The mathematics of a step: one batch forward, backward, and through the optimizer.

`state` is one tree of arrays:

    trainable   {path: array}   what gradients reach
    other       {path: array}   frozen weights, moving averages
    optimizer   tree            the optimizer's own
    metrics     {path: array}   sums since the epoch began
    key         uint32[2]       the run's key
    step        int32           steps taken in this run
    halted      bool            a loss was not finite; nothing changes from then on
    settings    {name: number}  only where members of one program differ in such numbers
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from myelin import activations, random, variable
from myelin.kernels.rows import Rows
from myelin.layers.base import Layer
from myelin.layers.context import Watch, call_context
from myelin.optimizers import LossScaleOptimizer
from myelin.training.lookups import Lookups, dense
from myelin.variable import Variable

# Gradients of up to so many numbers are looked at in each step.
SMALL = 4096

State = dict[str, Any]
Logs = dict[str, Any]
Batch = tuple[Any, Any, Any]


class Steps:
    """The steps of a task; those of this module, unless a subclass of the model wrote its own."""

    def blank_logs(self, training: bool) -> Logs:
        """What a chunk's logs are before its first step."""
        return {}

    def train(self, task: Task, state: State, batch: Batch) -> tuple[State, Logs]:
        """The state after a gradient step, and what the step itself logs."""
        return train_step(task, state, batch), {}

    def test(self, task: Task, state: State, batch: Batch) -> tuple[State, Logs]:
        """The state with a batch added to its metrics, and what the step itself logs."""
        return test_step(task, state, batch), {}

    def predict(self, task: Task, state: State, x: Any) -> Any:
        """The outputs for a batch of inputs."""
        return predict_step(task, state, x)


@dataclass(frozen=True)
class Task:
    """What a step works on: the model, its variables by path, what to reach and how.

    Attributes:
        settings: numbers that the state holds under `settings` rather than the objects they are
            of, so that members of one program may differ in them: for each name the objects, and
            what the number is called there.
        steps: what a step is.
    """

    model: Layer
    variables: dict[str, Variable]
    objective: Any
    optimizer: Any = None
    settings: Mapping[str, Sequence[tuple[Any, str]]] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)


class Passed(NamedTuple):
    """What one pass through the model gave.

    Attributes:
        loss: the whole loss, with all penalties.
        losses: that of each output, None for outputs without one.
        y_pred: the outputs.
    """

    loss: Any
    losses: list[Any]
    y_pred: Any


class Differentiated(NamedTuple):
    """What a batch says before anything has moved.

    Attributes:
        passed: the pass forward.
        gradients: of the loss, `{path: array}` as the trainable variables, with `Rows` in the place
            of an array where rows were looked up and nothing else was read.
        other: the other variables after the pass.
    """

    passed: Passed
    gradients: dict[str, Any]
    other: dict[str, Any]


def train_step(task: Task, state: State, batch: Batch) -> State:
    """Takes one gradient step; a loss or a gradient that is not finite halts instead."""
    found = differentiate(task, state, batch)
    # A branch, not a `where` over the state: that would copy every weight at every step.
    fine = is_finite(task, found) & ~state["halted"]
    after = jax.lax.cond(fine, lambda: advance(task, state, batch, found), lambda: state)
    return {**after, "halted": ~fine}


def differentiate(task: Task, state: State, batch: Batch) -> Differentiated:
    """Forward and backward: the loss of a batch and its gradients."""
    lookups = Lookups(task.variables, state["trainable"])

    def loss_of(trainable: dict[str, Any]) -> tuple[Any, tuple[Any, Any]]:
        here = {**state, "trainable": trainable}
        with lookups.noted():
            passed, other = forward(task, here, batch, training=True)
        return task.optimizer.scale_loss(passed.loss, state["optimizer"]), (passed, other)

    gradients, (passed, other) = jax.grad(loss_of, has_aux=True)(state["trainable"])
    return Differentiated(passed, lookups.instead(gradients), other)


def is_finite(task: Task, found: Differentiated) -> Any:
    """Whether the loss is finite, and the gradients of the small weights, which cost nothing.

    What is not finite on its way back reaches the bias of each layer that it passes. A
    `LossScaleOptimizer` counts on gradients that overflow.
    """
    fine = jnp.isfinite(found.passed.loss)
    if isinstance(task.optimizer, LossScaleOptimizer):
        return fine
    for gradient in found.gradients.values():
        if not isinstance(gradient, Rows) and gradient.size <= SMALL:
            # Not of the sum, which XLA would take anew over all that the gradient is the sum of.
            fine &= jnp.isfinite(gradient).all()
    return fine


def advance(task: Task, state: State, batch: Batch, found: Differentiated) -> State:
    """The state after the optimizer's step, with the batch counted in the metrics."""
    gradients = found.gradients
    if not task.optimizer.takes_rows:
        gradients = dense(gradients, state["trainable"])
    with _settings(task, state):
        trainable, optimizer = task.optimizer.step(
            state["trainable"], gradients, state["optimizer"]
        )
    return {
        **state,
        "trainable": trainable,
        "other": found.other,
        "optimizer": optimizer,
        "metrics": _measured(task, state, batch, found.passed),
        "step": state["step"] + 1,
    }


def test_step(task: Task, state: State, batch: Batch) -> State:
    """Adds one batch to the metrics, in inference mode."""
    passed, _ = forward(task, state, batch, training=False)
    return {**state, "metrics": _measured(task, state, batch, passed)}


def predict_step(task: Task, state: State, x: Any) -> Any:
    """The outputs for one batch of inputs, in inference mode."""
    with variable.bind(task.variables, weights(state)), randomness(state):
        return task.model(x, training=False)


def forward(
    task: Task, state: State, batch: Batch, training: bool, watch: Watch | None = None
) -> tuple[Passed, Any]:
    """A batch's way through the model and the losses, and the other variables afterwards."""
    x, y, weight = batch
    with (
        variable.bind(task.variables, weights(state)) as after,
        _settings(task, state),
        randomness(state),
        call_context(training, watch),
        activations.remember_logits(),
    ):
        y_pred = task.model(x, training=training)
        losses = task.objective.losses(y, y_pred, weight)
        loss = task.objective.total(losses)
        for penalty in task.model.losses:
            loss = loss + jnp.sum(penalty)
    return Passed(loss, losses, y_pred), {path: after[path] for path in state["other"]}


def weights(state: State) -> dict[str, Any]:
    """The values of the model's variables, by path."""
    return {**state["trainable"], **state["other"]}


def randomness(state: State) -> Any:
    """A block in which random numbers come from the run's key and the step."""
    run = jax.random.wrap_key_data(state["key"])
    return random.scope(jax.random.fold_in(run, state["step"]))


@contextlib.contextmanager
def _settings(task: Task, state: State) -> Iterator[None]:
    """Inside the block, the objects have the numbers that the state holds for them."""
    before = []
    try:
        for name, value in state.get("settings", {}).items():
            for owner, attribute in task.settings[name]:
                before.append((owner, attribute, getattr(owner, attribute)))
                # Not through a `__setattr__` of its own, which may count changes or track layers.
                object.__setattr__(owner, attribute, value)
        yield
    finally:
        for owner, attribute, value in reversed(before):
            object.__setattr__(owner, attribute, value)


def _measured(task: Task, state: State, batch: Batch, passed: Passed) -> dict[str, Any]:
    """The metrics' sums with this batch added."""
    x, y, weight = batch
    examples = jax.tree.leaves(x)[0].shape[0]
    with variable.bind(task.objective.variables, state["metrics"]) as after:
        task.objective.measure(y, passed.y_pred, weight, passed.loss, passed.losses, examples)
    return after
