"""Data as chunks want it: one block that stays on the device, or block after block."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from myelin.training.data import Arrays, Stream, rows
from myelin.training.step import Batch

# Blocks from a stream hold about this many bytes: large enough to hide the call.
BLOCK_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Block:
    """Steps that share one piece of data on the device.

    Attributes:
        data: inputs, targets and weights.
        order: the rows in the order they are taken, int32.
        offset: where in `order` the first step begins.
        steps: how many steps there are.
        batch_size: rows a step.
    """

    data: Batch
    order: Any
    offset: int
    steps: int
    batch_size: int


class Resident:
    """Arrays that lie on the device for the whole run, in the type they came in.

    Args:
        arrays: all examples.
        batch_size: rows a step; the last step of an epoch takes what is left.
        steps: the most steps an epoch has; None for all.
    """

    def __init__(self, arrays: Arrays, batch_size: int, steps: int | None = None) -> None:
        self.n = len(arrays)
        self.data = arrays.on_device()
        self.batch_size = min(batch_size, self.n)
        available = -(-self.n // self.batch_size)
        self.steps: int | None = available if steps is None else min(steps, available)

    def epoch(self, order: np.ndarray | None) -> Iterator[Block]:
        """The blocks of one epoch: full batches, then the smaller last one."""
        if order is None:
            order = np.arange(self.n, dtype=np.int32)
        placed = jax.device_put(order)
        steps = self.steps or 0
        full = min(self.n // self.batch_size, steps)
        if full:
            yield Block(self.data, placed, 0, full, self.batch_size)
        left = self.n - full * self.batch_size
        if steps > full and left:
            yield Block(self.data, placed, full * self.batch_size, 1, left)


class Streamed:
    """Batches that come from the host while earlier ones train.

    Args:
        stream: gives batches; those of one size are put together to blocks.
        one_by_one: whether each block holds a single batch, for batch-level callbacks.
    """

    def __init__(self, stream: Stream, one_by_one: bool = False) -> None:
        self.stream = stream
        self.steps = stream.steps
        self.one_by_one = one_by_one

    def epoch(self, order: np.ndarray | None) -> Iterator[Block]:
        """The blocks of one epoch, in the stream's own order."""
        batches = self.stream.epoch()
        while (first := next(batches, None)) is not None:
            nbytes = sum(leaf.nbytes for leaf in jax.tree.leaves(first.batch))
            most = 1 if self.one_by_one else max(1, min(BLOCK_BYTES // max(nbytes, 1), 64))
            group, rest = _alike(first, batches, most)
            yield _stack(group)
            if rest is not None:
                batches = itertools.chain([rest], batches)


def _alike(
    first: Arrays, batches: Iterator[Arrays], most: int
) -> tuple[list[Arrays], Arrays | None]:
    """Up to `most` batches shaped like the first, and the one that ended the row, if any."""
    group = [first]
    while len(group) < most:
        following = next(batches, None)
        if following is None:
            return group, None
        if _signature(following) != _signature(first):
            return group, following
        group.append(following)
    return group, None


def _signature(arrays: Arrays) -> Any:
    return jax.tree.map(lambda a: (a.shape, str(a.dtype)), arrays.batch)


def _stack(group: list[Arrays]) -> Block:
    size = rows(group[0].x)
    parts = [arrays.batch for arrays in group]
    data = jax.tree.map(lambda *leaves: jax.device_put(np.concatenate(leaves)), *parts)
    order = np.arange(size * len(group), dtype=np.int32)
    return Block(data, order, 0, len(group), size)


def batches_of(arrays: Arrays, batch_size: int, order: np.ndarray) -> Iterator[Arrays]:
    """Batches taken on the host, for arrays that the device cannot hold."""
    for start in range(0, len(order), batch_size):
        yield arrays.take(order[start : start + batch_size])


def _as_is(batch: Arrays) -> Arrays:
    return batch


class HostFed(Streamed):
    """Arrays too large for the device, taken batch by batch in the epoch's order."""

    def __init__(
        self, arrays: Arrays, batch_size: int, steps: int | None, one_by_one: bool
    ) -> None:
        self.arrays, self.batch_size = arrays, batch_size
        available = -(-len(arrays) // batch_size)
        super().__init__(Stream((), _as_is, min(steps or available, available)), one_by_one)

    def epoch(self, order: np.ndarray | None) -> Iterator[Block]:
        """The blocks of one epoch."""
        rows = np.arange(len(self.arrays)) if order is None else order
        taken = rows[: (self.steps or 0) * self.batch_size]
        self.stream = Stream(batches_of(self.arrays, self.batch_size, taken), _as_is)
        return super().epoch(None)


def test_feed(data: Arrays | Stream, batch_size: int, steps: int | None) -> Resident | Streamed:
    """The feed that validation and `evaluate` go through, in the order of the rows."""
    if isinstance(data, Stream):
        data.steps = steps or data.steps
        return Streamed(data)
    if fits_on_device(data):
        return Resident(data, batch_size, steps)
    return HostFed(data, batch_size, steps, one_by_one=False)


def fits_on_device(arrays: Arrays) -> bool:
    """Whether the arrays may lie on the device whole: they take at most 60 % of its memory."""
    nbytes = sum(leaf.nbytes for leaf in jax.tree.leaves(arrays.batch))
    if any(isinstance(leaf, np.memmap) for leaf in jax.tree.leaves(arrays.batch)):
        return nbytes < 0.1 * device_bytes()
    return nbytes < 0.6 * device_bytes()


def device_bytes() -> float:
    """How much memory the device has, in bytes; an estimate where nothing says."""
    stats = jax.devices()[0].memory_stats() or {}
    if "bytes_limit" in stats:
        return float(stats["bytes_limit"])
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError, AttributeError):
        return 8 * 2.0**30
