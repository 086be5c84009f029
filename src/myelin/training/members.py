"""Members: models of one architecture that train as one program, each on rows of its own.

k folds, an ensemble, a sweep over numbers: every array of the state has a leading axis, an entry
for each member, and a step is `vmap` of the step of one. The data lie on the device once, whoever
takes which rows of them.

    order       int32 (members, width)   the rows of the data that each member takes, in its order
    steps       int32 (members,)         how many steps of `order` are a member's own; it is held
                                         after those, and all the time where there are none
    own_weight  (members, rows) or None  weights of the rows that differ between members
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from myelin import variable
from myelin.placing import owned
from myelin.training.loop import use_compilation_cache
from myelin.training.nameless import Nameless
from myelin.training.step import Batch, Logs, State, Steps, Task, advance, differentiate, is_finite

# The axis of a mesh of devices along which members lie.
_MEMBERS = "members"


def train_step(
    task: Task, states: State, logs: Logs, batch: Batch, moving: Any
) -> tuple[State, Logs]:
    """One gradient step of every member that is `moving`; the others stay as they are."""
    if type(task.steps) is not Steps:
        after = jax.vmap(partial(task.steps.train, task))(states, batch)
        moved: tuple[State, Logs] = _where(moving & ~states["halted"], after, (states, logs))
        return moved
    found = jax.vmap(partial(differentiate, task))(states, batch)
    fine = jax.vmap(partial(is_finite, task))(found)
    moves = moving & fine & ~states["halted"]

    def all_move() -> State:
        return jax.vmap(partial(advance, task))(states, batch, found)

    def some_move() -> State:
        return _where(moves, all_move(), states)

    # As long as all move, which is nearly always, no state is copied to choose from.
    after = lax.cond(jnp.all(moves), all_move, some_move)
    return {**after, "halted": states["halted"] | (moving & ~fine)}, logs


def train_chunk(
    task: Task, states: State, data: Batch, own_weight: Any, order: Any, steps: Any,
    first: Any, last: Any, *, batch_size: int,
) -> tuple[State, dict[str, Any]]:  # fmt: skip
    """Steps `first` up to `last` of an epoch; `loop.train_chunk` with members.

    Returns:
        The states afterwards, and the metrics' values so far, `{name: (members,)}`.
    """

    def body(index: Any, carried: tuple[State, Logs]) -> tuple[State, Logs]:
        batch = _batch(data, own_weight, order, index, batch_size)
        return train_step(task, *carried, batch, index < steps)

    blank = _for_each(task.steps.blank_logs(training=True), order)
    states, logs = lax.fori_loop(first, last, body, (states, blank))
    return states, {**_results(task, states["metrics"]), **logs}


def test_chunk(
    task: Task, metrics: dict[str, Any], states: State, data: Batch, order: Any, steps: Any,
    first: Any, last: Any, *, batch_size: int,
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """Adds the batches `first` up to `last` to `metrics`; `loop.test_chunk` with members."""

    def body(index: Any, carried: tuple[Any, Logs]) -> tuple[Any, Logs]:
        batch = _batch(data, None, order, index, batch_size)
        here = {**states, "metrics": carried[0]}
        after, logs = jax.vmap(partial(task.steps.test, task))(here, batch)
        chosen: tuple[Any, Logs] = _where(index < steps, (after["metrics"], logs), carried)
        return chosen

    blank = _for_each(task.steps.blank_logs(training=False), order)
    metrics, logs = lax.fori_loop(first, last, body, (metrics, blank))
    return metrics, {**_results(task, metrics), **logs}


def predict_chunk(task: Task, states: State, x: Any, order: Any, *, batch_size: int) -> Any:
    """The outputs of each member for the rows of `x` in its `order`, `(members, width, …)`."""

    def outputs(index: Any) -> Any:
        rows = lax.dynamic_slice_in_dim(order, index * batch_size, batch_size, axis=1)
        return jax.vmap(partial(task.steps.predict, task))(states, _rows(x, rows))

    steps = order.shape[1] // batch_size
    each = lax.map(outputs, jnp.arange(steps))
    return jax.tree.map(lambda a: jnp.moveaxis(a, 0, 1).reshape(order.shape + a.shape[3:]), each)


def _batch(data: Batch, own_weight: Any, order: Any, index: Any, batch_size: int) -> Batch:
    rows = lax.dynamic_slice_in_dim(order, index * batch_size, batch_size, axis=1)
    x, y, weight = _rows(data, rows)
    if own_weight is not None:
        weight = jnp.take_along_axis(own_weight, rows, axis=1)
    return x, y, weight


def _rows(tree: Any, rows: Any) -> Any:
    return jax.tree.map(lambda a: a.at[rows].get(mode="promise_in_bounds"), tree)


def _where(chosen: Any, new: Any, old: Any) -> Any:
    """The entries of `new` for the chosen members, else those of `old`."""

    def choose(a: Any, b: Any) -> Any:
        return jnp.where(chosen.reshape(-1, *[1] * (a.ndim - 1)), a, b)

    return jax.tree.map(choose, new, old)


def _for_each(logs: Logs, order: Any) -> Logs:
    """Logs with a leading axis, an entry for each member."""
    return jax.tree.map(lambda a: jnp.broadcast_to(a, (order.shape[0], *a.shape)), logs)


def _results(task: Task, metrics: dict[str, Any]) -> dict[str, Any]:
    def of_one(sums: dict[str, Any]) -> dict[str, Any]:
        with variable.bind(task.objective.variables, sums):
            return task.objective.results()

    return jax.vmap(of_one)(metrics)


class Programs:
    """The compiled forms of the three chunks for one task with members.

    Args:
        task: what a member computes.
        devices: to spread the members over, each with as many as any other and all of the data.
            Nothing passes between devices, so each member computes what it would on one alone.
    """

    def __init__(self, task: Task, devices: Sequence[Any] = ()) -> None:
        use_compilation_cache()
        self.task = task
        self._mesh = Mesh(np.array(devices), (_MEMBERS,)) if len(devices) > 1 else None
        own, common = PartitionSpec(_MEMBERS), PartitionSpec()
        ends = (common, common)
        train, test = (own, common, own, own, own, *ends), (own, own, common, own, own, *ends)
        self.train = Nameless(self._on_devices(train_chunk, train), True, donate_argnums=0)
        self.test = Nameless(self._on_devices(test_chunk, test), True, donate_argnums=0)
        self.predict = Nameless(self._on_devices(predict_chunk, (own, common, own)), False)

    def place(self, data: Any) -> Any:
        """The data, which every member may look at, on every device."""
        if self._mesh is None:
            return jax.device_put(data)
        return jax.device_put(data, NamedSharding(self._mesh, PartitionSpec()))

    def _on_devices(self, chunk: Any, specs: tuple[Any, ...]) -> Any:
        def compute(*operands: Any, batch_size: int) -> Any:
            own = partial(chunk, self.task, batch_size=batch_size)
            if self._mesh is None:
                return own(*operands)
            return jax.shard_map(
                own, mesh=self._mesh, in_specs=specs, out_specs=PartitionSpec(_MEMBERS),
                check_vma=False,
            )(*operands)  # fmt: skip

        return compute


@dataclass(frozen=True)
class Block:
    """Steps of one size that the members take together.

    Attributes:
        order, steps: see above, on the device.
        most: the most steps that any member has.
        batch_size: rows a step.
    """

    order: Any
    steps: Any
    most: int
    batch_size: int


def blocks(rows: list[np.ndarray], batch_size: int) -> Iterator[Block]:
    """Cuts each member's rows into full batches, and the smaller last ones by their size.

    Every member takes exactly the batches that it would take alone, so nothing is filled up with
    rows that do not count: layers that look at a whole batch see a true one.

    Args:
        rows: for each member the numbers of its rows, in the order it takes them.
        batch_size: rows a step.
    """
    full = [len(own) // batch_size for own in rows]
    if any(full):
        yield _block([own[: n * batch_size] for own, n in zip(rows, full, strict=True)], batch_size)
    left = [own[n * batch_size :] for own, n in zip(rows, full, strict=True)]
    for size in sorted({len(own) for own in left} - {0}):
        yield _block([own if len(own) == size else own[:0] for own in left], size)


def _block(rows: list[np.ndarray], batch_size: int) -> Block:
    order = padded_rows(rows)
    steps = np.array([len(own) // batch_size for own in rows], np.int32)
    return Block(jax.device_put(order), steps, int(steps.max()), batch_size)


def padded_rows(rows: list[np.ndarray], multiple: int = 1) -> np.ndarray:
    """Row numbers as one array `(members, width)`, filled up with row 0."""
    width = -(-max(map(len, rows)) // multiple) * multiple
    order = np.zeros((len(rows), width), np.int32)
    for own, line in zip(rows, order, strict=True):
        line[: len(own)] = own
    return order


def stacked(trees: list[Any]) -> Any:
    """One tree with a leading axis, an entry for each of the trees."""
    return jax.tree.map(lambda *leaves: owned(np.stack(leaves)), *trees)


def taken_apart(states: Any, members: int) -> list[Any]:
    """The trees that `stacked` would put together again, as views of NumPy's into a copy."""
    leaves, structure = jax.tree.flatten(states)
    # A copy, since the program may write over the buffers that NumPy would look into.
    host = [np.array(leaf) for leaf in leaves]
    return [
        jax.tree.unflatten(structure, [leaf[index] for leaf in host]) for index in range(members)
    ]
