"""What `predict` is made of: rows laid out for the device, and answers without questions."""

from __future__ import annotations

import threading
from typing import Any

import jax
import numpy as np

from myelin.training.buffers import aligned
from myelin.training.loop import Program
from myelin.variable import Variable

# The largest block of rows that one call of the compiled predict takes, and about its bytes.
MOST_ROWS, BLOCK_BYTES = 8192, 8 * 2**20


class Answer:
    """`predict` for one array of a shape that was seen before, with nothing left to find out.

    Args:
        program: the one that predicts.
        variables: a tree like the state that it takes, of variables in the place of arrays.
        x: an array of the shape.
        batch_size: rows at a time.
    """

    def __init__(self, program: Program, variables: Any, x: Any, batch_size: int) -> None:
        found = program.compiled.for_shapes(variables, x, batch_size=batch_size)
        self._run, self._sources = found

    def __call__(self, x: Any) -> np.ndarray:
        """The outputs, in an array of their own."""
        values = [s._value if isinstance(s, Variable) else s for s in self._sources]
        # `np.array` of a jax array takes four times as long.
        return np.asarray(self._run(values, [x])).copy()


class Desk(threading.local):
    """Where blocks of rows are laid out, whole: the same memory of this thread each time.

    A processor takes over memory that begins where its vectors do. Other memory jax copies to a
    fresh place at each call, and fresh memory costs more than the copying.
    """

    def __init__(self) -> None:
        self._kinds: list[Any] = []
        self._places: list[np.ndarray] = []

    def lay_out(self, tree: Any, count: int) -> Any:
        """`count` rows of each array, the last one repeated; good until the next block comes."""
        leaves, structure = jax.tree.flatten(tree)
        if all(len(rows) == count and _lies_well(rows) for rows in leaves):
            return tree
        leaves = [np.asarray(rows) for rows in leaves]
        kinds = [(count, rows.shape[1:], rows.dtype) for rows in leaves]
        if kinds != self._kinds:
            self._kinds = kinds
            self._places = [aligned((count, *rows.shape[1:]), rows.dtype) for rows in leaves]
        for place, rows in zip(self._places, leaves, strict=True):
            place[: len(rows)] = rows
            place[len(rows) :] = rows[-1:]
        return jax.tree.unflatten(structure, self._places)


desk = Desk()


def _lies_well(rows: Any) -> bool:
    if isinstance(rows, jax.Array):
        return True
    return rows.ctypes.data % 64 == 0 and bool(rows.flags.c_contiguous)


def block_rows(tree: Any, batch_size: int) -> int:
    """How many rows a block has: whole batches, enough to hide the call, few beside the memory."""
    leaves = jax.tree.leaves(tree)
    nbytes = sum(leaf.nbytes // max(1, len(leaf)) for leaf in leaves)
    fitting = min(MOST_ROWS, BLOCK_BYTES // max(1, nbytes))
    return max(1, fitting // batch_size) * batch_size


def padded_size(n: int, batch_size: int) -> int:
    """The next of the few sizes that programs are made for."""
    padded = min(batch_size, 1 << (n - 1).bit_length())
    while padded < n:
        padded *= 2
    return padded
