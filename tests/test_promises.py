"""What is promised of accuracy on real data, in short; benchmarks/ repeats it in full."""

import os
import sys
from pathlib import Path

import pytest

needs_data = pytest.mark.skipif(
    "MYELIN_DATASETS" not in os.environ, reason="needs data in MYELIN_DATASETS"
)
FOLDER = str(Path(__file__).resolve().parent.parent / "benchmarks")


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    yield
    for name in ("mnist_accuracy", "augmentation_gain"):
        sys.modules.pop(name, None)


@pytest.mark.dataset
@needs_data
def test_a_small_network_reads_digits():
    """99 % after 12 epochs of all images is the benchmark; this is one epoch of a tenth of them."""
    import mnist_accuracy

    right, n = mnist_accuracy.right_answers(epochs=1, examples=6_400, seed=0, verbose=0)
    assert n == 10_000
    assert right / n > 0.8


@pytest.mark.dataset
@needs_data
def test_augmented_training_learns_what_unseen_images_show():
    """That it beats none needs many epochs and seeds: the benchmark. Guessing is right in 10 %."""
    import augmentation_gain

    assert augmentation_gain.accuracy("light", seed=0, epochs=6, images=1000) > 0.2


def test_the_interval_is_students():
    """Against the table: 2.776 for four degrees of freedom."""
    import augmentation_gain

    low, high = augmentation_gain.interval([1, 2, 3, 4, 5])
    assert high - low == pytest.approx(2 * 2.776 * (2.5 / 5) ** 0.5, rel=1e-3)
