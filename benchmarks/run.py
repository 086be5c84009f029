"""Measures Myelin and its peers, and writes results.md: `make bench`.

Each contender runs in a process of its own, one after another; a round runs them all once,
and each round begins with another one. README.md says what is measured and how.

    python benchmarks/run.py                    three rounds of everything
    python benchmarks/run.py --rounds 1 --only torch sklearn
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import sys

import lineup
import measure
import report
from lineup import Contender

PACKAGES = ("myelin", "jax", "keras", "tensorflow-cpu", "torch", "scikit-learn", "numpy")
IMPORT_ROUNDS = 5
TUNING_EPOCHS = 2


def main() -> None:
    options = command_line()
    mnist = find_mnist()
    measure.CACHE.mkdir(exist_ok=True)
    wanted = [c for c in lineup.CLASSIC if chosen(c.name, options.only)]
    classic = [one for c in wanted for one in settled(c, mnist, options)]
    variants = [c for c in lineup.VARIANTS if chosen(c.name, options.only) and options.variants]
    prime([*classic, *variants], mnist)
    runs: dict[str, list[report.Run]] = {}
    for number in range(options.rounds):
        for contender in rotated([*classic, *variants], number):
            say(f"round {number + 1}: {contender.name}")
            attempt(contender, mnist, options.epochs, runs.setdefault(contender.name, []))
    walls = import_walls(options.only) if options.imports else {}
    rows = {name: report.summary(found) for name, found in runs.items() if found}
    text = page(rows, [c.name for c in variants], walls, options)
    options.output.write_text(text, encoding="utf-8")
    print(text)
    missing = [name for name, found in runs.items() if len(found) < options.rounds]
    if missing:
        sys.exit(f"not measured in every round: {', '.join(missing)}")


def command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="parts of contenders' names")
    parser.add_argument("--no-variants", dest="variants", action="store_false")
    parser.add_argument("--no-imports", dest="imports", action="store_false")
    parser.add_argument("--no-tuning", dest="tuning", action="store_false",
                        help="take the settings that were the fastest last time")  # fmt: skip
    parser.add_argument("--output", type=pathlib.Path, default=measure.HERE / "results.md")
    return parser.parse_args()


def find_mnist() -> str:
    """The file with MNIST, wherever a loader of Myelin or Keras would find it."""
    folders = [
        os.environ.get("MYELIN_DATASETS", ""),
        "~/.cache/myelin/datasets",
        "~/.keras/datasets",
    ]
    for folder in filter(None, folders):
        path = pathlib.Path(folder).expanduser() / "mnist.npz"
        if path.is_file():
            return str(path.resolve())
    say("fetching MNIST")
    measure.run_process(["-c", "import myelin; myelin.datasets.mnist.load_data()"], {})
    return str(pathlib.Path(folders[0] or folders[1]).expanduser() / "mnist.npz")


def chosen(name: str, only: list[str]) -> bool:
    return not only or any(part.lower() in name.lower() for part in only)


def rotated(contenders: list[Contender], by: int) -> list[Contender]:
    """The same in another order, so that none always follows the same neighbour."""
    start = by * len(contenders) // 3
    return contenders[start:] + contenders[:start]


def settled(contender: Contender, mnist: str, options: argparse.Namespace) -> list[Contender]:
    """The contender with its best settings: found by trial, or those of the last trial."""
    if not contender.candidates:
        return [contender]
    file = measure.CACHE / "settings.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if options.tuning or contender.name not in known:
        known[contender.name] = tune(contender, mnist, options.epochs)
        file.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return [contender.tuned(tuple(best)) for best in known[contender.name]]


def tune(contender: Contender, mnist: str, epochs: int) -> list[tuple[str, ...]]:
    tried: dict[tuple[str, ...], report.Run] = {}
    for candidate in contender.candidates:
        say(f"tuning: {contender.tuned(candidate).name}")
        try:
            tried[candidate] = measure.run_contender(
                contender.tuned(candidate), mnist, TUNING_EPOCHS
            )
        except measure.ContenderError as error:
            # A setting may need what this machine lacks, such as a compiler for torch.compile.
            say(f"  does not run here: {str(error).strip().splitlines()[-1]}")
            continue
        say(f"  {report.later_epoch(tried[candidate]):.2f} s an epoch")
    return report.best_settings(tried, epochs) if tried else []


def prime(contenders: list[Contender], mnist: str) -> None:
    """Runs once, unmeasured, what keeps programs on disk: tables call these runs warm."""
    for contender in contenders:
        if any("{cache}" in value for _, value in contender.environment):
            say(f"filling the compilation cache: {contender.name}")
            attempt(contender, mnist, 1, [])


def attempt(contender: Contender, mnist: str, epochs: int, found: list[report.Run]) -> None:
    """One run, added to `found`; a contender that fails is said and left out."""
    try:
        run = measure.run_contender(contender, mnist, epochs)
    except measure.ContenderError as error:
        say(f"  {contender.name} failed: {error}")
        return
    found.append(run)
    say(f"  {run['wall']:.1f} s, {report.later_epoch(run):.3f} s an epoch, "
        f"{100 * run['accuracy']:.2f} %")  # fmt: skip
    with open(measure.CACHE / "runs.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"contender": contender.name, **run}) + "\n")


def import_walls(only: list[str]) -> dict[str, list[float]]:
    """Wall seconds of each import, in turn; the first round only warms the disk's cache."""
    walls: dict[str, list[float]] = {}
    for number in range(IMPORT_ROUNDS + 1):
        say(f"imports, round {number} of {IMPORT_ROUNDS}")
        for name, (program, environment) in lineup.IMPORTS.items():
            if name != "jax" and not chosen(name, only):
                continue
            try:
                measured, _ = measure.run_process(["-c", program], environment)
            except measure.ContenderError as error:
                say(f"  {name} failed: {str(error).strip().splitlines()[-1]}")
                continue
            if number:
                walls.setdefault(name, []).append(measured["wall"])
    return walls


def page(
    rows: dict[str, report.Row],
    variants: list[str],
    walls: dict[str, list[float]],
    options: argparse.Namespace,
) -> str:
    """The text of results.md."""
    classic = {name: row for name, row in rows.items() if name not in variants}
    reference = report.MYELIN if report.MYELIN in classic else next(iter(classic), "")
    parts = [
        "# Results\n\nWritten by `make bench`; README.md says what is measured and how.",
        f"{datetime.date.today().isoformat()}, {machine()}. Medians of {options.rounds} rounds; "
        f"× is the ratio to {reference}.",
    ]
    if found := report.verdicts(classic, walls):
        parts += ["## What it must show", report.verdicts_table(found)]
    if classic:
        parts.append(f"## The classic MNIST program, {options.epochs} epochs")
        parts.append(report.contenders_table(classic, reference))
    own = {name: rows[name] for name in variants if name in rows}
    if own:
        parts += ["## Its variants", report.variants_table(own, classic)]
    if walls:
        parts += [
            f"## Import\n\nMedians of {IMPORT_ROUNDS} processes each, with Python's own start.",
            report.imports_table(walls),
        ]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """The processor, its cores, and the versions of all that was measured."""
    model = platform.processor() or platform.machine()
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
        named = [line for line in text.splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    except OSError:
        pass
    versions = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"without {package}")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {usable} cores, {platform.system()}; {', '.join(versions)}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
