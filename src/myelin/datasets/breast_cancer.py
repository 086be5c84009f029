"""Breast tumours, from scikit-learn; no network."""

from __future__ import annotations

from myelin.datasets.splits import TrainAndTest, bundled


def load_data(test_split: float = 0.2, seed: int = 113) -> TrainAndTest:
    """Loads 569 tumours with 30 measures (Wolberg, Street and Mangasarian, 1995).

    Args:
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: inputs float32 `(n, 30)`; int64 `(n,)`, 0 for
        malignant and 1 for benign. Both have their share on both sides.
    """
    from sklearn.datasets import load_breast_cancer

    return bundled(load_breast_cancer, test_split, seed)
