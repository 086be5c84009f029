"""What a model is compiled for: a loss to reach, and metrics to read on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from myelin import losses, metrics, naming, registry
from myelin.errors import InputError, unknown_name
from myelin.variable import Variable


class Objective:
    """A loss and metrics, resolved once the shapes of targets and outputs are known.

    Args:
        loss: a name, function or `Loss`; None where only `add_loss` and regularizers count.
        loss_weights: a factor for the loss, or None.
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
        self.loss_fn = _single(_as_loss, loss, "loss")
        self.loss_weight = float(_first(loss_weights, 1.0))
        self.given = [(m, False) for m in _flat(metrics)]
        self.given += [(m, True) for m in _flat(weighted_metrics)]
        for identifier, _ in self.given:
            _check_metric(identifier)
        self.metrics: list[tuple[Any, bool]] = []
        self.loss_tracker = metrics_mean("loss")
        self.variables: dict[str, Variable] = {}
        self.built = False

    def build(self, y: Any, y_pred: Any) -> None:
        """Chooses what `"accuracy"` means here, and lists the metrics' variables.

        Args:
            y: the targets, or an object with their `shape` and `dtype`; None for none.
            y_pred: the same of the outputs.
        """
        if self.built:
            return
        if y is not None:
            self.metrics = [(metrics.resolve_for(m, y, y_pred), w) for m, w in self.given]
        taken: set[str] = {"loss"}
        for metric, _ in self.metrics:
            metric.name = naming.unique(metric.name, taken)
        for metric in self.all_metrics:
            paths: set[str] = set()
            for own in metric.variables:
                path = naming.unique(f"{metric.name}/{own.name}", paths)
                self.variables[path] = own
        self.built = True

    @property
    def all_metrics(self) -> list[Any]:
        """The mean loss, then the metrics in the order they were given."""
        return [self.loss_tracker, *(metric for metric, _ in self.metrics)]

    @property
    def names(self) -> list[str]:
        """The names of `all_metrics`."""
        return [metric.name for metric in self.all_metrics]

    def loss(self, y: Any, y_pred: Any, weight: Any) -> Any:
        """The loss of a batch, without penalties."""
        if self.loss_fn is None or y is None:
            return jnp.zeros((), jnp.float32)
        loss = self.loss_fn(y, y_pred, sample_weight=weight)
        return loss if self.loss_weight == 1.0 else loss * self.loss_weight

    def measure(self, y: Any, y_pred: Any, weight: Any, loss: Any, examples: int) -> None:
        """Adds a batch to the sums of loss and metrics."""
        self.loss_tracker.update_state(loss, sample_weight=jnp.float32(examples))
        for metric, weighted in self.metrics:
            if weighted and weight is not None:
                metric.update_state(y, y_pred, sample_weight=weight)
            else:
                metric.update_state(y, y_pred)

    def results(self) -> dict[str, Any]:
        """The values of loss and metrics, from the sums so far."""
        found: dict[str, Any] = {}
        for metric in self.all_metrics:
            value = metric.result()
            found.update(value if isinstance(value, dict) else {metric.name: value})
        return found

    def reset(self) -> None:
        """Starts all sums anew."""
        for metric in self.all_metrics:
            metric.reset_state()


def metrics_mean(name: str) -> Any:
    """A mean that takes the name as it is, without counting it up."""
    return metrics.Mean(name=name)


def _as_loss(identifier: Any) -> Any:
    loss = losses.get(identifier)
    if loss is None or isinstance(loss, losses.Loss):
        return loss
    return losses.LossFunctionWrapper(loss, name=getattr(loss, "__name__", "loss"))


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
    """A flat list of metrics, from the nested forms that one output allows."""
    if given is None:
        return []
    if isinstance(given, dict):
        given = list(given.values())
    if not isinstance(given, list | tuple):
        return [given]
    return [inner for item in given for inner in (_flat(item) if _nested(item) else [item])]


def _nested(item: Any) -> bool:
    return isinstance(item, list | tuple)


def _single(make: Any, given: Any, what: str) -> Any:
    if isinstance(given, dict) and "class_name" not in given:
        given = list(given.values())
    if isinstance(given, list | tuple):
        if len(given) != 1:
            raise InputError(f"{what}: wants one for the one output, got {len(given)}")
        given = given[0]
    return make(given)


def _first(given: Any, default: float) -> float:
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, Sequence):
        given = given[0] if given else None
    return default if given is None else given
