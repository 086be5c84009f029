"""The course of diabetes, from scikit-learn; no network."""

from __future__ import annotations

from myelin.datasets.splits import TrainAndTest, bundled


def load_data(test_split: float = 0.2, seed: int = 113) -> TrainAndTest:
    """Loads 442 patients with 10 scaled measures (Efron, Hastie, Johnstone and Tibshirani, 2004).

    Args:
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: inputs float32 `(n, 10)`; the progress of the
        disease after a year, float32 `(n,)`, 25 to 346.
    """
    from sklearn.datasets import load_diabetes

    return bundled(load_diabetes, test_split, seed, classes=False)
