"""Handwritten digits in 8 by 8 pixels, from scikit-learn; no network."""

from __future__ import annotations

from myelin.datasets.splits import TrainAndTest, bundled


def load_data(test_split: float = 0.2, seed: int = 113) -> TrainAndTest:
    """Loads 1,797 images of the digits 0 to 9 (Alpaydin and Kaynak, 1998: optical digits).

    Args:
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 `(n, 8, 8)`, from 0 to 16; digits
        int64 `(n,)`. Each digit has its share on both sides.
    """
    from sklearn.datasets import load_digits

    return bundled(load_digits, test_split, seed, image_shape=(8, 8))
