"""Which files a folder holds, and which class each belongs to."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from myelin.errors import InputError


def index_files(
    directory: str | os.PathLike[str],
    labels: Any,
    class_names: list[str] | None,
    shuffle: bool,
    seed: int,
    follow_links: bool,
    verbose: bool,
    endings: tuple[str, ...],
    what: str,
) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    """The files with certain endings below a folder, in Keras's order for the same seed.

    Args:
        directory, labels, class_names, shuffle, seed, follow_links, verbose: as for
            `image_dataset_from_directory`.
        endings: those endings, in small letters.
        what: what to call the files in an error.

    Returns:
        The paths, the class number of each (int32) or None, and the names of the classes or
        None.

    Raises:
        InputError: no such folder, no such files, or labels and files that do not match.
    """
    root = os.fspath(directory)
    if not os.path.isdir(root):
        raise InputError(f"{root}: no such folder")
    if labels == "inferred":
        names: list[str] | None = _classes(root, class_names)
        found = [_files(os.path.join(root, name), follow_links, endings) for name in names or []]
        files = [path for group in found for path in group]
        numbers = np.repeat(np.arange(len(found), dtype=np.int32), [len(g) for g in found])
    else:
        if class_names is not None:
            raise InputError('class_names goes with labels="inferred" only')
        files = _files(root, follow_links, endings)
        numbers, names = _given(labels, files, root, what)
    if not files:
        raise InputError(
            f"{root}: no {what} ({', '.join(endings)}) found"
            + (" in the folders inside it" if labels == "inferred" else "")
        )
    if verbose:
        print(
            f"Found {len(files)} files" + (f" belonging to {len(names)} classes." if names else ".")
        )
    if shuffle:
        # RandomState and two shuffles, one for each list: this is how Keras mixes them.
        np.random.RandomState(seed).shuffle(files)
        if names is not None:
            np.random.RandomState(seed).shuffle(numbers)
    return files, None if names is None else numbers, names


def split_files(
    count: int, fraction: float | None, subset: str | None, verbose: bool, what: str
) -> slice:
    """Which of `count` files belong to "training" or "validation"; the latter are the last.

    Raises:
        InputError: the part is empty.
    """
    if not fraction or subset is None:
        return slice(None)
    validating = int(fraction * count)
    size = validating if subset == "validation" else count - validating
    if not size:
        raise InputError(f"validation_split={fraction} of {count} files leaves no {subset} {what}")
    if verbose:
        print(f"Using {size} files for {subset}.")
    cut = count - validating
    return slice(cut, None) if subset == "validation" else slice(0, cut)


def _classes(root: str, class_names: list[str] | None) -> list[str]:
    folders = sorted(
        entry.name for entry in os.scandir(root) if entry.is_dir() and entry.name[0] != "."
    )
    if class_names is None:
        return folders
    if unknown := sorted(set(class_names) - set(folders)):
        raise InputError(f"class_names: {root} has no folder {unknown}; it has {folders}")
    return list(class_names)


def _files(folder: str, follow_links: bool, endings: tuple[str, ...]) -> list[str]:
    walked = sorted(os.walk(folder, followlinks=follow_links), key=lambda step: step[0])
    return [
        os.path.join(where, name)
        for where, _, names in walked
        for name in sorted(names)
        if name.lower().endswith(endings)
    ]


def _given(
    labels: Any, files: list[str], root: str, what: str
) -> tuple[np.ndarray, list[str] | None]:
    if labels is None:
        return np.zeros(0, np.int32), None
    if len(labels) != len(files):
        raise InputError(f"labels has {len(labels)} entries, and {root} holds {len(files)} {what}")
    return np.asarray(labels, np.int32), [str(label) for label in sorted(set(labels))]
