"""Data sets that are rows in memory in an order of their own, read as arrays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError
from myelin.training.data import Arrays


@dataclass
class OrderedArrays(Arrays):
    """Examples in memory, and the order that a data set takes them in.

    Attributes:
        plan: what `myelin.utils.dataset` says of itself: its order, its batches.
    """

    plan: Any = None

    def steps(self, asked: int | None) -> int:
        """How many steps an epoch has.

        Raises:
            InputError: the data set has no end, and nobody said.
        """
        plan = self.plan
        if asked is not None:
            return asked
        if plan.count < 0:
            raise InputError("the data set has no end: pass steps_per_epoch, or steps")
        whole, left = divmod(plan.count, plan.batch_size)
        return int(whole + bool(left and not plan.drop_remainder))

    def orders(self, asked: int | None) -> Iterator[np.ndarray]:
        """The row numbers of epoch after epoch, int32."""
        plan = self.plan
        if plan.count >= 0 and asked in (None, self.steps(None)):
            return iter(plan.epochs())
        return (rows.astype(np.int32) for rows in plan.epochs(self.steps(asked) * plan.batch_size))

    def in_order(self, asked: int | None) -> Arrays:
        """The examples of one epoch, put into order."""
        order = next(itertools.islice(self.orders(asked), 1))
        if asked is not None:
            order = order[: asked * self.plan.batch_size]
        if len(order) == len(self) and (np.diff(order) == 1).all():
            return Arrays(*self.batch)
        return self.take(order)


def plan_of(given: Any, most_bytes: float) -> Any:
    """What a data set comes to if it is rows in memory; None for all else.

    Args:
        given: anything.
        most_bytes: how large the rows may be.

    Raises:
        InputError: a data set of single rows, which are no batches.
    """
    if getattr(given, "gives_single_rows", False):
        raise InputError("the data set gives single examples: put .batch(32) behind it")
    ask = getattr(given, "in_memory", None)
    plan = ask(most_bytes) if callable(ask) and hasattr(given, "element_spec") else None
    if plan is None or plan.count == 0:
        return None
    leaves = jax.tree.leaves(plan.columns)
    if sum(leaf.nbytes for leaf in leaves) > most_bytes:
        return None
    return None if any(isinstance(leaf, np.memmap) for leaf in leaves) else plan
