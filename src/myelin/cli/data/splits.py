"""Which rows train, which choose the epoch, and which judge."""

from __future__ import annotations

import numpy as np


def split(
    n: int, share: float, rng: np.random.Generator, classes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draws a share of n rows at random, with the same share of every class.

    Every class keeps at least one row in the first part, and gives at least one to the second
    where it has two or more. Without classes both parts have at least one row.

    Args:
        n: the number of rows, at least 2 unless the share is 0.
        share: of the rows that go to the second part, from 0 up to but not including 1.
        rng: draws the rows.
        classes: the class of each row `(n,)`, as whole numbers.

    Returns:
        The indices of the rest and of the drawn rows, each in rising order.
    """
    if share == 0:
        return np.arange(n), np.arange(0)
    groups = [np.arange(n)]
    if classes is not None:
        groups = [np.flatnonzero(classes == label) for label in np.unique(classes)]
    drawn = []
    for group in groups:
        size = min(max(1, round(share * len(group))), len(group) - 1)
        drawn.append(rng.permutation(group)[:size])
    held = np.sort(np.concatenate(drawn))
    return np.setdiff1d(np.arange(n), held, assume_unique=True), held
