"""What IMDB and Reuters share: texts as lists of word numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from myelin.datasets import cache, reading
from myelin.errors import FileFormatError, InputError


def marked(texts: Iterable[Any], start_char: int | None, index_from: int) -> list[list[int]]:
    """The texts with `index_from` added to each word, and `start_char` put in front."""
    start = [] if start_char is None else [start_char]
    shift = index_from or 0
    return [start + [word + shift for word in text] for text in texts]


def shorter(
    texts: list[list[int]], labels: np.ndarray, maxlen: int | None
) -> tuple[list[list[int]], np.ndarray]:
    """Only the texts of fewer than `maxlen` words; None keeps all.

    Raises:
        InputError: none is that short.
    """
    if not maxlen:
        return texts, labels
    kept = [index for index, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise InputError(f"maxlen={maxlen}: no text has fewer words. Choose a larger one.")
    return [texts[index] for index in kept], labels[kept]


def limited(
    texts: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None
) -> list[list[int]]:
    """The texts with rare and very frequent words replaced by `oov_char`, or left out.

    Args:
        texts: the texts.
        num_words: words from this number on are rare; None takes the largest number there is,
            as Keras does.
        skip_top: words below this number are too frequent.
        oov_char: what stands for such a word; None leaves it out.
    """
    if not num_words:
        num_words = max(max(text, default=0) for text in texts)
    if oov_char is None:
        return [[word for word in text if skip_top <= word < num_words] for text in texts]
    return [[word if skip_top <= word < num_words else oov_char for word in text] for text in texts]


def as_array(texts: list[list[int]]) -> np.ndarray:
    """An array `(n,)` of lists, also where all lists have one length."""
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array


def index(source: cache.Source) -> dict[str, int]:
    """The number of each word, from a JSON file.

    Raises:
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    path = cache.locate(source)
    words: Any = reading.undamaged(lambda: json.loads(path.read_text("utf-8")), path)
    if not isinstance(words, dict):
        raise FileFormatError(f"{path}: wants a dictionary of words and their numbers")
    return words
