"""The model's own variables and the one tree of arrays that compiled steps pass along."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin import random
from myelin.training.step import State, Task


class LiveState:
    """Moves values between a task's variables and the `state` of its steps.

    The variables are the truth wherever Python runs: a callback that edits weights or the
    learning rate between two chunks is seen by the next one. Moving is a matter of pointers.

    Args:
        task: the model, objective and optimizer.
        seed: of this run; drawn from the program's sequence when None.
    """

    def __init__(self, task: Task, seed: int | None = None) -> None:
        self.task = task
        seed = random.next_seed() if seed is None else seed
        self.key: Any = np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32)
        self.step: Any = np.int32(0)
        self.halted: Any = np.bool_(False)

    def gather(self) -> State:
        """The state as the variables have it now."""
        task = self.task
        reached = {id(v) for v in task.model.trainable_variables}
        trainable = {p: v._value for p, v in task.variables.items() if id(v) in reached}
        return {
            "trainable": trainable,
            "other": {p: v._value for p, v in task.variables.items() if p not in trainable},
            "optimizer": self._optimizer_state(trainable),
            "metrics": {p: v._value for p, v in task.objective.variables.items()},
            "key": self.key,
            "step": self.step,
            "halted": self.halted,
        }

    def _optimizer_state(self, trainable: dict[str, Any]) -> Any:
        optimizer = self.task.optimizer
        if optimizer is None:
            return {}
        optimizer.serve([self.task.variables[path] for path in trainable])
        return optimizer.state

    def scatter(self, state: State) -> None:
        """Puts a state back into the variables."""
        task = self.task
        for part in ("trainable", "other"):
            for path, value in state[part].items():
                task.variables[path]._value = value
        for path, value in state["metrics"].items():
            task.objective.variables[path]._value = value
        if task.optimizer is not None:
            task.optimizer.state = state["optimizer"]
        self.key, self.step, self.halted = state["key"], state["step"], state["halted"]
