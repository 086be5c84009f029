"""Measures Myelin and its peers, and writes results.md and its like: `make bench`.

Each contender runs in a process of its own, one after another; a round runs them all once,
and each round begins with another one. README.md says what is measured and how.

    python benchmarks/run.py                    three rounds of everything
    python benchmarks/run.py --rounds 1 --only torch sklearn
    python benchmarks/run.py --works cnn resnet --no-imports
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import sys
from dataclasses import replace

import lineup
import lineup_images
import lineup_sequences
import measure
import pages
import report
from lineup import Contender, Work

IMPORT_ROUNDS = 9
TUNING_EPOCHS = 2
WORKS = (
    lineup.CLASSIC,
    *lineup_images.IMAGES,
    *lineup_sequences.SEQUENCES,
    lineup_sequences.STREAMED,
)


def main() -> None:
    options = command_line()
    measure.CACHE.mkdir(exist_ok=True)
    measure.compile_bytecode()
    works = [work for work in WORKS if work.name in options.works]
    found = pages.Measured(
        f"{datetime.date.today().isoformat()}, {measure.machine()}",
        options.rounds,
        rows={},
        epochs={work.name: options.epochs or work.epochs for work in works},
        gemm=measure.gemm_peak(),
    )
    missing = []
    for work in works:
        runs = measure_work(work, found.epochs[work.name], options)
        found.rows[work.name] = {name: report.summary(own) for name, own in runs.items() if own}
        missing += [f"{work.name}: {name}" for name, own in runs.items()
                    if len(own) < options.rounds]  # fmt: skip
    if lineup.CLASSIC in works:
        found.walls = import_walls(options.only) if options.imports else {}
        write(options.folder / "results.md", pages.classic(lineup.CLASSIC, found, IMPORT_ROUNDS))
    if any(work in works for work in lineup_images.IMAGES):
        write(options.folder / "results_images.md", pages.images(lineup_images.IMAGES, found))
    sequences = (*lineup_sequences.SEQUENCES, lineup_sequences.STREAMED)
    if any(work in works for work in sequences):
        write(options.folder / "results_sequences.md", pages.sequences(sequences, found))
    if missing:
        sys.exit(f"not measured in every round: {', '.join(missing)}")


def measure_work(
    work: Work, epochs: int, options: argparse.Namespace
) -> dict[str, list[report.Run]]:
    """The runs of each contender and variant that the command line asks for, by name."""
    data = find_data(work.data)
    wanted = [one for one in work.contenders if chosen(one.name, options.only)]
    if options.steps and work in (*lineup_images.IMAGES, *lineup_sequences.SEQUENCES):
        shorter = ("--steps", str(options.steps))
        wanted = [replace(one, options=(*one.options, *shorter)) for one in wanted]
    contenders = [one for each in wanted for one in settled(each, work, data, epochs, options)]
    variants = work.variants if options.variants else ()
    everyone = [*contenders, *(one for each in variants for one in each.applied(contenders))]
    prime(everyone, work, data)
    runs: dict[str, list[report.Run]] = {one.name: [] for one in everyone}
    for number in range(options.rounds):
        for contender in rotated(everyone, number):
            say(f"{work.name}, round {number + 1}: {contender.name}")
            attempt(contender, work, data, epochs, runs[contender.name])
    return runs


def write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(text)


def command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = [work.name for work in WORKS]
    parser.add_argument("--works", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="of every work; else each has its own number")
    parser.add_argument("--steps", type=int, help="of an epoch with images, for a quick look")
    parser.add_argument("--only", nargs="*", default=[], help="parts of contenders' names")
    parser.add_argument("--no-variants", dest="variants", action="store_false")
    parser.add_argument("--no-imports", dest="imports", action="store_false")
    parser.add_argument("--no-tuning", dest="tuning", action="store_false",
                        help="take the settings that were the fastest last time")  # fmt: skip
    parser.add_argument("--folder", type=pathlib.Path, default=measure.HERE,
                        help="where the pages are written")  # fmt: skip
    return parser.parse_args()


def find_data(name: str) -> str:
    """The file with a data set, wherever a loader of Myelin or Keras would find it."""
    folders = [
        os.environ.get("MYELIN_DATASETS", ""),
        "~/.cache/myelin/datasets",
        "~/.keras/datasets",
        str(measure.CACHE),
    ]
    for folder in filter(None, folders):
        path = pathlib.Path(folder).expanduser() / f"{name}.npz"
        if path.is_file():
            return str(path.resolve())
    say(f"fetching {name}")
    path = measure.CACHE / f"{name}.npz"
    measure.run_process(["-c", FETCH, name, str(path)], {})
    return str(path)


FETCH = """
import sys, importlib, numpy
train, test = importlib.import_module(f"myelin.datasets.{sys.argv[1]}").load_data()
numpy.savez(sys.argv[2], x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
"""


def chosen(name: str, only: list[str]) -> bool:
    return not only or any(part.lower() in name.lower() for part in only)


def rotated(contenders: list[Contender], by: int) -> list[Contender]:
    """The same in another order, so that none always follows the same neighbour."""
    start = by * len(contenders) // 3
    return contenders[start:] + contenders[:start]


def settled(
    contender: Contender, work: Work, data: str, epochs: int, options: argparse.Namespace
) -> list[Contender]:
    """The contender with its best settings: found by trial, or those of the last trial."""
    if not contender.candidates:
        return [contender]
    key = f"{work.name}: {contender.name}"
    file = measure.CACHE / "settings.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if options.tuning or key not in known:
        known[key] = tune(contender, work, data, epochs)
        file.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return [contender.tuned(tuple(best)) for best in known[key]]


def tune(contender: Contender, work: Work, data: str, epochs: int) -> list[tuple[str, ...]]:
    tried: dict[tuple[str, ...], report.Run] = {}
    for candidate in contender.candidates:
        say(f"tuning: {contender.tuned(candidate).name}")
        try:
            tried[candidate] = measure.run_contender(
                contender.tuned(candidate), data, TUNING_EPOCHS
            )
        except measure.ContenderError as error:
            # A setting may need what this machine lacks, such as a compiler for torch.compile.
            say(f"  does not run here: {str(error).strip().splitlines()[-1]}")
            continue
        say(f"  {report.later_epoch(tried[candidate]):.2f} s an epoch")
    best = report.best_settings(tried, epochs) if tried else []
    return best if work.tuned_for_whole else best[:1]


def prime(contenders: list[Contender], work: Work, data: str) -> None:
    """Runs once, unmeasured, what keeps programs on disk: tables call these runs warm."""
    for contender in contenders:
        if any("{cache}" in value for _, value in contender.environment):
            say(f"filling the compilation cache: {contender.name}")
            attempt(contender, work, data, 1, [])


def attempt(
    contender: Contender, work: Work, data: str, epochs: int, found: list[report.Run]
) -> None:
    """One run, added to `found`; a contender that fails is said and left out."""
    try:
        run = measure.run_contender(contender, data, epochs)
    except measure.ContenderError as error:
        say(f"  {contender.name} failed: {error}")
        return
    found.append(run)
    say(f"  {run['wall']:.1f} s, {report.later_epoch(run):.3f} s an epoch, "
        f"{100 * run['accuracy']:.2f} %")  # fmt: skip
    with open(measure.CACHE / "runs.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"work": work.name, "contender": contender.name, **run}) + "\n")


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


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
