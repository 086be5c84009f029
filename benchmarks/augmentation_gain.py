"""What `--augment light` gains on 1,000 images of CIFAR-10: five seeds, each with and without.

    MYELIN_DATASETS=… python benchmarks/augmentation_gain.py
    python benchmarks/augmentation_gain.py --seeds 3 --epochs 20

A seed draws the 1,000 images to learn from and 1,000 test images, and the weights to begin with;
both trainings share them. The interval is Student's, over the differences between the pairs.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence

import numpy as np

import myelin
from myelin import datasets, layers
from myelin.cli.augmentation import augmentation
from myelin.cli.data.targets import Target
from myelin.cli.preparation import Preparation

IMAGES = 1000
CONFIDENCE = 0.95


def network(level: str) -> myelin.Sequential:
    """Three convolutions, behind what `myelin train --augment LEVEL` puts in front of a network."""
    prepared = Preparation("arrays", Target(tuple("abcdefghij")), (32, 32, 3))
    model = myelin.Sequential([layers.Input((32, 32, 3)), layers.Rescaling(1 / 255)])
    for layer in augmentation(level, prepared, (0.0, 1.0)):
        model.add(layer)
    for width in (16, 32, 64):
        model.add(layers.Conv2D(width, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def accuracy(level: str, seed: int, epochs: int, images: int = IMAGES) -> float:
    """The share of right answers on the test images after training with a level of augmentation."""
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    rng = np.random.default_rng(seed)
    rows, held = (rng.choice(len(part), images, replace=False) for part in (x, x_test))
    myelin.utils.set_random_seed(seed)
    model = network(level)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[rows], y[rows, 0], batch_size=50, epochs=epochs, verbose=0)
    predicted = model.predict(x_test[held], batch_size=250, verbose=0).argmax(-1)
    return float((predicted == y_test[held, 0]).mean())


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """Student's interval for the mean of differences, of which there are two or more."""
    from scipy import stats

    n = len(differences)
    spread = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.std(differences, ddof=1) / math.sqrt(n)
    mean = float(np.mean(differences))
    return mean - float(spread), mean + float(spread)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    start = time.perf_counter()
    print("| seed | no augmentation | light | difference |\n| --- | ---: | ---: | ---: |")
    differences = []
    for seed in range(options.seeds):
        off, light = (accuracy(level, seed, options.epochs) for level in ("off", "light"))
        differences.append(light - off)
        print(f"| {seed} | {off:.1%} | {light:.1%} | {light - off:+.1%} |", flush=True)
    low, high = interval(differences)
    print(
        f"\nCIFAR-10, {IMAGES:,} images, {options.epochs} epochs: light augmentation gains "
        f"{np.mean(differences):+.1%} (95 % interval {low:+.1%} to {high:+.1%}), "
        f"{time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
