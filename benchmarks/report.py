"""From measured runs to tables: medians and ratios. Pure functions; nothing runs here."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Run = dict[str, Any]
Row = dict[str, Any]

MYELIN = "Myelin"
TENSORFLOW = "Keras on TensorFlow"
JAX = "Keras on JAX"
FLOAT32 = "Myelin (float32 1)"
NOT_AUGMENTED = "not augmented"


def summary(runs: Sequence[Run]) -> Row:
    """The medians over a contender's rounds.

    Args:
        runs: what each round measured: `wall`, `first`, `epochs`, `memory`, `accuracy`, and
            `steps`, how many an epoch has, where that matters.

    Returns:
        `wall`, `first`, `epoch`, `step` in seconds, `memory` in bytes, `accuracy`, `steps` and
        `rounds`. `epoch` is the median over rounds of the median epoch after the first.
    """
    row = {name: statistics.median(run[name] for run in runs)
           for name in ("wall", "first", "memory", "accuracy")}  # fmt: skip
    row["epoch"] = statistics.median(later_epoch(run) for run in runs)
    row["steps"] = runs[0].get("steps", 1)
    row["step"] = row["epoch"] / row["steps"]
    row["rounds"] = len(runs)
    return row


def later_epoch(run: Run) -> float:
    """Seconds of an epoch after the first; of the first, where there was only one."""
    return statistics.median(run["epochs"][1:] or run["epochs"])


def best_settings(tried: dict[tuple[str, ...], Run], epochs: int) -> list[tuple[str, ...]]:
    """The settings with the fastest epoch, and those with the fastest whole run if others.

    Args:
        tried: a run of each candidate, of fewer epochs than will be measured.
        epochs: how many will be measured; the whole run is reckoned for that many.
    """

    def whole(options: tuple[str, ...]) -> float:
        run = tried[options]
        return run["wall"] + later_epoch(run) * (epochs - len(run["epochs"]))

    fastest_epoch = min(tried, key=lambda options: later_epoch(tried[options]))
    fastest_whole = min(tried, key=whole)
    # Less is noise between two single runs, not a reason for a second row.
    if whole(fastest_epoch) < 1.1 * whole(fastest_whole):
        return [fastest_epoch]
    return [fastest_epoch, fastest_whole]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; all columns but the first are figures and stand to the right."""
    lines = [list(header), ["---", *["---:"] * (len(header) - 1)], *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def times(value: float, reference: float) -> str:
    """How many times `reference` a value is: `3.1×`."""
    ratio = value / reference
    return f"{ratio:.1f}×" if ratio < 20 else f"{ratio:.0f}×"


def seconds(value: float) -> str:
    """Seconds with three figures."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def contenders_table(rows: dict[str, Row], reference: str = MYELIN) -> str:
    """All contenders from the fastest whole process to the slowest, with ratios."""
    base = rows[reference]
    header = (
        "contender", "whole process, s", "×", "to the end of epoch 1, s", "×",
        "an epoch after the first, s", "×", "peak memory, MiB", "test accuracy",
    )  # fmt: skip
    body = []
    for name, row in sorted(rows.items(), key=lambda item: item[1]["wall"]):
        cells = [name]
        for what in ("wall", "first", "epoch"):
            cells += [seconds(row[what]), times(row[what], base[what])]
        body.append([*cells, f"{row['memory'] / 2**20:.0f}", f"{100 * row['accuracy']:.2f} %"])
    return markdown(header, body)


def steps_table(rows: dict[str, Row], reference: str, gflop: float) -> str:
    """All contenders from the fastest step to the slowest.

    Args:
        rows: a summary for each name.
        reference: whose steps the others are held against.
        gflop: what a step computes.
    """
    header = ("contender", "a step, ms", "×", "GFLOP/s", "steps an epoch",
              "to the end of epoch 1, s", "peak memory, MiB", "test accuracy")  # fmt: skip
    body = [
        [name, milliseconds(row["step"]), times(row["step"], rows[reference]["step"]),
         f"{gflop / row['step']:.0f}", str(row["steps"]), seconds(row["first"]),
         f"{row['memory'] / 2**20:.0f}", f"{100 * row['accuracy']:.1f} %"]
        for name, row in sorted(rows.items(), key=lambda item: item[1]["step"])
    ]  # fmt: skip
    return markdown(header, body)


def epochs_table(rows: dict[str, Row], reference: str) -> str:
    """All contenders from the fastest step to the slowest, without test data."""
    header = ("contender", "a step, ms", "×", "to the end of epoch 1, s", "whole process, s",
              "peak memory, MiB")  # fmt: skip
    body = [
        [name, milliseconds(row["step"]), times(row["step"], rows[reference]["step"]),
         seconds(row["first"]), seconds(row["wall"]), f"{row['memory'] / 2**20:.0f}"]
        for name, row in sorted(rows.items(), key=lambda item: item[1]["step"])
    ]  # fmt: skip
    return markdown(header, body)


def milliseconds(value: float) -> str:
    """Seconds, shown as milliseconds with three figures."""
    return f"{1000 * value:.1f}" if value < 0.1 else f"{1000 * value:.0f}"


def cost(row: Row, without: Row) -> float:
    """The share of a step that a part of it takes, from a step with and one without it."""
    return 1 - without["step"] / row["step"]


def costs_table(rows: dict[str, Row], variant: str) -> str:
    """What the part that `variant` leaves out costs each contender that ran with and without."""
    header = ("contender", "a step, ms", f"{variant}, ms", "share of the step")
    body = []
    for name, row in rows.items():
        if without := rows.get(f"{name}, {variant}"):
            share = f"{100 * cost(row, without):.0f} %"
            body.append(
                [name, milliseconds(row["step"]), milliseconds(without["step"]), share]
            )  # fmt: skip
    return markdown(header, body)


def variants_table(rows: dict[str, Row], classic: dict[str, Row]) -> str:
    """The variants of the program, each against the classic one of the same contender."""
    header = ("program", "whole process, s", "an epoch after the first, s",
              "of its own classic epoch", "test accuracy")  # fmt: skip
    body = []
    for name, row in rows.items():
        own = classic.get(name.rpartition(", ")[0])
        share = times(row["epoch"], own["epoch"]) if own else ""
        body.append([name, seconds(row["wall"]), seconds(row["epoch"]), share,
                     f"{100 * row['accuracy']:.2f} %"])  # fmt: skip
    return markdown(header, body)


def imports_table(walls: dict[str, list[float]], reference: str = "jax") -> str:
    """Median wall time of `python -c "import …"` and its ratio to `import jax`."""
    medians = {name: statistics.median(values) for name, values in walls.items()}
    body = [
        [name, seconds(value), f"{value / medians[reference]:.2f}×"]
        for name, value in sorted(medians.items(), key=lambda item: item[1])
    ]
    return markdown(("import", "s", f"of {reference}"), body)


Verdict = tuple[str, str, bool]


def image_verdicts(works: dict[str, dict[str, Row]]) -> list[Verdict]:
    """The promises for images: rows by the contender's name, by the work's name.

    A promise whose contenders were not measured is left out.
    """
    found: list[Verdict] = []
    for work, rows in works.items():
        own = rows.get(MYELIN)
        peers = {name: row for name, row in rows.items()
                 if not name.startswith(MYELIN) and not name.endswith(NOT_AUGMENTED)}  # fmt: skip
        if own is None or not peers:
            continue
        name = min(peers, key=lambda peer: peers[peer]["step"])
        found.append(_ratio(f"{work}: a step at least as fast as the fastest peer's ({name})",
                            peers[name]["step"] / own["step"], 1))  # fmt: skip
        jax = [row["step"] for name, row in peers.items() if name.startswith(JAX)]
        if work == "cnn" and jax:
            found.append(_ratio(f"{work}: a step at least 3× faster than {JAX}",
                                min(jax) / own["step"], 3))  # fmt: skip
        if without := rows.get(f"{MYELIN}, {NOT_AUGMENTED}"):
            share = cost(own, without)
            found.append((f"{work}: augmentation costs less than 15 % of the step",
                          f"{100 * share:.1f} %", share < 0.15))  # fmt: skip
    return found


def sequence_verdicts(works: dict[str, dict[str, Row]]) -> list[Verdict]:
    """The promises for sequences and streams; those whose contenders are missing are left out."""
    found: list[Verdict] = []
    for work, rows in works.items():
        own = rows.get(MYELIN)
        if own is None:
            continue
        if work == "streamed":
            for name, row in rows.items():
                if name.startswith(f"{MYELIN}, "):
                    ratio = row["epoch"] / own["epoch"]
                    promise = f"an epoch {name.partition(', ')[2]} at most 1.10× of one from memory"
                    found.append((promise, f"{ratio:.2f}×", ratio <= 1.1))
            continue
        peers = {name: row for name, row in rows.items() if not name.startswith(MYELIN)}
        if peers:
            name = min(peers, key=lambda peer: peers[peer]["step"])
            ratio = peers[name]["step"] / own["step"]
            found.append(_ratio(f"{work}: no slower than the fastest peer ({name})", ratio, 1))
            found.append(_ratio(f"{work}: the aim, 1.5 times as fast as that peer", ratio, 1.5))
    return found


def _ratio(promise: str, ratio: float, wanted: float) -> Verdict:
    return promise, f"{ratio:.2f}×", ratio >= wanted


def verdicts(rows: dict[str, Row], walls: dict[str, list[float]]) -> list[Verdict]:
    """Each promise, what was measured, and whether it holds.

    A promise whose contenders were not measured is left out.
    """
    if MYELIN not in rows:
        return []
    own = rows[MYELIN]
    peers = {name: row for name, row in rows.items() if not name.startswith(MYELIN)}
    keras = {name: row for name, row in peers.items() if name.startswith("Keras on")}
    found: list[Verdict] = []

    def at_least(promise: str, ratio: float, wanted: float) -> None:
        found.append(_ratio(promise, ratio, wanted))

    if peers:
        name = min(peers, key=lambda peer: peers[peer]["epoch"])
        at_least(f"an epoch at least 2× faster than the fastest peer ({name})",
                 peers[name]["epoch"] / own["epoch"], 2)  # fmt: skip
        name = min(peers, key=lambda peer: peers[peer]["wall"])
        at_least(f"the whole process faster than every peer (nearest: {name})",
                 peers[name]["wall"] / own["wall"], 1)  # fmt: skip
    if TENSORFLOW in rows:
        at_least(f"an epoch at least 8× faster than {TENSORFLOW}",
                 rows[TENSORFLOW]["epoch"] / own["epoch"], 8)  # fmt: skip
        at_least(f"the whole process at least 3× faster than {TENSORFLOW}",
                 rows[TENSORFLOW]["wall"] / own["wall"], 3)  # fmt: skip
    if keras:
        # The same program against the same: tuned ones hold their input in half the bytes.
        plain = [row["memory"] for name, row in keras.items() if "tuned" not in name]
        tuned = [row["memory"] for name, row in keras.items() if "tuned" in name]
        if plain:
            at_least("peak memory below every Keras backend's", min(plain) / own["memory"], 1)
        if tuned and FLOAT32 in rows:
            at_least("the same with float32 input, Keras's tuned",
                     min(tuned) / rows[FLOAT32]["memory"], 1)  # fmt: skip
    found.append(("97.5 % test accuracy or better", f"{100 * own['accuracy']:.2f} %",
                  own["accuracy"] >= 0.975))  # fmt: skip
    if "myelin" in walls and "jax" in walls:
        ratio = statistics.median(walls["myelin"]) / statistics.median(walls["jax"])
        found.append(("`import myelin` at most 1.10× of `import jax`",
                      f"{ratio:.2f}×", ratio <= 1.10))  # fmt: skip
    loaded = [name for name in walls if name.startswith("myelin,")]
    if loaded and "jax" in walls:
        ratio = statistics.median(walls[loaded[0]]) / statistics.median(walls["jax"])
        found.append(("the same once all names of a program are used",
                      f"{ratio:.2f}×", ratio <= 1.10))  # fmt: skip
    return found


def verdicts_table(found: Sequence[Verdict]) -> str:
    """The promises as a table."""
    body = [[promise, measured, "yes" if holds else "**no**"] for promise, measured, holds in found]
    return markdown(("promise", "measured", "holds"), body)
