"""Chunks: many steps as one compiled program, and how many steps make a chunk."""

from __future__ import annotations

import functools
import hashlib
import math
import os
import pathlib
import time
from typing import Any

import jax
from jax import lax

from myelin import variable
from myelin.training import debugging
from myelin.training.background import undisturbed
from myelin.training.nameless import Nameless
from myelin.training.recompiling import USUAL, Shapes
from myelin.training.step import Batch, Logs, State, Task

# A chunk that lasts this long lets the bar move several times a second and Ctrl-C answer.
SECONDS_A_CHUNK = 0.2


def train_chunk(
    task: Task,
    state: State,
    data: Batch,
    order: Any,
    offset: Any,
    first: Any,
    last: Any,
    *,
    batch_size: int,
) -> tuple[State, dict[str, Any]]:
    """Steps `first` up to `last` of an epoch.

    Args:
        task: the model, its objective and optimizer.
        state: see `step`; its buffers are donated.
        data: inputs, targets and weights of all examples, on the device.
        order: the examples' numbers in the order of this epoch, int32 `(n,)`.
        offset: where in `order` step 0 begins.
        first, last: the steps; traced, so every length of chunk is the same program.
        batch_size: examples a step.

    Returns:
        The state afterwards, and the metrics' values so far.
    """

    def body(index: Any, carried: tuple[State, Logs]) -> tuple[State, Logs]:
        rows = lax.dynamic_slice_in_dim(order, offset + index * batch_size, batch_size)
        batch = jax.tree.map(lambda a: a.at[rows].get(mode="promise_in_bounds"), data)
        return task.steps.train(task, carried[0], batch)

    state, logs = lax.fori_loop(first, last, body, (state, task.steps.blank_logs(training=True)))
    return state, {**_results(task, state), **logs}


def test_chunk(
    task: Task,
    metrics: dict[str, Any],
    state: State,
    data: Batch,
    offset: Any,
    first: Any,
    last: Any,
    *,
    batch_size: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Adds the batches `first` up to `last` to `metrics`; returns them and their values."""

    def body(index: Any, carried: tuple[Any, Logs]) -> tuple[Any, Logs]:
        start = offset + index * batch_size
        batch = jax.tree.map(lambda a: lax.dynamic_slice_in_dim(a, start, batch_size), data)
        after, logs = task.steps.test(task, {**state, "metrics": carried[0]}, batch)
        return dict(after["metrics"]), logs

    blank = task.steps.blank_logs(training=False)
    metrics, logs = lax.fori_loop(first, last, body, (metrics, blank))
    return metrics, {**_results(task, {"metrics": metrics}), **logs}


def predict_chunk(task: Task, state: State, x: Any, *, batch_size: int) -> Any:
    """The outputs for all rows of `x`, `batch_size` at a time; their number must divide evenly."""
    n = jax.tree.leaves(x)[0].shape[0]
    if n <= batch_size:
        return task.steps.predict(task, state, x)
    split = jax.tree.map(lambda a: a.reshape(-1, batch_size, *a.shape[1:]), x)
    outputs = lax.map(lambda batch: task.steps.predict(task, state, batch), split)
    return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), outputs)


def _results(task: Task, state: State) -> dict[str, Any]:
    with variable.bind(task.objective.variables, state["metrics"]):
        return task.objective.results()


class Programs:
    """The compiled forms of the three chunks for one task; jax keeps one for each shape.

    Args:
        task: the model, its objective and optimizer.
        eager: leaves them plain Python, which a debugger can step through.
    """

    def __init__(self, task: Task, eager: bool = False) -> None:
        use_compilation_cache()
        self.task = task
        self._revision = _revision(task)
        self.train = Program(train_chunk, "training", task, eager, lambda args: args[1])
        self.test = Program(test_chunk, "evaluate", task, eager, lambda args: args[2])
        self.predict = Program(predict_chunk, "predict", task, eager, lambda args: (args[1],))
        # For inputs of a kind that was seen before; see `Trainer.predict`.
        self.answers: dict[Any, Any] = {}
        # How many rows `predict` takes at a time where nobody says; None until that is asked.
        self.usual_rows: int | None = None

    def serve(self, variables: dict[str, Any], optimizer: Any) -> bool:
        """Whether they are still good: the same variables, and an optimizer set as it was."""
        task = self.task
        same = task.variables == variables and task.optimizer is optimizer
        return same and self._revision == _revision(task)


def _revision(task: Task) -> int:
    return getattr(task.optimizer, "revision", 0)


class Program:
    """A chunk, compiled for each shape of its data, or plain Python under `debug`.

    Args:
        chunk: the function, whose first argument is the task.
        kind: what it does, in a word.
        task: the model, its objective and optimizer.
        eager: always leaves it plain Python.
        data: finds the data among its arguments.

    The first argument of all but `predict` is donated, and comes back first.
    """

    def __init__(self, chunk: Any, kind: str, task: Task, eager: bool, data: Any) -> None:
        self._function = undisturbed(functools.partial(chunk, task))
        self._eager = eager
        self._data = data
        # `predict` pads rows to a few sizes.
        predicts = kind == "predict"
        self._shapes = Shapes(task.model.title, kind, math.inf if predicts else USUAL)
        donated = {} if predicts else {"donate_argnums": 0}
        self.compiled = Nameless(self._function, returns_first=not predicts, **donated)

    @property
    def is_eager(self) -> bool:
        """Whether it is plain Python now."""
        return self._eager or debugging.functions_run_eagerly()

    def __call__(self, *args: Any, batch_size: int) -> Any:
        """What the chunk gives."""
        if self.is_eager:
            with debugging.plain_python():
                return self._function(*args, batch_size=batch_size)
        self._shapes.see(self._data(args), batch_size)
        return self.compiled(*args, batch_size=batch_size)


class Pace:
    """How many steps the next chunk takes, from how long the last ones took."""

    def __init__(self, fixed: int | None = None) -> None:
        self.fixed = fixed
        self.seconds_a_step: float | None = None
        self._began = 0.0
        self._compiled = False

    def next(self, left: int) -> int:
        """Steps for the next chunk, out of `left`."""
        self._began = time.perf_counter()
        if self.fixed is not None:
            return min(self.fixed, left)
        if self.seconds_a_step is None:
            # The first call compiles, which says nothing about the pace; a short second one does.
            return min(1 if not self._compiled else 32, left)
        steps = max(1, int(SECONDS_A_CHUNK / max(self.seconds_a_step, 1e-9)))
        # A last chunk of a few steps would only add a call.
        return left if left < 1.3 * steps else steps

    def done(self, steps: int) -> None:
        """The chunk of `steps` has ended."""
        if not self._compiled:
            self._compiled = True
            return
        self.seconds_a_step = (time.perf_counter() - self._began) / steps


@functools.cache
def use_compilation_cache() -> None:
    """Keeps compiled programs on disk, readable by this user only, unless jax has a folder set.

    A program compiled for one processor may not run on another, so each has a folder. Set
    `MYELIN_COMPILATION_CACHE` to another folder, or to nothing to keep no programs.
    """
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    root = os.environ.get("MYELIN_COMPILATION_CACHE", "~/.cache/myelin/compiled")
    if not root:
        return
    folder = pathlib.Path(root).expanduser() / _processor()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if folder.stat().st_uid != os.getuid():
            return
    except (OSError, AttributeError):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def _processor() -> str:
    """A short name for this kind of processor and this jax."""
    described = [jax.__version__, str(os.cpu_count())]
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        described += [line for line in text.split("\n\n")[0].splitlines()
                      if line.startswith(("model name", "flags"))]  # fmt: skip
    except OSError:
        described += list(os.uname())
    return hashlib.sha256("\n".join(described).encode()).hexdigest()[:16]
