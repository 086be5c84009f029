"""`Preparing`: from a compiled model and data to the programs that train, judge or predict."""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np

from myelin.training import checks
from myelin.training.data import Arrays, Stream
from myelin.training.loop import Programs
from myelin.training.objective import Objective
from myelin.training.outputs import Outputs
from myelin.training.overridable import Overridable
from myelin.training.own import has_own_steps, own_task
from myelin.training.reading import Reader
from myelin.training.step import Task


class Preparing(Overridable):
    """Builds what is not built, checks the targets, and keeps the programs between calls."""

    def outputs_for(self, x: Any) -> Outputs:
        """The outputs for inputs of these shapes; builds the model where it is not built."""
        shapes = jax.tree.map(lambda a: (None, *a.shape[1:]), x)
        if not self.built:
            self._build_for(shapes)
        checks.ready(self)
        return Outputs(self.compute_output_shape(shapes), getattr(self, "output_names", None))

    @property
    def has_own_steps(self) -> bool:
        """Whether a subclass wrote part of its steps itself; see `Overridable`."""
        return has_own_steps(self)

    def _prepare(
        self,
        reader: Reader,
        data: Arrays | Stream,
        batch_size: int | None = None,
        training: bool = True,
    ) -> Programs:
        """Checks the targets, and compiles nothing yet."""
        objective = self._require_compiled("fit")
        sample = data
        if isinstance(data, Stream):
            sample, data.batches = data.peek()
        assert isinstance(sample, Arrays)
        if self.has_own_steps:
            return self._prepare_own(sample.rows(0, batch_size or 32), training)
        outputs = reader.outputs
        y = outputs.arrays(sample.y)
        for output, loss, own in zip(outputs.all, objective.losses_of(outputs), y, strict=True):
            called = "y" if outputs.sole else f'y["{output.name}"]'
            checks.targets(loss, own, output.shape, called)
        objective.build(outputs, y, len(sample))
        variables = self.name_variables("", set())
        if self._programs is None or not self._programs.serve(variables, self.optimizer):
            self._programs = self._make_programs(variables, objective)
        return self._programs

    def _prepare_own(self, batch: Arrays, training: bool) -> Programs:
        """Rehearses a step that a subclass wrote, unless that was done already."""
        before = self._programs.task if self._programs is not None else None
        task = own_task(self, batch.batch, training, before)
        if self._programs is None or task is not before:
            self._programs = Programs(task, self.run_eagerly)
        return self._programs

    def _make_programs(self, variables: dict[str, Any], objective: Objective) -> Programs:
        return Programs(Task(self, variables, objective, self.optimizer), self.run_eagerly)

    def usual_rows(self) -> int:
        """How many examples `predict` takes at a time where nobody says."""
        return 32

    def _predicting(self, x: Any) -> Programs:
        if not self.built:
            self._build_for(jax.tree.map(lambda leaf: (None, *leaf.shape[1:]), x))
        if self._programs is None:
            checks.ready(self)
            variables = self.name_variables("", set())
            self._programs = self._make_programs(variables, self._objective or Objective())
        return self._programs

    @staticmethod
    def _weights_state(values: dict[str, Any]) -> dict[str, Any]:
        return {"trainable": values, "other": {}, **_before_any_step()}


@functools.cache
def _before_any_step() -> dict[str, Any]:
    """A key and a step, on the device already: taking them there costs more than a small model."""
    return jax.device_put({"key": np.zeros(2, np.uint32), "step": np.int32(0)})
