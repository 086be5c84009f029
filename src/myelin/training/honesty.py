"""Which data chose the epoch, so that a score on the same data can be marked."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from myelin.errors import OptimisticScoreWarning
from myelin.training.data import Arrays


@dataclass(frozen=True)
class Chosen:
    """What chose the epoch, and on which data.

    Attributes:
        fingerprint: of the validation data.
        by: the callback and what it watched.
    """

    fingerprint: str
    by: str

    def same(self, data: Arrays) -> bool:
        """Whether `data` are those that chose."""
        return fingerprint(data) == self.fingerprint

    def warn_if_same(self, data: Arrays) -> None:
        """Warns that a score on `data` is optimistic, if they are those that chose."""
        if self.same(data):
            warnings.warn(
                f"This score is optimistic: the same data chose the epoch ({self.by}). "
                "Score the model on data that training never saw.",
                OptimisticScoreWarning,
                stacklevel=4,
            )


def chosen_on(validation: Any, callbacks: list[Any]) -> Chosen | None:
    """What the callbacks of a run choose by, if they watch the validation data."""
    for callback in callbacks:
        monitor = str(getattr(callback, "monitor", ""))
        if monitor.startswith("val_") and getattr(callback, "chooses_epoch", False):
            if not isinstance(validation, Arrays):
                return None
            return Chosen(fingerprint(validation), f"{type(callback).__name__} on {monitor}")
    return None


def fingerprint(data: Arrays) -> str:
    """A short text that differs where the data differ; reads at most some thousand rows."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves((data.x, data.y)):
        stride = max(1, len(leaf) // 2000)
        sample = np.ascontiguousarray(np.asarray(leaf[::stride]))
        digest.update(f"{leaf.shape}{leaf.dtype}".encode())
        digest.update(sample.tobytes())
    return digest.hexdigest()


def identity(
    train: Any, validation: Any, batch_size: int, steps: int | None, shuffle: bool
) -> dict[str, Any]:
    """What must be the same in a `fit` that goes on with a run; "" for data that are a stream."""
    prints = [
        fingerprint(Arrays(data.x, (data.y, data.weight))) if isinstance(data, Arrays) else ""
        for data in (train, validation)
    ]
    batches = {"batch_size": batch_size} if isinstance(train, Arrays) else {}
    return {
        "training data": prints[0],
        "validation data": prints[1],
        **batches,
        "steps an epoch": steps,
        "shuffle": bool(shuffle),
    }
