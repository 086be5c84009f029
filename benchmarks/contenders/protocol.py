"""What every contender shares: the data, a clock, and the line it prints at its end.

A contender prints one line, `RESULT` and a JSON object:

    import      seconds to import its library
    first       seconds from the start of the process to the end of the first epoch
    epochs      seconds of each epoch, the first with all compilation in it
    accuracy    on the 10,000 test images, from 0 to 1

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

    def finish(self, accuracy: float) -> None:
        """Prints the line for the driver."""
        ends = zip(self.marks, self.marks[1:], strict=False)
        result = {
            "import": self.ready - self.entered,
            "first": self.marks[1] - self.started,
            "epochs": [end - start for start, end in ends],
            "accuracy": float(accuracy),
        }
        print("RESULT " + json.dumps(result), flush=True)


def options(*flags: str) -> argparse.Namespace:
    """The command line: `--epochs`, `--batch-size`, and the whole numbers that `flags` name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--variant", default="classic")
    for flag in flags:
        parser.add_argument(f"--{flag}", type=int, default=None)
    return parser.parse_args()


def load_mnist() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """What `keras.datasets.mnist.load_data()` gives, from the file that the driver names.

    All contenders read it in this one way, since each library checks and caches downloads
    differently, and Keras accepts only the published file.
    """
    with np.load(os.environ["BENCHMARK_MNIST"]) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
