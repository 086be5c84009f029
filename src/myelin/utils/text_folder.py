"""`text_dataset_from_directory`: batches of texts from a folder with a folder per class."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError
from myelin.utils.dataset import TensorSpec
from myelin.utils.folders import Listing, one_of


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Batches of the texts in a folder, where each folder inside it is a class.

    Files ending in .txt are read, as UTF-8.

    Args:
        directory, labels, label_mode, class_names, shuffle, seed, validation_split, subset,
            follow_links, format, verbose: as for `image_dataset_from_directory`.
        batch_size: texts a batch; None gives them one by one.
        max_length: the most bytes of a text; the rest is left out.

    Returns:
        A `Dataset` of `(texts, labels)`, texts as an object array `(n,)` of strings, with
        `class_names` and `file_paths`; for `subset="both"` those of training and of validation.

    Raises:
        InputError: no texts, or an argument out of range.
        FileFormatError: a file that is not UTF-8.
    """
    one_of("format", format, ("tf", "grain"))
    if max_length is not None and max_length < 0:
        raise InputError(f"max_length wants a number of bytes, or None, got {max_length}")
    return Listing(
        (".txt",), "texts", directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    ).folders(partial(_read, max_length), _join, TensorSpec((), "string"))  # fmt: skip


def _read(max_length: int | None, path: str) -> np.ndarray:
    raw = Path(path).read_bytes()
    cut = max_length is not None and len(raw) > max_length
    try:
        # A cut may go through a letter of several bytes, which then goes too.
        text = raw[:max_length].decode("utf-8", "ignore" if cut else "strict")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path}: no text in UTF-8: {error}") from None
    return np.asarray(text, object)


def _join(texts: list[Any]) -> np.ndarray:
    # Of objects: a fixed width would take that of the longest text for each.
    made = np.empty(len(texts), object)
    made[:] = [text.item() for text in texts]
    return made
