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
from myelin.layers.base import Layer, call_context
from myelin.training.objective import Objective
from myelin.variable import Variable

State = dict[str, Any]
Batch = tuple[Any, Any, Any]


@dataclass(frozen=True)
class Task:
    """What a step works on: the model, its variables by path, what to reach and how.

    Attributes:
        settings: numbers that the state holds under `settings` rather than the objects they are
            of, so that members of one program may differ in them: for each name the objects, and
            what the number is called there.
    """

    model: Layer
    variables: dict[str, Variable]
    objective: Objective
    optimizer: Any = None
    settings: Mapping[str, Sequence[tuple[Any, str]]] = field(default_factory=dict)


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
        gradients: of the loss, `{path: array}` as the trainable variables.
        other: the other variables after the pass.
    """

    passed: Passed
    gradients: dict[str, Any]
    other: dict[str, Any]


def train_step(task: Task, state: State, batch: Batch) -> State:
    """Takes one gradient step; a loss that is not finite halts instead."""
    found = differentiate(task, state, batch)
    # A branch, not a `where` over the state: that would copy every weight at every step.
    fine = jnp.isfinite(found.passed.loss) & ~state["halted"]
    after = jax.lax.cond(fine, lambda: advance(task, state, batch, found), lambda: state)
    return {**after, "halted": ~fine}


def differentiate(task: Task, state: State, batch: Batch) -> Differentiated:
    """Forward and backward: the loss of a batch and its gradients."""

    def loss_of(trainable: dict[str, Any]) -> tuple[Any, tuple[Any, Any]]:
        here = {**state, "trainable": trainable}
        passed, other = _forward(task, here, batch, training=True)
        return task.optimizer.scale_loss(passed.loss, state["optimizer"]), (passed, other)

    gradients, (passed, other) = jax.grad(loss_of, has_aux=True)(state["trainable"])
    return Differentiated(passed, gradients, other)


def advance(task: Task, state: State, batch: Batch, found: Differentiated) -> State:
    """The state after the optimizer's step, with the batch counted in the metrics."""
    with _settings(task, state):
        trainable, optimizer = task.optimizer.step(
            state["trainable"], found.gradients, state["optimizer"]
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
    passed, _ = _forward(task, state, batch, training=False)
    return {**state, "metrics": _measured(task, state, batch, passed)}


def predict_step(task: Task, state: State, x: Any) -> Any:
    """The outputs for one batch of inputs, in inference mode."""
    with variable.bind(task.variables, _weights(state)), _randomness(state):
        return task.model(x, training=False)


def _forward(task: Task, state: State, batch: Batch, training: bool) -> tuple[Passed, Any]:
    """A batch's way through the model and the losses, and the other variables afterwards."""
    x, y, weight = batch
    with (
        variable.bind(task.variables, _weights(state)) as after,
        _settings(task, state),
        _randomness(state),
        call_context(training) as context,
        activations.remember_logits(),
    ):
        y_pred = task.model(x, training=training)
        losses = task.objective.losses(y, y_pred, weight)
        loss = task.objective.total(losses)
        for penalty in [*context.penalties, *task.model.losses]:
            loss = loss + jnp.sum(penalty)
    return Passed(loss, losses, y_pred), {path: after[path] for path in state["other"]}


def _weights(state: State) -> dict[str, Any]:
    return {**state["trainable"], **state["other"]}


def _randomness(state: State) -> Any:
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
