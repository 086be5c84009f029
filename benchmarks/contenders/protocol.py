"""What every contender shares: the data, a clock, and the line it prints at its end.

A contender prints one line, `RESULT` and a JSON object:

    import      seconds to import its library
    first       seconds from the start of the process to the end of the first epoch
    epochs      seconds of each epoch, the first with all compilation in it
    steps       steps of an epoch
    accuracy    on the test images, from 0 to 1

The driver adds what only it can see: the wall time of the whole process and its peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import time

import numpy as np


class Clock:
    """Notes the moments of a run; made before the library is imported."""

    def __init__(self) -> None:
        self.entered = time.monotonic()
        # When the driver started this process: the monotonic clock is the same for both.
        self.started = float(os.environ.get("BENCHMARK_STARTED", self.entered))
        self.ready = self.entered
        self.marks: list[float] = []

    def imported(self) -> None:
        """The library is there."""
        self.ready = time.monotonic()

    def begin(self) -> None:
        """The first epoch begins."""
        self.marks = [time.monotonic()]

    def epoch_done(self) -> None:
        """An epoch has ended, with all its numbers on the host."""
        self.marks.append(time.monotonic())

    def finish(self, accuracy: float, steps: int = 1) -> None:
        """Prints the line for the driver."""
        ends = zip(self.marks, self.marks[1:], strict=False)
        result = {
            "import": self.ready - self.entered,
            "first": self.marks[1] - self.started,
            "epochs": [end - start for start, end in ends],
            "steps": steps,
            "accuracy": float(accuracy),
        }
        print("RESULT " + json.dumps(result), flush=True)


def options(*flags: str) -> argparse.Namespace:
    """The command line: what all take, and the whole numbers that `flags` name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--variant", default="classic")
    parser.add_argument("--network", default="cnn")
    for flag in flags:
        parser.add_argument(f"--{flag}", type=int, default=None)
    return parser.parse_args()


def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """What `keras.datasets.mnist.load_data()` gives, from the file that the driver names.

    All contenders read it in this one way, since each library checks and caches downloads
    differently, and Keras accepts only the published file. CIFAR-10 has the same form.
    """
    with np.load(os.environ["BENCHMARK_DATA"]) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])


def load_images(
    rows: int,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The first `rows` images and at most 2,000 for the test: float32 from 0 to 1, channels last.

    Raises:
        SystemExit: the file has fewer images.
    """
    (x_train, y_train), (x_test, y_test) = load_data()
    if rows > len(x_train):
        raise SystemExit(f"{rows} images wanted, {len(x_train)} there: take fewer --steps")

    def prepared(x: np.ndarray, y: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = x[:n].astype("float32") / 255
        return (x[..., None] if x.ndim == 3 else x), y[:n].reshape(-1)

    return prepared(x_train, y_train, rows), prepared(x_test, y_test, 2000)


# Sentences of `LENGTH` words, and windows of `WINDOW` characters.
WORDS, LENGTH = 20_000, 80
ALPHABET, WINDOW = 80, 100


def load_for(network: str, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of a network of keras_sequences.py.

    What a step costs does not depend on the words, so words and characters are drawn: words as
    often as in language, by Zipf's law, with labels that some of them decide.
    """
    rng = np.random.default_rng(0)
    if network == "vae":
        (x, _), _ = load_data()
        images = x[:rows].reshape(rows, -1).astype("float32") / 255
        return images, images
    if network == "characters":
        text = rng.integers(0, ALPHABET, (rows, WINDOW + 1)).astype("int32")
        return text[:, :-1].copy(), text[:, 1:].copy()
    ranks = 1 / np.arange(1, WORDS + 1)
    words = rng.choice(WORDS, (rows, LENGTH), p=ranks / ranks.sum()).astype("int32")
    return words, ((words < 20).sum(1, keepdims=True) % 2).astype("float32")
