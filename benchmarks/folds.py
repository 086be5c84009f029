"""Measures cross-validation and sweeps, and writes results_folds.md: part of `make bench`.

Each contender cross-validates the same network with early stopping, in a process of its own, one
after another, several rounds. What is compared is the time of the cross-validation itself, for an
epoch of a fold, since where early stopping ends a fold is chance; the whole is shown beside it.

    python benchmarks/folds.py
    python benchmarks/folds.py --works tabular --rounds 1
"""

from __future__ import annotations

import argparse
import datetime
import os
import pathlib
import statistics
import sys
from dataclasses import replace
from typing import Any

import measure
from lineup import Contender

CACHED = (("MYELIN_COMPILATION_CACHE", "{cache}"),)
CONTENDERS = {
    "mnist": (
        Contender("Myelin", "folds_myelin.py", environment=CACHED),
        Contender("Keras on JAX", "folds_keras.py", ("--steps-per-execution", "128"),
                  (("KERAS_BACKEND", "jax"),)),
        Contender("Keras on TensorFlow", "folds_keras.py", ("--steps-per-execution", "128"),
                  (("KERAS_BACKEND", "tensorflow"),)),
        Contender("PyTorch, hand-tuned loop", "folds_torch.py"),
        Contender("skorch under cross_val_score", "folds_skorch.py"),
    ),
    "tabular": (
        Contender("Myelin", "folds_myelin.py", environment=CACHED),
        Contender("Myelin, compilation cache off", "folds_myelin.py",
                  environment=(("MYELIN_COMPILATION_CACHE", ""),)),
        Contender("Keras on JAX", "folds_keras.py", ("--steps-per-execution", "45"),
                  (("KERAS_BACKEND", "jax"),)),
        Contender("Keras on TensorFlow", "folds_keras.py", ("--steps-per-execution", "45"),
                  (("KERAS_BACKEND", "tensorflow"),)),
        Contender("PyTorch, hand-tuned loop", "folds_torch.py"),
        Contender("skorch under cross_val_score", "folds_skorch.py"),
        Contender("Myelin, sweep of 1", "folds_myelin.py", ("--members", "1"), CACHED),
        Contender("Myelin, sweep of 32", "folds_myelin.py", ("--members", "32"), CACHED),
    ),
}  # fmt: skip
MUST = {"mnist": 3.0, "tabular": 10.0}


def main() -> None:
    options = command_line()
    measure.CACHE.mkdir(exist_ok=True)
    measure.compile_bytecode()
    data = str(pathlib.Path(os.environ.get("MYELIN_DATASETS", measure.CACHE)) / "mnist.npz")
    pages = [
        "# Cross-validation\n",
        "Written by `make folds`; 5 folds with early stopping of one network. "
        f"Medians of {options.rounds} rounds; × is the ratio to Myelin.\n",
        f"{datetime.date.today().isoformat()}, {measure.machine()}\n",
    ]
    for work in options.works:
        found: dict[str, list[dict[str, Any]]] = {one.name: [] for one in CONTENDERS[work]}
        # The first run of Myelin fills its compilation cache, as the first run of a user does.
        measure.run_contender(with_work(CONTENDERS[work][0], work), data, 0)
        for number in range(options.rounds):
            for contender in CONTENDERS[work]:
                print(f"{work}, round {number + 1}: {contender.name}", file=sys.stderr, flush=True)
                try:
                    run = measure.run_contender(with_work(contender, work), data, 0)
                except measure.ContenderError as error:
                    print(error, file=sys.stderr)
                    continue
                print(f"  {run['seconds']:.1f} s, {run['epochs']}, {run['accuracy']:.4f}",
                      file=sys.stderr, flush=True)  # fmt: skip
                found[contender.name].append(run)
        pages.append(page(work, found))
    text = "\n".join(pages)
    (options.folder / "results_folds.md").write_text(text, encoding="utf-8")
    print(text)


def command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--works", nargs="+", choices=list(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, default=measure.HERE)
    return parser.parse_args()


def with_work(contender: Contender, work: str) -> Contender:
    return replace(contender, options=("--work", work, *contender.options))


def page(work: str, found: dict[str, list[dict[str, Any]]]) -> str:
    """The table of one work."""
    rows = {name: summary(runs) for name, runs in found.items() if runs}
    mine = rows["Myelin"]
    lines = [
        f"## {work}\n",
        "| contender | cross-validation, s | × | an epoch of a fold, s | × | peak memory, MiB "
        "| accuracy |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in sorted(rows.items(), key=lambda item: item[1]["seconds"]):
        lines.append(
            f"| {name} | {row['seconds']:.3g} | {row['seconds'] / mine['seconds']:.1f}× "
            f"| {row['epoch']:.3g} | {row['epoch'] / mine['epoch']:.1f}× "
            f"| {row['memory'] / 2**20:.0f} | {100 * row['accuracy']:.2f} % |"
        )
    peers = {name: row for name, row in rows.items() if not name.startswith("Myelin")}
    if peers:
        nearest = min(peers, key=lambda name: peers[name]["seconds"])
        ratio = peers[nearest]["seconds"] / mine["seconds"]
        lines.append(f"\nWanted {MUST[work]:.0f}× the fastest peer ({nearest}): {ratio:.1f}×.")
    if "Myelin, sweep of 32" in rows:
        ratio = rows["Myelin, sweep of 32"]["seconds"] / rows["Myelin, sweep of 1"]["seconds"]
        lines.append(f"A sweep of 32 wanted in under 4 times the time of one: {ratio:.1f} times.")
    return "\n".join(lines) + "\n"


def summary(runs: list[dict[str, Any]]) -> dict[str, float]:
    """The medians."""
    return {
        "seconds": statistics.median(run["seconds"] for run in runs),
        "epoch": statistics.median(run["seconds"] / sum(run["epochs"]) for run in runs),
        "memory": statistics.median(run["memory"] for run in runs),
        "accuracy": statistics.median(run["accuracy"] for run in runs),
    }


if __name__ == "__main__":
    main()
