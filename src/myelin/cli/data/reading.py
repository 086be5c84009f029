"""Finds out what DATA is, and reads it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from myelin.cli.data import images
from myelin.cli.data.arrays import read_npz
from myelin.cli.data.builtin import BUILTIN, read_builtin
from myelin.cli.data.rows import Rows, Source
from myelin.cli.data.tables import read_table, with_target
from myelin.errors import InputError, nearest

TABLES = (".csv", ".tsv", ".parquet")


def kind_of(data: str) -> str:
    """What DATA names: "builtin", "arrays", "table", "images" (a folder) or "image" (a file).

    Raises:
        InputError: nothing of that name, or a file of another kind.
    """
    path = Path(data)
    if data in BUILTIN:
        return "builtin"
    if not path.exists():
        hint = nearest(data, BUILTIN)
        hint = f" {hint}" if hint.startswith("Did") and not path.suffix else ""
        what = "file or folder" if path.suffix or len(path.parts) > 1 else (
            "file, folder or built-in data set"
        )  # fmt: skip
        raise InputError(f'There is no {what} called "{data}".{hint}')
    if path.is_dir():
        return "images"
    ending = path.suffix.lower()
    if ending in TABLES:
        return "table"
    if ending in images.ENDINGS:
        return "image"
    if ending == ".npz":
        return "arrays"
    raise InputError(
        f"{data}: data come as .npz, .csv, .tsv or .parquet, as a folder of images, or as one of "
        f"{', '.join(BUILTIN)}"
    )


def read_labelled(
    data: str,
    target: str | None,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
) -> Source:
    """Data with their targets, for `train` and `evaluate`.

    Args:
        data: a built-in name or a path.
        target: the column of a table that is to be predicted.
        size: height and width of images; None finds them.
        channels: 1 or 3; None finds them.

    Raises:
        InputError: data that cannot be read, or do not have what is needed.
    """
    kind = kind_of(data)
    path = Path(data)
    if kind != "table" and target is not None:
        raise InputError(f"--target names the column of a table, and {data} is none")
    if kind == "builtin":
        return read_builtin(data)
    title = path.resolve().stem
    if kind == "image":
        raise InputError(f"{data}: is one image; wants a folder with one sub-folder a class")
    if kind == "images":
        rows, test, notes = images.read_folder(path, size, channels)
        mark = images.folder_fingerprint(path)
        return Source(title, "images", rows, test, mark, notes)
    if kind == "arrays":
        rows, test = read_npz(path, wants_targets=True)
        return Source(title, "arrays", rows, test, fingerprint(path), labels=True)
    rows, notes = with_target(path, read_table(path), target)
    return Source(title, "table", rows, None, fingerprint(path), notes)


def read_inputs(
    data: str, size: tuple[int, int] | None = None, channels: int | None = None
) -> Source:
    """Data without need of targets, for `predict`.

    Args:
        data, size, channels: as for `read_labelled`.

    Raises:
        InputError: data that cannot be read.
    """
    kind = kind_of(data)
    path = Path(data)
    if kind == "builtin":
        source = read_builtin(data)
        assert source.test is not None
        return Source(data, "arrays", Rows(source.test.x))
    title = path.resolve().stem
    if kind in ("images", "image"):
        root = path if kind == "images" else path.parent
        files = images.find_images(path) if kind == "images" else [path]
        if not files:
            raise InputError(f"{data}: has no images")
        pixels, _ = images.read_images(files, root, size, channels)
        return Source(
            title, "images", Rows(pixels, None, [str(f.relative_to(root)) for f in files])
        )
    if kind == "arrays":
        rows, _ = read_npz(path, wants_targets=False)
        return Source(title, "arrays", Rows(rows.x))
    return Source(title, "table", Rows(read_table(path)))


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
