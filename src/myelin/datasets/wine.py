"""Wines by their chemistry, from scikit-learn; no network."""

from __future__ import annotations

from myelin.datasets.splits import TrainAndTest, bundled


def load_data(test_split: float = 0.2, seed: int = 113) -> TrainAndTest:
    """Loads 178 wines with 13 measures, from 3 growers (Aeberhard and Forina, 1992).

    Args:
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: inputs float32 `(n, 13)`; growers int64 `(n,)`,
        0 to 2. Each grower has its share on both sides.
    """
    from sklearn.datasets import load_wine

    return bundled(load_wine, test_split, seed)
