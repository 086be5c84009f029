"""`Tokenizer` and its kin, which older Keras programs make numbers of text with.

New programs take `layers.TextVectorization`, which goes into the model and its file.
"""

from __future__ import annotations

import collections
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError, unknown_name

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "freq", "tfidf")


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text.

    Args:
        input_text: the text.
        filters: characters that stand for `split`.
        lower: whether capitals become small letters.
        split: what stands between words.
    """
    text = input_text.lower() if lower else input_text
    text = text.translate({ord(letter): split for letter in filters})
    return [word for word in text.split(split) if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """A number from 1 up to n for each word, by Python's hash, which differs between runs.

    Args:
        input_text, n, filters, lower, split, analyzer: as for `hashing_trick`.
    """
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """A number from 1 up to n for each word, by its hash.

    Args:
        text: the text.
        n: how many numbers there are, 0 included, which no word has.
        hash_function: from a word to a whole number; "md5", the same in every run; Python's, which
            differs between runs, when None.
        filters, lower, split: as for `text_to_word_sequence`.
        analyzer: from a text to its words, in place of those.

    Raises:
        InputError: n below 2.
    """
    if n < 2:
        raise InputError(f"hashing_trick: n wants at least 2, got {n}")
    function = _md5 if hash_function == "md5" else hash_function or hash
    words = _words(text, filters, lower, split, analyzer)
    return [function(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def _words(
    text: str,
    filters: str,
    lower: bool,
    split: str,
    analyzer: Callable[[str], Iterable[str]] | None,
) -> list[str]:
    if analyzer is not None:
        return list(analyzer(text))
    return text_to_word_sequence(text, filters, lower, split)


class Tokenizer:
    """Numbers words by how frequent they are, from 1, and makes numbers of texts by that.

    Args:
        num_words: only the `num_words - 1` most frequent words count; None for all.
        filters, lower, split: as for `text_to_word_sequence`.
        char_level: whether every character is a word.
        oov_token: the word, with the number 1, that stands for unknown ones; None leaves them out.
        analyzer: from a text to its words.

    Attributes:
        word_index, index_word: from a word to its number, and back; of all words, however many
            count.
        word_counts, word_docs: how often each word came, and in how many texts.
        index_docs: the latter by number.
        document_count: how many texts there were.
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        document_count: int = 0,
    ) -> None:
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = collections.OrderedDict()
        self.word_docs: dict[str, int] = collections.defaultdict(int)
        self.index_docs: dict[int, int] = collections.defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> list[str]:
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return list(text.lower() if self.lower else text)
        return _words(text, self.filters, self.lower, self.split, self.analyzer)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Counts the words of texts, each a string or a list of words, and numbers them anew."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: number for number, word in enumerate(first + ranked, 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Sequence[Iterable[int]]) -> None:
        """Counts in how many sequences of numbers each number is, for tf-idf."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """The numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """The same, one text at a time."""
        for text in texts:
            numbers = (self._counting(self.word_index.get(word)) for word in self._words(text))
            yield [number for number in numbers if number is not None]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """The words of each sequence of numbers, joined by spaces."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """The same, one sequence at a time."""
        for sequence in sequences:
            known = (number if number in self.index_word else None for number in sequence)
            numbers = map(self._counting, known)
            yield " ".join(self.index_word[number] for number in numbers if number is not None)

    def _counting(self, number: int | None) -> int | None:
        """A word's number where it counts, else that of unknown words, or None."""
        if number is not None and not (self.num_words and number >= self.num_words):
            return number
        return None if self.oov_token is None else self.word_index.get(self.oov_token)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """A row of as many numbers as there are words for each text; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(
        self, sequences: Sequence[Sequence[int]], mode: str = "binary"
    ) -> np.ndarray:
        """A row of as many numbers as there are words for each sequence.

        Args:
            sequences: of the words' numbers.
            mode: "binary" says which words are in it, "count" how often, "freq" how often for each
                word, "tfidf" `(1 + log count) · log(1 + texts / (1 + texts with the word))`.

        Raises:
            InputError: the number of words is not known, or no texts were counted for "tfidf".
            UnknownNameError: another mode.
        """
        if mode not in _MODES:
            raise unknown_name("mode of texts_to_matrix", mode, _MODES)
        if not self.num_words and not self.word_index:
            raise InputError("Tokenizer: give num_words, or call fit_on_texts first")
        if mode == "tfidf" and not self.document_count:
            raise InputError('Tokenizer: "tfidf" wants fit_on_texts first')
        matrix = np.zeros((len(sequences), self.num_words or len(self.word_index) + 1))
        for row, sequence in zip(matrix, sequences, strict=True):
            for number, count in collections.Counter(sequence).items():
                if number < len(row):
                    row[number] = self._weight(number, count, len(sequence), mode)
        return matrix

    def _weight(self, number: int, count: int, length: int, mode: str) -> float:
        if mode == "tfidf":
            seen = self.index_docs.get(number, 0)
            return (1 + math.log(count)) * math.log(1 + self.document_count / (1 + seen))
        return {"binary": 1.0, "count": count, "freq": count / length}[mode]

    def get_config(self) -> dict[str, Any]:
        """All there is to know, the tables as JSON text."""
        tables = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        plain = ("num_words", "filters", "lower", "split", "char_level", "oov_token",
                 "document_count")  # fmt: skip
        config = {name: getattr(self, name) for name in plain}
        return {**config, **{name: json.dumps(getattr(self, name)) for name in tables}}

    def to_json(self, **kwargs: Any) -> str:
        """Itself as JSON text, which `tokenizer_from_json` reads."""
        written = {"class_name": "Tokenizer", "config": self.get_config()}
        return json.dumps(written, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that `to_json` wrote, here or in Keras.

    Raises:
        InputError: the text is no such tokenizer.
    """
    try:
        config = dict(json.loads(json_string)["config"])
        tables = {
            name: json.loads(config.pop(name))
            for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        }
        made = Tokenizer(**config)
        for name in ("index_docs", "index_word"):
            # JSON has text alone for keys.
            tables[name] = {int(key): value for key, value in tables[name].items()}
        for name, table in tables.items():
            getattr(made, name).update(table)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"tokenizer_from_json: this is no tokenizer: {error!r}") from None
    return made
