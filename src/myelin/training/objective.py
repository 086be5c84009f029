"""What a model is compiled for: losses to reach, and metrics to read on the way."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from myelin import losses, metrics, naming, registry
from myelin.errors import unknown_name
from myelin.layers import masks
from myelin.training.outputs import Output, Outputs
from myelin.variable import Variable


@dataclass
class Goal:
    """What one output is compiled for.

    Attributes:
        output: which one.
        loss_fn: the loss, or None.
        weight: a factor for the loss.
        metrics: those that take every example alike.
        weighted_metrics: those that take the examples' weights.
        mean_loss: the mean of its loss; None where the whole loss has no other part.
    """

    output: Output
    loss_fn: Any
    weight: float
    metrics: list[Any]
    weighted_metrics: list[Any]
    mean_loss: Any = None

    def loss(self, y: Any, y_pred: Any, weight: Any) -> Any:
        """The loss of a batch before its factor, or None without a loss or targets."""
        if self.loss_fn is None or y is None:
            return None
        mask = masks.mask_of(y_pred)
        if mask is not None:
            weight = _masked(weight, mask, getattr(self.loss_fn, "reduction", None))
        return self.loss_fn(y, y_pred, sample_weight=weight)

    def measure(self, y: Any, y_pred: Any, weight: Any) -> None:
        """Adds a batch to the sums of the metrics."""
        if y is None:
            return
        for metric in self.metrics:
            metric.update_state(y, y_pred)
        for metric in self.weighted_metrics:
            if weight is None:
                metric.update_state(y, y_pred)
            else:
                metric.update_state(y, y_pred, sample_weight=weight)


def _masked(weight: Any, mask: Any, reduction: Any) -> Any:
    """Weights that leave masked steps out of a sum, or of a mean and its count, as in Keras."""
    counts = jnp.asarray(mask, jnp.float32)
    if reduction in ("sum_over_batch_size", "mean"):
        counts = counts * (counts.size / (counts.sum() + 1e-7))
    if weight is None:
        return counts
    weight = jnp.asarray(weight, jnp.float32)
    return weight.reshape(weight.shape + (1,) * (counts.ndim - weight.ndim)) * counts


class Objective:
    """A `Goal` for each output, resolved once the outputs and the targets are known.

    Each argument is one thing where there is one output; else a list with an entry for each
    output, or a dictionary by output name. A single loss serves all outputs.

    Args:
        loss: a name, function or `Loss`; None where only `add_loss` and regularizers count.
        loss_weights: a factor for each loss, 1 where none is given.
        metrics: names, functions or `Metric`s that take every example alike.
        weighted_metrics: the same, with the examples' weights.

    Raises:
        UnknownNameError: a loss or metric that nothing goes by.
    """

    def __init__(
        self,
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        self._loss = _as_losses(loss)
        self._loss_weights = loss_weights
        self._metrics = {"metrics": metrics, "weighted_metrics": weighted_metrics}
        for given in self._metrics.values():
            for identifier in _flat(given):
                _check_metric(identifier)
        self.loss_tracker = metrics_mean("loss")
        self.goals: list[Goal] = []
        self.variables: dict[str, Variable] = {}
        self.built = False
        self._logged: list[tuple[str, Any]] = [("loss", self.loss_tracker)]
        self._built_for: Any = None

    def losses_of(self, outputs: Outputs) -> list[Any]:
        """The `Loss` of each output, or None.

        Raises:
            InputError: they do not fit the outputs.
        """
        if self._loss is None or isinstance(self._loss, losses.Loss):
            return [self._loss] * len(outputs)
        return outputs.spread(self._loss, "loss")

    def build(self, outputs: Outputs, y: list[Any], examples: int) -> None:
        """Chooses what `"accuracy"` means for each output, and lists the metrics' variables.

        Args:
            outputs: what the model gives.
            y: the targets of each output, or objects with their `shape` and `dtype`, or None.
            examples: how many there are.

        Raises:
            InputError: losses, weights or metrics that do not fit the outputs.
        """
        built_for = (outputs, [part is not None for part in y])
        if self.built and self._built_for == built_for:
            return
        found = zip(
            outputs.all, self.losses_of(outputs), self._weights_of(outputs),
            self._metrics_of(outputs, "metrics", y, examples),
            self._metrics_of(outputs, "weighted_metrics", y, examples), strict=True,
        )  # fmt: skip
        self.goals = [Goal(*parts) for parts in found]
        self._logged = [
            ("loss", self.loss_tracker),
            *_named(self.goals),
            *self._mean_losses(outputs),
        ]
        self.variables = {}
        taken: set[str] = set()
        for name, metric in self._logged:
            for own in metric.variables:
                self.variables[naming.unique(f"{name}/{own.name}", taken)] = own
        self._built_for, self.built = built_for, True

    def _weights_of(self, outputs: Outputs) -> list[float]:
        given = self._loss_weights
        if given is None or isinstance(given, int | float):
            return [1.0 if given is None else float(given)] * len(outputs)
        return [1.0 if w is None else float(w) for w in outputs.spread(given, "loss_weights")]

    def _metrics_of(
        self, outputs: Outputs, argument: str, y: list[Any], examples: int
    ) -> list[list[Any]]:
        """The metrics of each output that has targets."""
        given = self._metrics[argument]
        if outputs.sole:
            by_name = isinstance(given, Mapping) and "class_name" not in given
            each = outputs.spread(given, argument) if by_name else [given]
        elif given is None or given == []:
            each = [None] * len(outputs)
        else:
            each = outputs.spread(given, argument)
        resolved = []
        for output, listed, targets in zip(outputs.all, each, y, strict=True):
            y_pred = jax.ShapeDtypeStruct((examples, *output.shape[1:]), jnp.float32)
            chosen = [] if targets is None else _flat(listed)
            resolved.append([metrics.resolve_for(m, targets, y_pred) for m in chosen])
        return resolved

    def _mean_losses(self, outputs: Outputs) -> list[tuple[str, Any]]:
        """The mean of each loss by name, where there are several."""
        chasing = [goal for goal in self.goals if goal.loss_fn is not None]
        if len(chasing) < 2:
            return []
        if isinstance(self._loss, Mapping) and outputs.keyed:
            # Keras lists the losses of a dictionary of outputs as they were given.
            place = {name: index for index, name in enumerate(self._loss)}
            chasing.sort(key=lambda goal: place.get(goal.output.name, len(place)))
        taken: set[str] = set()
        for goal in chasing:
            name = f"{goal.output.loss_name(goal.loss_fn.name)}_loss"
            goal.mean_loss = metrics_mean(naming.unique(name, taken))
        return [(goal.mean_loss.name, goal.mean_loss) for goal in chasing]

    @property
    def all_metrics(self) -> list[Any]:
        """The mean loss, the metrics in the order they were given, the mean of each loss."""
        return [metric for _, metric in self._logged]

    @property
    def names(self) -> list[str]:
        """The names of all values, in the order of the list that `evaluate` gives.

        That order is Keras's: names that an output's name does not precede, then the losses,
        then the rest sorted.
        """
        logged = [name for name, _ in self._logged]
        own = {metric.name for metric in self.all_metrics}
        first = [name for name in logged if name in own]
        return [*first, *sorted(name for name in logged if name not in own)]

    def losses(self, y: Any, y_pred: Any, weight: Any) -> list[Any]:
        """The loss of a batch for each output, None for those that have none."""
        parts = self._parts(y, y_pred, weight)
        return [goal.loss(*part) for goal, part in zip(self.goals, parts, strict=True)]

    def total(self, values: list[Any]) -> Any:
        """The weighted sum of the outputs' losses, without penalties."""
        weighed = [
            value if goal.weight == 1.0 else value * goal.weight
            for goal, value in zip(self.goals, values, strict=True)
            if value is not None
        ]
        return functools.reduce(operator.add, weighed) if weighed else jnp.zeros((), jnp.float32)

    def measure(
        self, y: Any, y_pred: Any, weight: Any, loss: Any, values: list[Any], examples: int
    ) -> None:
        """Adds a batch to the sums of the losses and metrics.

        Args:
            y, y_pred, weight: of the batch.
            loss: the whole loss, with penalties.
            values: what `losses` gave.
            examples: how many the batch holds.
        """
        self.loss_tracker.update_state(loss, sample_weight=jnp.float32(examples))
        self._measure(self._parts(y, y_pred, weight), values, examples)

    def measure_goals(self, y: Any, y_pred: Any, weight: Any, examples: int) -> None:
        """Adds a batch to the sums of the metrics and of each output's loss."""
        parts = self._parts(y, y_pred, weight)
        several = any(goal.mean_loss is not None for goal in self.goals)
        values = self.losses(y, y_pred, weight) if several else [None] * len(parts)
        self._measure(parts, values, examples)

    def _measure(self, parts: list[Any], values: list[Any], examples: int) -> None:
        for goal, part, value in zip(self.goals, parts, values, strict=True):
            goal.measure(*part)
            if goal.mean_loss is not None and value is not None:
                goal.mean_loss.update_state(value, sample_weight=jnp.float32(examples))

    def _parts(self, y: Any, y_pred: Any, weight: Any) -> list[tuple[Any, Any, Any]]:
        """Targets, outputs and weights of each output."""
        outputs = self._built_for[0]
        leaves = jax.tree.leaves(y_pred)
        return list(zip(outputs.arrays(y), leaves, outputs.arrays(weight), strict=True))

    def results(self) -> dict[str, Any]:
        """The values of losses and metrics, from the sums so far."""
        found: dict[str, Any] = {}
        for name, metric in self._logged:
            value = metric.result()
            found.update(value if isinstance(value, dict) else {name: value})
        return found

    def reset(self) -> None:
        """Starts all sums anew."""
        for metric in self.all_metrics:
            metric.reset_state()


def metrics_mean(name: str) -> Any:
    """A mean that takes the name as it is, without counting it up."""
    return metrics.Mean(name=name)


def _named(goals: list[Goal]) -> list[tuple[str, Any]]:
    """Each metric with its name in the logs, which begins with that of its output."""
    taken: set[str] = {"loss"}
    named = []
    for goal in goals:
        for metric in goal.metrics:
            named.append((naming.unique(_labelled(goal, metric.name), taken), metric))
    for goal in goals:
        for metric in goal.weighted_metrics:
            name = _labelled(goal, metric.name)
            if name in taken:
                name = _labelled(goal, f"weighted_{metric.name}")
            named.append((naming.unique(name, taken), metric))
    return named


def _labelled(goal: Goal, name: str) -> str:
    return name if goal.output.label is None else f"{goal.output.label}_{name}"


def _as_losses(given: Any) -> Any:
    """The same structure with a `Loss` for each name and function."""
    if isinstance(given, Mapping) and "class_name" not in given:
        return {key: _as_losses(item) for key, item in given.items()}
    if isinstance(given, list | tuple):
        return [_as_losses(item) for item in given]
    loss = losses.get(given)
    if loss is None or isinstance(loss, losses.Loss):
        return loss
    name = given if isinstance(given, str) else getattr(loss, "__name__", "loss")
    return losses.LossFunctionWrapper(loss, name=name)


def _check_metric(identifier: Any) -> None:
    """Raises for a misspelt name at once, before any data are seen."""
    if not isinstance(identifier, str) or identifier.lower() in _BY_SHAPE:
        return
    own = (name.rpartition(">")[2] for name in registry.get_custom_objects())
    known = [*metrics.NAMES, *losses.NAMES, *own]
    if identifier not in known:
        raise unknown_name("metric", identifier, [*known, "accuracy", "crossentropy"])


# What these mean is read off the shapes of targets and outputs.
_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")


def _flat(given: Any) -> list[Any]:
    """A flat list of metrics, from lists in lists and dictionaries."""
    if given is None:
        return []
    if isinstance(given, Mapping) and "class_name" not in given:
        return _flat(list(given.values()))
    if not isinstance(given, list | tuple):
        return [given]
    return [inner for item in given for inner in _flat(item)]
