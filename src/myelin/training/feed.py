"""Data as chunks want it: one block that stays on the device, or block after block."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from myelin.training.background import ahead
from myelin.training.buffers import Buffer, Ring, signature
from myelin.training.data import Arrays, Stream
from myelin.training.datasets import OrderedArrays
from myelin.training.step import Batch

Blocks = Generator["Block", None, None]

# An array on disk of less than this share of the device's memory is loaded whole.
LARGEST_MAPPED = 0.1
# A block is closed early where batches are slow to come, so that the bar moves.
SECONDS_A_BLOCK = 0.2


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

    def pass_over(self, epochs: int, steps: int) -> None:
        """Takes the epochs before as run: so many, of so many steps in all."""

    def epoch(self, order: np.ndarray | None, skip: int = 0) -> Blocks:
        """The blocks of one epoch: full batches, then the smaller last one.

        Args:
            order: of the rows; None takes them as they lie.
            skip: how many steps are left out, because they were taken before.
        """
        if order is None:
            order = np.arange(self.n, dtype=np.int32)
        placed = jax.device_put(order)
        steps = self.steps or 0
        full = min(len(order) // self.batch_size, steps)
        if full > skip:
            yield Block(self.data, placed, skip * self.batch_size, full - skip, self.batch_size)
        left = len(order) - full * self.batch_size
        if steps > max(full, skip) and left:
            yield Block(self.data, placed, full * self.batch_size, 1, left)


class Ordered(Resident):
    """Arrays on the device, taken in the order that a data set gives them.

    Args:
        arrays: all examples, and that order.
        steps: how many an epoch has; None for a pass.
    """

    def __init__(self, arrays: OrderedArrays, steps: int | None) -> None:
        super().__init__(arrays, arrays.plan.batch_size)
        self.batch_size = arrays.plan.batch_size
        self.steps = arrays.steps(steps)
        self._orders = arrays.orders(steps)

    def pass_over(self, epochs: int, steps: int) -> None:
        """Draws the orders of the epochs before."""
        for _ in range(epochs):
            next(self._orders)

    def epoch(self, order: np.ndarray | None, skip: int = 0) -> Blocks:
        """The blocks of the next epoch."""
        yield from super().epoch(next(self._orders), skip)


class Streamed:
    """Batches that come from the host while earlier ones train.

    Args:
        stream: gives batches; those of one size are put together to blocks.
        one_by_one: whether each block holds a single batch, for batch-level callbacks.
        beside: whether they are made in a thread of their own.
    """

    def __init__(self, stream: Stream, one_by_one: bool = False, beside: bool = True) -> None:
        self.stream = stream
        self.steps = stream.steps
        self.one_by_one = one_by_one
        self.beside = beside
        # One block trains, one waits, and one is filled.
        self._ring = Ring(3)

    def pass_over(self, epochs: int, steps: int) -> None:
        """Has the stream pass over what was taken before; see `Stream.pass_over`."""
        self.stream.pass_over(epochs, steps)

    def epoch(self, order: np.ndarray | None, skip: int = 0) -> Blocks:
        """The blocks of one epoch, in the stream's own order, without the first `skip` steps."""
        blocks = self._blocks(order, skip)
        yield from ahead(blocks) if self.beside else blocks

    def _blocks(self, order: np.ndarray | None, skip: int) -> Blocks:
        buffer: Buffer | None = None
        began = time.perf_counter()
        for arrays in self.stream.epoch(skip):
            if buffer is not None and signature(arrays.batch) != buffer.signature:
                yield _block(buffer)
                buffer = None
            if buffer is None:
                most = 1 if self.one_by_one else self.steps
                buffer = self._ring.next(arrays.batch, most)
            buffer.add(arrays.batch)
            if buffer.full or time.perf_counter() - began > SECONDS_A_BLOCK:
                yield _block(buffer)
                buffer, began = None, time.perf_counter()
        if buffer is not None:
            yield _block(buffer)


def _block(buffer: Buffer) -> Block:
    data, order = buffer.on_device()
    return Block(data, order, 0, buffer.filled, buffer.batch_size)


class HostFed(Streamed):
    """Arrays too large for the device, taken block by block in the epoch's order.

    Of arrays on disk no more than a block is in memory at a time.
    """

    def __init__(
        self, arrays: Arrays, batch_size: int, steps: int | None, one_by_one: bool
    ) -> None:
        self.arrays, self.batch_size = arrays, min(batch_size, len(arrays))
        available = -(-len(arrays) // self.batch_size)
        super().__init__(Stream((), _as_is, min(steps or available, available)), one_by_one)

    def pass_over(self, epochs: int, steps: int) -> None:
        """Does nothing: an epoch's order is told."""

    def _blocks(self, order: np.ndarray | None, skip: int) -> Blocks:
        rows = np.arange(len(self.arrays)) if order is None else order
        size, steps = self.batch_size, self.steps or 0
        full = min(len(rows) // size, steps)
        step = skip
        while step < full:
            buffer = self._ring.next(
                self.arrays.batch, 1 if self.one_by_one else full, batch_size=size
            )
            count = min(buffer.capacity, full - step)
            buffer.gather(self.arrays.batch, rows[step * size : (step + count) * size], count)
            yield _block(buffer)
            step += count
        left = rows[full * size : (full + 1) * size]
        if steps > max(full, skip) and len(left):
            buffer = self._ring.next(self.arrays.batch, 1, batch_size=len(left))
            buffer.gather(self.arrays.batch, left, 1)
            yield _block(buffer)


def _as_is(batch: Arrays) -> Arrays:
    return batch


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
        return nbytes < LARGEST_MAPPED * device_bytes()
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
