"""How well Keras's small convolutional network for MNIST does on the test images after 12 epochs.

    MYELIN_DATASETS=… python benchmarks/mnist_accuracy.py
    python benchmarks/mnist_accuracy.py --epochs 3 --examples 10000 --seed 1

It prints the accuracy with its 95 % interval (Wilson).
"""

from __future__ import annotations

import argparse
import time

import myelin
from myelin import datasets, evaluation, layers


def network() -> myelin.Sequential:
    """The network of the Keras example, for pixels from 0 to 1."""
    return myelin.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def right_answers(epochs: int, examples: int, seed: int, verbose: int = 2) -> tuple[int, int]:
    """Trains, and counts the right answers on the test images.

    Args:
        epochs: of training.
        examples: how many of the 60,000 training images.
        seed: of the weights, of dropout and of the order.
        verbose: as for `fit`.

    Returns:
        How many answers are right, and of how many.
    """
    myelin.utils.set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.mnist.load_data()
    x, x_test = (images[..., None].astype("float32") / 255 for images in (x, x_test))
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:examples], y[:examples], batch_size=128, epochs=epochs, verbose=verbose)
    right = model.predict(x_test, batch_size=1000, verbose=0).argmax(-1) == y_test
    return int(right.sum()), len(right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--examples", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    right, n = right_answers(options.epochs, options.examples, options.seed)
    low, high = evaluation.wilson_interval(right, n)
    print(
        f"MNIST after {options.epochs} epochs: {right / n:.2%} of {n:,} test images "
        f"(95 % interval {low:.2%} to {high:.2%}), {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
