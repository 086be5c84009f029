"""IMDB: reviews of films, good or bad."""

from __future__ import annotations

import numpy as np

from myelin.datasets import cache, reading, splits, words

SOURCE = cache.Source(
    "imdb.npz",
    cache.KERAS_URL + "imdb.npz",
    "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
)
WORD_INDEX = cache.Source(
    "imdb_word_index.json",
    cache.KERAS_URL + "imdb_word_index.json",
    "bfafd718b763782e994055a2d397834f",
)


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> splits.TrainAndTest:
    """Loads 25,000 and 25,000 reviews as word numbers (Maas and others, 2011).

    Words are numbered by how often they occur. With the defaults 0 is for padding, 1 begins a
    review, 2 stands for words that are left out, and the most frequent word is 4.

    Args:
        path: the name of the file in the caches.
        num_words: keeps word numbers below this one; None keeps all.
        skip_top: leaves out word numbers below this one.
        maxlen: leaves out reviews of this many words or more.
        seed: of the mixing.
        start_char: begins each review; None puts nothing there.
        oov_char: stands for words left out; None drops them.
        index_from: is added to all word numbers.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of word numbers, and int64
        `(n,)`, 1 for good and 0 for bad.

    Raises:
        InputError: `maxlen` leaves nothing.
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    found = cache.locate(cache.named(path, SOURCE))
    x_train, y_train, x_test, y_test = reading.arrays(
        found, ("x_train", "y_train", "x_test", "y_test")
    )
    reading.same_length(found, (x_train, y_train), (x_test, y_test))
    # One generator for both parts, as Keras has it.
    random = np.random.RandomState(seed)
    texts: list[list[int]] = []
    labels = []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        order = splits.shuffled_order(len(x), random)
        kept, its_labels = words.shorter(
            words.marked(x[order], start_char, index_from), y[order], maxlen
        )
        texts += kept
        labels.append(its_labels)
    texts = words.limited(texts, num_words, skip_top, oov_char)
    cut = len(labels[0])
    return (words.as_array(texts[:cut]), labels[0]), (words.as_array(texts[cut:]), labels[1])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The number of each word, counted from 1, before `index_from` is added.

    Args:
        path: the name of the file in the caches.
    """
    return words.index(cache.named(path, WORD_INDEX))
