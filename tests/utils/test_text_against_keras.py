"""Older helpers for text and sequences beside those that Keras keeps for old programs."""

import random

import numpy as np
import pytest

from myelin.utils import sequences, text, timeseries_generator

keras = pytest.importorskip("keras")
old_text = pytest.importorskip("keras.src.legacy.preprocessing.text")
old_sequence = pytest.importorskip("keras.src.legacy.preprocessing.sequence")

pytestmark = pytest.mark.peer

TEXTS = [
    "The cat sat on the mat, the CAT!",
    "A dog; a\tcat & a mouse",
    "",
    "the end\nof-it",
    ["A", "b"],
]
OTHERS = ["the unseen cat", "", "mat dog dog mat cat", ["a", "B", "zz"]]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"num_words": 5},
        {"oov_token": "<OOV>"},
        {"num_words": 5, "oov_token": "<OOV>"},
        {"lower": False},
        {"char_level": True, "num_words": 8},
        {"filters": "", "split": "a"},
        {"analyzer": lambda words: words.split("a")},
    ],
    ids=lambda arguments: "-".join(arguments) or "default",
)
def test_tokenizers(arguments):
    ours, theirs = text.Tokenizer(**arguments), old_text.Tokenizer(**arguments)
    for tokenizer in (ours, theirs):
        tokenizer.fit_on_texts(TEXTS)
    for name in ("word_index", "index_word", "word_counts", "word_docs", "index_docs"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert list(ours.word_index) == list(theirs.word_index)
    numbers = theirs.texts_to_sequences(OTHERS)
    assert ours.texts_to_sequences(OTHERS) == numbers
    assert ours.sequences_to_texts([*numbers, [1, 77]]) == theirs.sequences_to_texts(
        [*numbers, [1, 77]]
    )
    for mode in ("binary", "count", "freq", "tfidf"):
        np.testing.assert_allclose(
            ours.texts_to_matrix(OTHERS, mode), theirs.texts_to_matrix(OTHERS, mode)
        )
    if "analyzer" not in arguments:
        read = text.tokenizer_from_json(theirs.to_json())
        assert read.texts_to_sequences(OTHERS) == numbers
        assert old_text.tokenizer_from_json(ours.to_json()).texts_to_sequences(OTHERS) == numbers


def test_words_and_hashes():
    for given in (text, old_text):
        assert given.text_to_word_sequence("A b,C\n d", lower=False) == ["A", "b", "C", "d"]
    assert text.one_hot("a b a", 10) == old_text.one_hot("a b a", 10)
    for arguments in ({"hash_function": "md5"}, {"hash_function": len}, {"analyzer": str.split}):
        assert text.hashing_trick("a bb, a ccc", 50, **arguments) == old_text.hashing_trick(
            "a bb, a ccc", 50, **arguments
        )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"window_size": 1, "negative_samples": 0.5, "categorical": True},
        {"negative_samples": 0, "shuffle": False},
        {"sampling_table": old_sequence.make_sampling_table(30, 0.01), "seed": 5},
    ],
    ids=str,
)
def test_skipgrams(arguments):
    words = np.random.default_rng(0).integers(0, 20, 40).tolist()
    found = []
    for given in (sequences, old_sequence):
        random.seed(9)
        # Keras draws its own seed with a float, which newer Pythons refuse.
        found.append(given.skipgrams(words, 30, **{"seed": 3, **arguments}))
    assert found[0] == found[1]


def test_sampling_tables():
    for size, factor in ((1, 1e-5), (500, 1e-5), (500, 1e-2)):
        np.testing.assert_allclose(
            sequences.make_sampling_table(size, factor),
            old_sequence.make_sampling_table(size, factor),
        )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"sampling_rate": 2, "stride": 3, "batch_size": 4},
        {"start_index": 3, "end_index": 20, "reverse": True},
        {"shuffle": True, "batch_size": 5},
    ],
    ids=str,
)
def test_time_series(arguments):
    data, targets = np.arange(60).reshape(30, 2), np.arange(30)
    found = []
    for given in (timeseries_generator, old_sequence):
        np.random.seed(1)
        windows = given.TimeseriesGenerator(data, targets, 5, **arguments)
        found.append([windows[index] for index in range(len(windows))])
    assert len(found[0]) == len(found[1])
    for ours, theirs in zip(*found, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"maxlen": 3},
        {"maxlen": 5, "padding": "post", "truncating": "post", "value": 9},
        {"maxlen": 2, "dtype": "float64", "value": 0.5},
    ],
    ids=str,
)
def test_pad_sequences(arguments):
    given = [[1, 2, 3, 4], [5], [], [6, 7]]
    ours = sequences.pad_sequences(given, **arguments)
    theirs = keras.utils.pad_sequences(given, **arguments)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype
