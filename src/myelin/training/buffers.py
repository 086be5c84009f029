"""Host memory that blocks of batches are put together in, used again and again."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from myelin import dtypes
from myelin.errors import InputError

# Blocks hold about this many bytes: large enough to hide the call, small beside the memory.
BLOCK_BYTES = 32 * 2**20
_MOST_BATCHES = 1024


def signature(batch: Any) -> Any:
    """The shape and type of each array, and how they are put together."""
    leaves, structure = jax.tree.flatten(batch)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


class Buffer:
    """Room for some batches of one shape.

    Args:
        batch: such a batch; or longer arrays, of which it takes `batch_size` rows at a time.
        most: how many batches an epoch has; None if that is unknown.
        batch_size: rows a batch; None takes those of `batch`.
    """

    def __init__(self, batch: Any, most: int | None, batch_size: int | None = None) -> None:
        leaves = jax.tree.leaves(batch)
        self.batch_size: int = batch_size or leaves[0].shape[0]
        nbytes = sum(a.dtype.itemsize * a.size // max(1, len(a)) for a in leaves) * self.batch_size
        fitting = max(1, min(BLOCK_BYTES // max(nbytes, 1), _MOST_BATCHES))
        self.capacity = min(fitting, most) if most else fitting
        self.signature = signature(batch)
        self.filled = 0
        count = self.capacity * self.batch_size
        self._arrays = jax.tree.map(lambda a: aligned((count, *a.shape[1:]), a.dtype), batch)
        self._order = np.arange(count, dtype=np.int32)

    @property
    def full(self) -> bool:
        """Whether there is no room for another batch."""
        return self.filled == self.capacity

    def add(self, batch: Any) -> None:
        """Takes one more batch."""
        rows = slice(self.filled * self.batch_size, (self.filled + 1) * self.batch_size)
        for own, given in zip(jax.tree.leaves(self._arrays), jax.tree.leaves(batch), strict=True):
            own[rows] = given
        self.filled += 1

    def gather(self, arrays: Any, rows: np.ndarray, batches: int) -> None:
        """Takes the rows of arrays that `rows` lists, so many batches in all.

        Raises:
            InputError: whole numbers that 32 bits cannot hold.
        """
        # Read in the order they lie in: on disk neighbours come together.
        sorting = np.argsort(rows, kind="stable")
        for own, given in zip(jax.tree.leaves(self._arrays), jax.tree.leaves(arrays), strict=True):
            taken = np.asarray(given[rows[sorting]])
            wide = taken.dtype.kind in "iu" and taken.dtype.itemsize == 8
            if wide and max(abs(int(taken.min())), abs(int(taken.max()))) >= 2**31:
                raise InputError("the data hold whole numbers that 32 bits cannot hold")
            own[sorting] = taken
        self.filled = batches

    def on_device(self) -> tuple[Any, Any]:
        """The rows on the device, and their order; good until the buffer is used again."""
        placed = jax.tree.map(jax.device_put, self._arrays), jax.device_put(self._order)
        return jax.block_until_ready(placed)


class Ring:
    """So many buffers, taken in turn; a new one where the shape is another.

    Args:
        count: how many; more than are in use at a time.
    """

    def __init__(self, count: int) -> None:
        self._kept: list[Buffer | None] = [None] * count
        self._turn = 0

    def next(self, batch: Any, most: int | None, batch_size: int | None = None) -> Buffer:
        """An empty buffer; the arguments are those of `Buffer`."""
        self._turn = (self._turn + 1) % len(self._kept)
        kept = self._kept[self._turn]
        size = batch_size or jax.tree.leaves(batch)[0].shape[0]
        if kept is None or kept.signature != signature(batch) or kept.batch_size != size:
            kept = self._kept[self._turn] = Buffer(batch, most, batch_size)
        kept.filled = 0
        return kept


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Memory in a type of the device, which a device that shares it can use uncopied."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f" and dtype.itemsize == 8:
        dtype = np.dtype(dtypes.floatx())
    elif dtype.kind in "iu" and dtype.itemsize == 8:
        dtype = np.dtype("int32")
    nbytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory = np.empty(nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + nbytes].view(dtype).reshape(shape)
