"""The text of results.md and its like. Pure functions; nothing runs here."""

from __future__ import annotations

from dataclasses import dataclass, field

import report
from lineup import Work

Rows = dict[str, report.Row]


@dataclass
class Measured:
    """What one run of the driver found.

    Attributes:
        head: the date and the machine.
        rounds: how many there were.
        rows: of each work, a summary for each contender and variant, by name.
        epochs: of each work, by its name.
        walls: of each import, its wall times.
        gemm: GFLOP/s of the machine's fastest product of matrices.
    """

    head: str
    rounds: int
    rows: dict[str, Rows]
    epochs: dict[str, int]
    walls: dict[str, list[float]] = field(default_factory=dict)
    gemm: float = 0.0


def classic(work: Work, measured: Measured, import_rounds: int) -> str:
    """results.md: the classic program, its variants, and imports."""
    rows = measured.rows.get(work.name, {})
    plain, variants = parted(work, rows)
    reference = reference_of(plain)
    parts = [
        "# Results\n\nWritten by `make bench`; README.md says what is measured and how.",
        f"{measured.head}. Medians of {measured.rounds} rounds; × is the ratio to {reference}.",
    ]
    if found := report.verdicts(plain, measured.walls):
        parts += ["## What it must show", report.verdicts_table(found)]
    if plain:
        parts.append(f"## {work.title}, {measured.epochs[work.name]} epochs")
        parts.append(report.contenders_table(plain, reference))
    if variants:
        parts += ["## Its variants", report.variants_table(variants, plain)]
    if measured.walls:
        parts += [
            f"## Import\n\nMedians of {import_rounds} processes each, with Python's own start.",
            report.imports_table(measured.walls),
        ]
    return "\n\n".join(parts) + "\n"


def images(works: tuple[Work, ...], measured: Measured) -> str:
    """results_images.md: the networks for images, and what augmentation costs."""
    parts = [
        "# Results with images\n\n"
        "Written by `make bench`; README.md says what is measured and how.",
        f"{measured.head}. Medians of {measured.rounds} rounds; × is the ratio to {report.MYELIN}. "
        "The fastest float32 product of matrices that NumPy gets out of this machine runs at "
        f"{measured.gemm:.0f} GFLOP/s; a network's GFLOP/s count its convolutions and dense "
        "layers, forward and backward.",
    ]
    if found := report.image_verdicts(measured.rows):
        parts += ["## What it must show", report.verdicts_table(found)]
    for work in works:
        if not (rows := measured.rows.get(work.name)):
            continue
        plain, _ = parted(work, rows)
        parts.append(f"## {work.title}, {measured.epochs[work.name]} epochs")
        if plain:
            parts.append(report.steps_table(plain, reference_of(plain), work.gflop))
        for variant in work.variants:
            parts.append(f"### The same, {variant.name}")
            parts.append(report.costs_table(rows, variant.name))
    return "\n\n".join(parts) + "\n"


def sequences(works: tuple[Work, ...], measured: Measured) -> str:
    """results_sequences.md: networks for sequences, an autoencoder, and data in a stream."""
    parts = [
        "# Results with sequences\n\n"
        "Written by `make bench`; README.md says what is measured and how.",
        f"{measured.head}. Medians of {measured.rounds} rounds; × is the ratio to {report.MYELIN}.",
    ]
    if found := report.sequence_verdicts(measured.rows):
        parts += ["## What it must show", report.verdicts_table(found)]
    for work in works:
        if rows := measured.rows.get(work.name):
            parts.append(f"## {work.title}, {measured.epochs[work.name]} epochs")
            parts.append(report.epochs_table(rows, reference_of(rows)))
    return "\n\n".join(parts) + "\n"


def parted(work: Work, rows: Rows) -> tuple[Rows, Rows]:
    """The rows of the program itself, and those of its variants."""
    endings = tuple(f", {variant.name}" for variant in work.variants)
    variants = {name: row for name, row in rows.items() if name.endswith(endings)}
    return {name: row for name, row in rows.items() if name not in variants}, variants


def reference_of(rows: Rows) -> str:
    """Myelin, or the first contender where it was not measured."""
    return report.MYELIN if report.MYELIN in rows else next(iter(rows), "")
