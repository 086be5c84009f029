"""Older helpers for text and sequences, by hand; beside Keras's in test_text_against_keras.py."""

import math
import random

import numpy as np
import pytest

from myelin.errors import InputError, MyelinError, ShapeError
from myelin.utils.sequences import make_sampling_table, skipgrams
from myelin.utils.text import Tokenizer, hashing_trick, text_to_word_sequence, tokenizer_from_json
from myelin.utils.timeseries_generator import TimeseriesGenerator

TEXTS = ["The cat sat, the cat!", "A dog; a cat.", ""]


def test_words_are_numbered_by_frequency():
    tokenizer = Tokenizer(oov_token="?")
    tokenizer.fit_on_texts(TEXTS)
    assert tokenizer.word_index == {"?": 1, "cat": 2, "the": 3, "a": 4, "sat": 5, "dog": 6}
    assert tokenizer.texts_to_sequences(["the new dog"]) == [[3, 1, 6]]
    assert tokenizer.sequences_to_texts([[3, 1, 6, 99]]) == ["the ? dog ?"]
    assert dict(tokenizer.word_docs) == {"the": 1, "cat": 2, "sat": 1, "a": 1, "dog": 1}


def test_tf_idf_is_what_its_formula_says():
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(TEXTS)
    found = tokenizer.texts_to_matrix(["cat cat the"], "tfidf")[0]
    assert found[1] == pytest.approx((1 + math.log(2)) * math.log(1 + 3 / 3))
    assert found[2] == pytest.approx(math.log(1 + 3 / 2))
    assert found[3:].tolist() == [0, 0, 0]


def test_a_tokenizer_comes_back_from_json():
    tokenizer = Tokenizer(num_words=4, char_level=True)
    tokenizer.fit_on_texts(TEXTS)
    again = tokenizer_from_json(tokenizer.to_json())
    assert again.get_config() == tokenizer.get_config()
    assert again.texts_to_sequences(TEXTS) == tokenizer.texts_to_sequences(TEXTS)


def test_hashes_of_words():
    assert text_to_word_sequence("One, two;TWO") == ["one", "two", "two"]
    numbers = hashing_trick("one two two", 50, "md5")
    assert numbers[1] == numbers[2]
    assert all(1 <= number < 50 for number in numbers)


def test_pairs_of_neighbours():
    random.seed(0)
    pairs, labels = skipgrams([1, 2, 0, 3], 10, window_size=1, negative_samples=0, shuffle=False)
    assert pairs == [[1, 2], [2, 1]]
    assert labels == [1, 1]
    pairs, labels = skipgrams([1, 2, 3], 10, window_size=2, negative_samples=2.0, seed=1)
    assert labels.count(0) == 2 * labels.count(1)
    true = {tuple(pair) for pair, label in zip(pairs, labels, strict=True) if label}
    assert true == {(a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b}


def test_frequent_words_are_taken_less_often():
    table = make_sampling_table(100_000)
    assert (np.diff(table[1:]) >= 0).all()
    assert table[1] < 0.01
    assert table[-1] == 1


def test_windows_over_a_series():
    data = np.arange(20)
    windows = TimeseriesGenerator(data, data * 10, length=6, sampling_rate=2, batch_size=8)
    assert len(windows) == 2
    samples, targets = windows[0]
    assert samples[0].tolist() == [0, 2, 4]
    assert targets[0] == 60
    assert sum(len(targets) for _, targets in windows) == 14


@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        (lambda: Tokenizer().texts_to_matrix(["a"]), InputError),
        (lambda: Tokenizer(5).texts_to_matrix(["a"], "tfidf"), InputError),
        (lambda: Tokenizer(5).texts_to_matrix(["a"], "counts"), MyelinError),
        (lambda: tokenizer_from_json("{}"), InputError),
        (lambda: hashing_trick("a", 1), InputError),
        (lambda: TimeseriesGenerator([1, 2], [1], 1), ShapeError),
        (lambda: TimeseriesGenerator([1, 2], [1, 2], 2), InputError),
    ],
)
def test_mistakes_are_told(mistake, error):
    with pytest.raises(error):
        mistake()
