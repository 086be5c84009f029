"""`EveryBatches`: says when the next so many batches are over."""

from __future__ import annotations

from typing import Any

from myelin.errors import InputError


class EveryBatches:
    """Counts batches across epochs, for callbacks with `save_freq`.

    Args:
        owner: the name of the callback, for the error.
        save_freq: `"epoch"`, which never is due, or a number of batches ≥ 1.

    Raises:
        InputError: `save_freq` is neither.
    """

    def __init__(self, owner: str, save_freq: Any) -> None:
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool)
        if save_freq != "epoch" and not (whole and save_freq >= 1):
            raise InputError(
                f'{owner}: save_freq wants "epoch" or a number of batches >= 1, got {save_freq!r}'
            )
        self.save_freq = save_freq
        self.seen = 0
        self.last: int | None = None

    @property
    def by_epoch(self) -> bool:
        """Whether batches do not count."""
        return bool(self.save_freq == "epoch")

    def due(self, batch: int) -> bool:
        """Counts the batch of this index in its epoch; whether enough have come together."""
        if self.by_epoch:
            return False
        new_epoch = self.last is None or batch <= self.last
        self.seen += batch + 1 if new_epoch else batch - (self.last or 0)
        self.last = batch
        if self.seen < self.save_freq:
            return False
        self.seen = 0
        return True
