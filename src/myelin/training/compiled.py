"""`Compiled`: what a layer is trained with, and the whole state of its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from myelin import losses, optimizers, registry
from myelin.callbacks.whole_state import Place
from myelin.errors import NotCompiledError
from myelin.layers.base import Layer
from myelin.metrics.base import Metric, parts
from myelin.placing import owned
from myelin.training import honesty
from myelin.training.live import LiveState
from myelin.training.loop import Programs
from myelin.training.objective import Objective


class Compiled(Layer):
    """A layer that knows its optimizer, loss and metrics.

    Attributes:
        optimizer: the optimizer, or None before `compile`.
        stop_training: set by a callback to end `fit` after the chunk.
        interrupted: whether Ctrl-C ends the present `fit` after the chunk.
        resume_from: where a callback wants `fit` to go on.
        identify_run: tells a callback what must be the same in a `fit` that goes on.
        history: the `History` of the last `fit`, or None.
        takes_one_array: whether its inputs are a single array even before it says so, and a list
            thus holds rows.
    """

    takes_one_array = False

    optimizer: Any = None
    history: Any = None
    stop_training = False
    interrupted = False
    resume_from = Place()
    identify_run: Callable[[], dict[str, Any]] | None = None
    run_eagerly = False
    _objective: Objective | None = None
    _compiled_with: dict[str, Any] | None = None
    _programs: Programs | None = None
    _chosen_on: honesty.Chosen | None = None
    _live: LiveState | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says what to reach, how, and what to read on the way.

        Args:
            optimizer: a name, an `Optimizer`, or any optax transformation.
            loss: a name, a function `(y_true, y_pred) -> values`, or a `Loss`; for several
                outputs one for all, a list with one for each, or a dictionary by output name,
                which may leave outputs out.
            loss_weights: a factor of the loss; for several outputs a list or a dictionary.
            metrics: names, functions or `Metric`s; `"accuracy"` is read off the shapes. For
                several outputs a list of such lists, or a dictionary by output name.
            weighted_metrics: the same, with sample and class weights.
            run_eagerly: runs each step as plain Python, for a debugger; see also `myelin.debug`.
            steps_per_execution, jit_compile: accepted for Keras's sake; the epoch is one compiled
                program in any case.
            auto_scale_loss: whether a model of the policy "mixed_float16" has its optimizer
                wrapped in a `LossScaleOptimizer`.

        Raises:
            UnknownNameError: no optimizer, loss or metric goes by that name.
        """
        given = self.optimizer = optimizers.get(optimizer)
        scaled = given is None or isinstance(given, optimizers.LossScaleOptimizer)
        if auto_scale_loss and self.dtype_policy.name == "mixed_float16" and not scaled:
            self.optimizer = optimizers.LossScaleOptimizer(given, name="loss_scale_optimizer")
        self._objective = Objective(loss, loss_weights, metrics, weighted_metrics)
        self.run_eagerly = run_eagerly
        self.loss = loss
        self._compiled_with = {
            "optimizer": given,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self._programs = None

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._objective is not None

    def compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` as plain JSON values, or None."""
        if self._compiled_with is None:
            return None
        return {name: registry.serialize(value) for name, value in self._compiled_with.items()}

    get_compile_config = compile_config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles with what `compile_config` gave."""
        parts = {"optimizer": optimizers, "loss": losses}
        arguments = {}
        for name, value in config.items():
            if name in parts and isinstance(value, dict) and "class_name" in value:
                arguments[name] = parts[name].deserialize(value)
            else:
                arguments[name] = registry.deserialize(value)
        self.compile(**arguments)

    @property
    def metrics(self) -> list[Any]:
        """The mean loss, metrics in the attributes of the model and its layers, those compiled."""
        compiled = self._objective.all_metrics if self._objective else []
        return [*compiled[:1], *self.held_metrics(), *compiled[1:]]

    def held_metrics(self) -> list[Any]:
        """The metrics in the attributes of this model and of the layers inside it."""
        found: dict[int, Any] = {}
        for layer in self.all_layers():
            held = {k: v for k, v in vars(layer).items() if not k.startswith("_")}
            for part in parts(held):
                if isinstance(part, Metric):
                    found.setdefault(id(part), part)
        return list(found.values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        compiled = self._objective.names if self._objective else []
        return [*compiled[:1], *(metric.name for metric in self.held_metrics()), *compiled[1:]]

    def reset_metrics(self) -> None:
        """Starts all metrics' sums anew."""
        for metric in self.metrics:
            metric.reset_state()

    # The whole state, for checkpoints and for what keeps the best.

    def snapshot(self) -> dict[str, Any]:
        """Copies of all weights, on the device, or in NumPy where those of members are."""
        variables = self.name_variables("", set())
        return {
            path: v._value.copy() if isinstance(v._value, np.ndarray) else owned(v._value)
            for path, v in variables.items()
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Puts back what `snapshot` copied; the snapshot stays good."""
        for path, variable in self.name_variables("", set()).items():
            variable._value = owned(snapshot[path])

    def live_state(self) -> dict[str, Any]:
        """Weights, optimizer, metrics, key and step as they are: the next chunk takes them away."""
        live = self._live
        if live is None:
            self._require_compiled("training_state")
            assert self._programs is not None
            live = LiveState(self._programs.task)
        return live.gather()

    def training_state(self) -> dict[str, Any]:
        """Weights, optimizer, metrics, key and step, as one tree of NumPy arrays."""
        return jax.tree.map(np.array, self.live_state())

    def set_training_state(self, state: dict[str, Any]) -> None:
        """Puts back what `training_state` gave, to go on to the same bits."""
        live = self._live
        if live is None:
            raise NotCompiledError("set_training_state wants a model that has begun to train")
        live.scatter(jax.tree.map(lambda a: jax.numpy.array(a), state))

    def _require_compiled(self, method: str) -> Objective:
        if self._objective is None:
            raise NotCompiledError(
                f'{self.title} is not compiled: call compile(optimizer="adam", loss=…) '
                f"before {method}"
            )
        return self._objective
