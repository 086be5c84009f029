"""`Overridable`: the methods of a model that a subclass may write itself, in Keras's forms.

Where a subclass has none of them, `fit` takes the steps of `step.py`, and nothing here is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.layers.context import call_context
from myelin.layers.stateless import bound_lists
from myelin.tape import GradientTape
from myelin.training.compiled import Compiled
from myelin.training.data import rows
from myelin.training.objective import Objective
from myelin.training.outputs import Outputs
from myelin.utils.packing import unpack_x_y_sample_weight
from myelin.variable import Variable


class Overridable(Compiled):
    """A layer whose steps can be replaced.

    Two forms of a step are heard. `train_step(self, data)` reads and assigns variables, and takes
    gradients with `GradientTape`; it returns `{name: value}`. `train_step(self, state, data)` is
    Keras's form for JAX, a function of arrays: `state` is `(trainable_variables,
    non_trainable_variables, optimizer_variables, metrics_variables)`, and it returns
    `(logs, state)`. Both are compiled into the epoch like any other step.
    """

    def train_step(self, data: Any) -> dict[str, Any]:
        """Takes one gradient step.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)` of a batch.

        Returns:
            Loss and metrics by name.
        """
        x, y, weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self._loss_of(x, y, y_pred, weight, training=True)
            scaled = self.optimizer.scale_loss(loss)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, weights), weights)
        return self._measured(x, y, y_pred, weight, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Judges one batch, in inference mode; takes and returns what `train_step` does."""
        x, y, weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self._loss_of(x, y, y_pred, weight, training=False)
        return self._measured(x, y, y_pred, weight, loss)

    def predict_step(self, data: Any) -> Any:
        """The outputs for one batch, in inference mode."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)

    def _loss_of(self, x: Any, y: Any, y_pred: Any, weight: Any, training: bool) -> Any:
        """What `compute_loss` gives, which may have been written before it took `training`."""
        takes = inspect.signature(self.compute_loss).parameters.values()
        knows = any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in takes)
        extra = {"training": training} if knows else {}
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight, **extra)

    def _measured(self, x: Any, y: Any, y_pred: Any, weight: Any, loss: Any) -> dict[str, Any]:
        """The logs with a batch added to the mean loss and to the metrics."""
        tracker = self._require_compiled("train_step").loss_tracker
        tracker.update_state(loss, sample_weight=jnp.float32(rows(x)))
        return self.compute_metrics(x, y, y_pred, weight)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The loss of a batch: the compiled losses, what layers added, and regularizers.

        Args:
            x, y, sample_weight: of the batch.
            y_pred: the model's outputs for it.
            training: whether the step trains.
        """
        objective, y = self._objective_for(y, y_pred)
        loss = objective.total(objective.losses(y, y_pred, sample_weight))
        for penalty in self.losses:
            loss = loss + jnp.sum(penalty)
        return loss

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Adds a batch to the compiled metrics; returns the values of all metrics by name."""
        objective, y = self._objective_for(y, y_pred)
        objective.measure_goals(y, y_pred, sample_weight, rows(y_pred))
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The values of `metrics`, by name."""
        objective = self._require_compiled("get_metrics_result")
        found = objective.results()
        for metric in self.held_metrics():
            value = metric.result()
            found.update(value if isinstance(value, dict) else {metric.name: value})
        return found

    def _objective_for(self, y: Any, y_pred: Any) -> tuple[Objective, Any]:
        """The objective, resolved for outputs and targets like these, and the targets for it."""
        objective = self._require_compiled("compute_loss")
        shapes = jax.tree.map(lambda leaf: (None, *leaf.shape[1:]), y_pred)
        outputs = Outputs(shapes, getattr(self, "output_names", None))
        if y is not None and not outputs.sole:
            y = tuple(outputs.spread(y, "y"))
        objective.build(outputs, outputs.arrays(y), rows(y_pred))
        return objective, y

    # As functions of arrays.

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`, in order."""
        return [own for metric in self.metrics for own in metric.variables]

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """`compute_loss` for these values; returns the loss and the three lists afterwards."""
        state = [
            (self.trainable_variables, trainable_variables),
            (self.non_trainable_variables, non_trainable_variables),
            (self.metrics_variables, metrics_variables),
        ]
        with bound_lists(self.title, state) as after:
            loss = self._loss_of(x, y, y_pred, sample_weight, training)
        return loss, tuple(after)

    def compute_loss_and_updates(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: Any = None,
    ) -> Any:
        """The loss of a batch as a function of arrays, for `jax.value_and_grad(…, has_aux=True)`.

        Returns:
            `(loss, (unscaled_loss, y_pred, non_trainable_variables, metrics_variables))`.
        """
        state = [
            (self.trainable_variables, trainable_variables),
            (self.non_trainable_variables, non_trainable_variables),
            (self.metrics_variables, metrics_variables),
        ]
        with bound_lists(self.title, state) as after, call_context(training):
            y_pred = self(x, training=training)
            unscaled = self._loss_of(x, y, y_pred, sample_weight, training)
        _, others, metrics = after
        loss = self.optimizer.scale_loss(unscaled) if training and self.optimizer else unscaled
        return loss, (unscaled, y_pred, others, metrics)
