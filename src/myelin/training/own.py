"""Steps of a model's own: how what a subclass writes becomes one more step of a chunk.

A rehearsal runs the step once on promises of a batch. It makes what the step makes (layers built
on their first call, optimizers on theirs, metrics resolved) and shows what the step returns;
nothing is computed, and nothing is assigned. From then on the step is a function of one state,
like those of `step.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations, naming, random, variable
from myelin.errors import InputError
from myelin.layers.context import call_context
from myelin.optimizers import Optimizer
from myelin.training import debugging
from myelin.training.overridable import Overridable
from myelin.training.step import Batch, Logs, State, Steps, Task, randomness, weights
from myelin.utils.packing import pack_x_y_sample_weight
from myelin.variable import Variable

_METHODS = ("train_step", "test_step", "compute_loss", "compute_metrics", "get_metrics_result")


def has_own_steps(model: Any) -> bool:
    """Whether a subclass wrote part of a step itself, or holds metrics that a step must carry."""
    written = any(getattr(type(model), name) is not getattr(Overridable, name) for name in _METHODS)
    return written or bool(model.held_metrics())


def own_task(model: Any, batch: Batch, training: bool, before: Task | None = None) -> Task:
    """The task of a model with steps of its own, after a rehearsal on a batch.

    Args:
        model: it.
        batch: inputs, targets and weights of a batch, as `Arrays.batch`.
        training: whether `train_step` will run, else `test_step`.
        before: the task of the last run, which goes on where nothing has changed.
    """
    steps = before.steps if before is not None else None
    steps = steps if isinstance(steps, OwnSteps) else OwnSteps()
    reached = [id(v) for v in model.trainable_variables]
    if steps.reached != reached or training not in steps.logs:
        steps.logs[training] = _rehearsed(model, batch, training)
        steps.reached = [id(v) for v in model.trainable_variables]
        model.built = True
    variables, optimizers = model.name_variables("", set()), Optimizers(model)
    if before is not None and before.steps is steps:
        if before.variables == variables and before.optimizer == optimizers:
            return before
        steps = OwnSteps(steps.logs, steps.reached)
    return Task(model, variables, HeldMetrics(model), optimizers, steps=steps)


def _rehearsed(model: Any, batch: Batch, training: bool) -> Any:
    """Runs a step on promises; returns the shapes and types of its logs."""
    specs = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), batch)
    # Names for the paths of what the rehearsal makes.
    model.name_variables("", set())
    method = model.train_step if training else model.test_step
    if _takes_state(method):
        _build_for_arrays(model, specs)

    def rehearsed(batch: Batch, key: Any) -> Logs:
        with random.scope(key), _inside(training):
            return _stepped(model, batch, training)

    with variable.rehearsal():
        if model.run_eagerly or debugging.functions_run_eagerly():
            # A step that looks at its values gets some.
            logs = rehearsed(jax.tree.map(jnp.asarray, batch), jax.random.key(0))
            return jax.eval_shape(lambda: logs)
        return jax.eval_shape(rehearsed, specs, jax.random.key(0))


def _build_for_arrays(model: Any, batch: Batch) -> None:
    """Builds what a step that is a function of arrays wants to have been built."""
    x, y, _ = batch
    outputs = model.outputs_for(x)
    model._objective.build(outputs, outputs.arrays(y), jax.tree.leaves(x)[0].shape[0])
    model.optimizer.serve(model.trainable_variables)


class HeldMetrics:
    """The metrics of a model in the place of an `Objective`: their variables by path.

    Args:
        model: whose metrics they are, as they are when asked.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    @property
    def variables(self) -> dict[str, Variable]:
        """The variables of all metrics, by unique names."""
        taken: set[str] = set()
        return {
            naming.unique(f"{metric.name}/{own.name}", taken): own
            for metric in self._model.metrics
            for own in metric.variables
        }

    def results(self) -> Logs:
        """Nothing: a step of its own says what it logs."""
        return {}

    def reset(self) -> None:
        """Starts all sums anew."""
        self._model.reset_metrics()


class Optimizers:
    """The optimizers in a model's attributes in the place of one: their states by name.

    Args:
        model: whose optimizers they are.
    """

    def __init__(self, model: Any) -> None:
        self._all = {
            name: value for name, value in vars(model).items() if isinstance(value, Optimizer)
        }

    def serve(self, variables: list[Variable]) -> None:
        """Nothing: the rehearsal has shown which variables each one moves."""

    @property
    def state(self) -> State:
        """The states of those that are in use."""
        return {name: own.state for name, own in self._all.items() if own.built}

    @state.setter
    def state(self, new: State) -> None:
        for name, state in new.items():
            self._all[name].state = state

    @property
    def revision(self) -> int:
        """Grows when a setting of one changes that a compiled step has taken in."""
        return sum(own.revision for own in self._all.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Optimizers) and self._all == other._all

    def __hash__(self) -> int:
        return id(self)

    @contextmanager
    def bind(self, state: State) -> Iterator[State]:
        """Puts traced states in place for the block; yields a dictionary of what it left."""
        before = {name: self._all[name].state for name in state}
        after: State = {}
        try:
            self.state = jax.tree.map(lambda leaf: leaf, state)
            yield after
            after.update({name: self._all[name].state for name in state})
        finally:
            self.state = before


class OwnSteps(Steps):
    """The steps that a subclass wrote.

    Attributes:
        logs: what the training step (True) and the test step (False) return, as shapes and types
            by name, once they were rehearsed.
        reached: the identities of the variables that trained then.
    """

    def __init__(self, logs: dict[bool, Any] | None = None, reached: Any = None) -> None:
        self.logs = logs or {}
        self.reached = reached

    def blank_logs(self, training: bool) -> Logs:
        """Zeros of the shapes that the logs will have."""
        return jax.tree.map(lambda spec: jnp.zeros(spec.shape, spec.dtype), self.logs[training])

    def train(self, task: Task, state: State, batch: Batch) -> tuple[State, Logs]:
        """The state after `train_step`; a loss that is not finite halts the run after it."""
        with _bound(task, state, training=True) as after:
            logs = _stepped(task.model, batch, training=True)
        fine = [jnp.isfinite(v).all() for name, v in logs.items() if name.endswith("loss")]
        halted = state["halted"] | ~jnp.all(jnp.array([True, *fine]))
        step = state["step"] + jnp.where(halted, 0, 1).astype(state["step"].dtype)
        return {**state, **after, "halted": halted, "step": step}, logs

    def test(self, task: Task, state: State, batch: Batch) -> tuple[State, Logs]:
        """The state after `test_step`."""
        with _bound(task, state, training=False) as after:
            logs = _stepped(task.model, batch, training=False)
        return {**state, "metrics": after["metrics"]}, logs

    def predict(self, task: Task, state: State, x: Any) -> Any:
        """What `predict_step` gives."""
        with variable.bind(task.variables, weights(state)), randomness(state), call_context(False):
            return _predict(task.model, x)


@contextmanager
def _bound(task: Task, state: State, training: bool) -> Iterator[State]:
    """Puts a state into the variables for the block; yields the parts of it that the block left."""
    after: State = {}
    with (
        variable.bind(task.variables, weights(state)) as model_after,
        variable.bind(task.objective.variables, state["metrics"]) as metrics_after,
        task.optimizer.bind(state["optimizer"]) as optimizer_after,
        randomness(state),
        _inside(training),
    ):
        yield after
    for part in ("trainable", "other"):
        after[part] = {path: model_after[path] for path in state[part]}
    after["metrics"], after["optimizer"] = dict(metrics_after), dict(optimizer_after)


@contextmanager
def _inside(training: bool) -> Iterator[None]:
    with call_context(training), activations.remember_logits():
        yield


def _stepped(model: Any, batch: Batch, training: bool) -> Logs:
    """What `train_step` or `test_step` logs; what it leaves is in the variables."""
    name = "train_step" if training else "test_step"
    method, data = getattr(model, name), pack_x_y_sample_weight(*batch)
    if not _takes_state(method):
        return _plain_logs(model, name, method(data))
    optimizer = [model.optimizer.variables] if training else []
    groups = [model.trainable_variables, model.non_trainable_variables, *optimizer,
              model.metrics_variables]  # fmt: skip
    logs, new = method(tuple(_values(group) for group in groups), data)
    _put_back(model, name, groups, new)
    return _plain_logs(model, name, logs)


def _predict(model: Any, x: Any) -> Any:
    data = pack_x_y_sample_weight(x)
    if not _takes_state(model.predict_step):
        return model.predict_step(data)
    groups = [model.trainable_variables, model.non_trainable_variables]
    outputs, _ = model.predict_step(tuple(_values(group) for group in groups), data)
    return outputs


def _values(variables: list[Any]) -> list[Any]:
    return [own._value for own in variables]


def _put_back(model: Any, method: str, groups: list[list[Any]], new: Any) -> None:
    """Assigns the lists of values that a step in the form of arrays returned."""
    counts = [len(group) for group in groups]
    if [len(values) for values in new] != counts:
        raise InputError(
            f"{model.title}: {method} wants to return (logs, state) with lists of {counts} values, "
            f"got lists of {[len(values) for values in new]}"
        )
    if variable.in_rehearsal():
        return
    for group, values in zip(groups, new, strict=True):
        for own, value in zip(group, values, strict=True):
            own._value = value


def _plain_logs(model: Any, method: str, logs: Any) -> Logs:
    """Logs as one dictionary of arrays; a number alone is the loss."""
    if logs is None:
        return {}
    if not isinstance(logs, dict):
        logs = {"loss": logs}
    found: Logs = {}
    for name, value in logs.items():
        found.update(value if isinstance(value, dict) else {name: value})
    try:
        return {name: jnp.asarray(getattr(v, "_value", v)) for name, v in found.items()}
    except TypeError:
        raise InputError(
            f"{model.title}: {method} wants to return {{name: number}}, got "
            f"{ {name: type(value).__name__ for name, value in found.items()} }"
        ) from None


def _takes_state(method: Any) -> bool:
    """Whether a step is written as a function of arrays: it takes the state beside the data."""
    parameters = inspect.signature(method).parameters.values()
    needed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len([p for p in needed if p.default is p.empty]) == 2
