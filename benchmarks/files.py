"""Measures files and answers, and writes results_files.md: the part of `make bench` about them.

Saving and loading a model of 100 million parameters beside the disk's own speed, what a checkpoint
after each epoch costs, and the time to the answer for one row and for 10,000. Each contender runs
in a process of its own, one after another, in each round.

    python benchmarks/files.py                   three rounds
    python benchmarks/files.py --rounds 1 --width 2000
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import statistics
import sys
import tempfile

import measure

Found = dict[str, dict[str, list[float]]]

# Name, script, task, environment.
CONTENDERS = (
    ("the disk", "files_disk.py", "files", {}),
    ("Myelin", "files_myelin.py", "files", {}),
    ("PyTorch", "files_torch.py", "files", {}),
    ("Keras on JAX", "files_keras.py", "files", {"KERAS_BACKEND": "jax"}),
    ("Myelin", "files_myelin.py", "predict", {}),
    ("PyTorch", "files_torch.py", "predict", {}),
    ("Keras on JAX", "files_keras.py", "predict", {"KERAS_BACKEND": "jax"}),
    ("Keras on TensorFlow", "files_keras.py", "predict", {"KERAS_BACKEND": "tensorflow"}),
    ("onnxruntime", "files_onnxruntime.py", "predict", {}),
    ("Myelin", "files_myelin.py", "checkpoints", {}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, default=7071, help="of the large model's layers")
    parser.add_argument("--folder", type=pathlib.Path, default=measure.HERE,
                        help="where the page is written")  # fmt: skip
    options = parser.parse_args()
    measure.compile_bytecode()
    found: Found = {}
    for number in range(options.rounds):
        for name, script, task, environment in CONTENDERS:
            print(f"round {number + 1}: {name}, {task}", file=sys.stderr, flush=True)
            for what, seconds in run(script, task, environment, options.width).items():
                found.setdefault(what, {}).setdefault(name, []).append(seconds)
    text = page(found, options)
    (options.folder / "results_files.md").write_text(text, encoding="utf-8")
    print(text)


def run(script: str, task: str, environment: dict[str, str], width: int) -> dict[str, float]:
    """The seconds that a contender prints; none where it does not run here."""
    with tempfile.TemporaryDirectory(dir=pathlib.Path.cwd()) as folder:
        arguments = ["--task", task, "--width", str(width), "--folder", folder]
        try:
            script = str(measure.HERE / "contenders" / script)
            _, printed = measure.run_process([script, *arguments], environment)
        except measure.ContenderError as error:
            print(f"  failed: {error}", file=sys.stderr, flush=True)
            return {}
    lines = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    return dict(json.loads(lines[0].removeprefix("RESULT ")))


def page(found: Found, options: argparse.Namespace) -> str:
    """The page: a table each for files and for answers, and the share of checkpoints."""
    millions = 2 * options.width**2 / 1e6
    parts = [
        "# Files and answers\n",
        f"{datetime.date.today().isoformat()}, {measure.machine()}. Medians of {options.rounds} "
        "rounds, each contender in a process of its own. `make bench` writes this page.\n",
        f"## A model of {millions:,.0f} million parameters\n",
        "Saving ends when the disk has the file; loading reads it from the system's cache. The "
        "disk writes and reads the same bytes in one go.\n",
        table(found, ("save", "load"), "s", 1),
        "\n## An answer\n",
        "The small network, 784-128-10, asked in the process that holds it, NumPy in and out.\n",
        table(found, ("predict", "call"), "µs", 1e6),
    ]
    epochs = {name: middle(found.get(f"epoch, {name}", {})) for name in ("plain", "kept")}
    if all(epochs.values()):
        share = 100 * (epochs["kept"]["Myelin"] / epochs["plain"]["Myelin"] - 1)
        parts += [
            "\n## A checkpoint after each epoch\n",
            f"60,000 rows, 784-128-10, batch 32: {epochs['plain']['Myelin']:.3f} s an epoch "
            f"without, {epochs['kept']['Myelin']:.3f} s with one ({share:+.1f} %).\n",
        ]
    return "\n".join(parts)


def middle(runs: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(seconds) for name, seconds in runs.items()}


def table(found: Found, kinds: tuple[str, ...], unit: str, factor: float) -> str:
    """A row for each contender and format, and how many times what Myelin takes."""
    lines = [f"| what | how | {unit} | ratio to Myelin's |", "| --- | --- | ---: | ---: |"]
    for kind in kinds:
        rows = {(what, name): seconds for what in found if what.startswith(f"{kind}, ")
                for name, seconds in middle(found[what]).items()}  # fmt: skip
        for (what, name), seconds in sorted(rows.items(), key=lambda row: (row[0][0], row[1])):
            own = [s for (w, n), s in rows.items() if n == "Myelin" and (w == what or kind in
                   ("save", "load"))]  # fmt: skip
            ratio = f"{seconds / min(own):.2f}×" if own else ""
            lines.append(f"| {what} | {name} | {seconds * factor:,.3g} | {ratio} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
