"""Iris flowers, from scikit-learn; no network."""

from __future__ import annotations

from myelin.datasets.splits import TrainAndTest, bundled


def load_data(test_split: float = 0.2, seed: int = 113) -> TrainAndTest:
    """Loads 150 flowers with 4 measures in cm, of 3 kinds (Fisher, 1936).

    Args:
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: inputs float32 `(n, 4)`; kinds int64 `(n,)`,
        0 to 2. Each kind has its share on both sides.
    """
    from sklearn.datasets import load_iris

    return bundled(load_iris, test_split, seed)
