"""Reuters: news of 46 subjects."""

from __future__ import annotations

import numpy as np

from myelin.datasets import cache, reading, splits, words

SOURCE = cache.Source(
    "reuters.npz",
    cache.KERAS_URL + "reuters.npz",
    "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
)
WORD_INDEX = cache.Source(
    "reuters_word_index.json",
    cache.KERAS_URL + "reuters_word_index.json",
    "4d44cc38712099c9e383dc6e5f11a921",
)
_SUBJECTS = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves
    ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin
    strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem
    dlr gas silver wpi hog lead
"""


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> splits.TrainAndTest:
    """Loads 11,228 pieces of news as word numbers (Lewis, 1997: Reuters-21578).

    Words are numbered by how often they occur. With the defaults 0 is for padding, 1 begins a
    text, 2 stands for words that are left out, and the most frequent word is 4.

    Args:
        path: the name of the file in the caches.
        num_words: keeps word numbers below this one; None keeps all.
        skip_top: leaves out word numbers below this one.
        maxlen: leaves out texts of this many words or more.
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.
        start_char: begins each text; None puts nothing there.
        oov_char: stands for words left out; None drops them.
        index_from: is added to all word numbers.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of word numbers, and int64
        `(n,)`, 0 to 45.

    Raises:
        InputError: `maxlen` leaves nothing, or the share is out of range.
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    splits.check_share(test_split)
    found = cache.locate(cache.named(path, SOURCE))
    x, y = reading.arrays(found, ("x", "y"))
    reading.same_length(found, (x, y))
    order = splits.shuffled_order(len(x), np.random.RandomState(seed))
    texts, labels = words.shorter(words.marked(x[order], start_char, index_from), y[order], maxlen)
    texts = words.limited(texts, num_words, skip_top, oov_char)
    cut = int(len(texts) * (1 - test_split))
    return (words.as_array(texts[:cut]), labels[:cut]), (words.as_array(texts[cut:]), labels[cut:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The number of each word, counted from 1, before `index_from` is added.

    Args:
        path: the name of the file in the caches.
    """
    return words.index(cache.named(path, WORD_INDEX))


def get_label_names() -> tuple[str, ...]:
    """The 46 subjects, in the order of their numbers."""
    return tuple(_SUBJECTS.split())
