"""Trains in processes that are killed at random moments; prints how the last one ended, as JSON.

    python -m tests.training.killed_runs FOLDER SEED KILLS

One process imports all that is needed and forks the others, each of which trains until it is
killed; the last one may end. A kill comes so many changes of the folder after the start, and a
little later, so that many hit a file that is being written.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

from myelin import Sequential, callbacks, layers, utils

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4)).astype("float32")
Y = X[:, :1] * 2 - X[:, 1:2]


class Slow(callbacks.Callback):
    """Makes the chunks one step long, and each of them long enough to be killed in."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.002)


def train(folder, resume):
    """A run from the beginning or from where it was; returns what it came to."""
    utils.set_random_seed(1)
    model = Sequential([layers.Input((4,)), layers.Dense(64, "relu"), layers.Dropout(0.2)])
    model.add(layers.Dense(1))
    model.compile("adam", "mse")
    early = callbacks.EarlyStopping("loss", patience=50, restore_best_weights=True)
    listed = [early, callbacks.CSVLogger(folder / "rows.csv"), Slow()]
    history = model.fit(
        X, Y, batch_size=9, epochs=12, callbacks=listed, verbose=0,
        resume=callbacks.Checkpoint(folder / "run", every_seconds=0) if resume else None,
    )  # fmt: skip
    digest = hashlib.sha256()
    for array in (*model.get_weights(), *(v.numpy() for v in model.optimizer.variables)):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps(history.history).encode())
    digest.update((folder / "rows.csv").read_bytes())
    return digest.hexdigest()


def forked(work, result):
    """Starts `work` in a process of its own, which writes what it returns to `result`."""
    if child := os.fork():
        return child
    code = 1
    try:
        result.write_text(work())
        code = 0
    finally:
        os._exit(code)


def kill_at_random(child, folder, rng):
    """Kills the process after some changes of the folder; False where it ended before."""
    left, delay, seen = rng.randint(1, 25), rng.random() * 0.004, None
    while left:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        there = sorted(os.listdir(folder)) if folder.exists() else []
        left -= seen is not None and there != seen
        seen = there
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main(folder, seed, kills):
    rng = random.Random(seed)
    for name in ("straight", "killed"):
        (folder / name).mkdir(parents=True)
    result = folder / "straight.txt"
    os.waitpid(forked(lambda: train(folder / "straight", resume=False), result), 0)
    wanted, done, left_over = result.read_text(), 0, 0
    result = folder / "killed.txt"
    for _ in range(kills):
        child = forked(lambda: train(folder / "killed", resume=True), result)
        done += kill_at_random(child, folder / "killed" / "run", rng)
        there = os.listdir(folder / "killed" / "run")
        left_over += any(name.endswith(".tmp") for name in there)
        if result.exists():
            break
    if not result.exists():
        os.waitpid(forked(lambda: train(folder / "killed", resume=True), result), 0)
    files = sorted(os.listdir(folder / "killed" / "run"))
    got = result.read_text()
    print(json.dumps({"kills": done, "half": left_over, "files": files, "same": got == wanted}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
