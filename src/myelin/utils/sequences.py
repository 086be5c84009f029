"""Sequences of numbers: `pad_sequences`, and the pairs of `skipgrams`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Brings sequences to one length, by adding a value to short ones and cutting long ones.

    Args:
        sequences: a list of sequences; their entries may be arrays of one common shape.
        maxlen: the length; None takes that of the longest.
        dtype: of the result, `object` for text of different lengths.
        padding: "pre" fills up in front, "post" at the end.
        truncating: "pre" cuts off the beginning, "post" the end.
        value: what to fill up with.

    Returns:
        An array `(len(sequences), maxlen, …)`.

    Raises:
        InputError: something that is no list of sequences, or an unknown word.
        ShapeError: entries whose shapes differ.
    """
    for name, word in (("padding", padding), ("truncating", truncating)):
        if word not in ("pre", "post"):
            raise InputError(f'{name} wants "pre" or "post", got {word!r}')
    lengths = _lengths(sequences)
    if maxlen is None:
        maxlen = max(lengths, default=0)
    kind = np.dtype(dtype).kind
    if isinstance(value, str) and kind not in "OUS":
        raise InputError(f"value={value!r} is text: pass dtype=object, not {dtype!r}")
    first = next((item for item in sequences if len(item)), ())
    shape = np.asarray(first).shape[1:]
    padded = np.full((len(lengths), maxlen, *shape), value, dtype=dtype)
    for index, item in enumerate(sequences):
        # With maxlen 0, item[-0:] would be all of it.
        kept = item[max(len(item) - maxlen, 0) :] if truncating == "pre" else item[:maxlen]
        if not len(kept):
            continue
        entries = np.asarray(kept, dtype=dtype)
        if entries.shape[1:] != shape:
            raise ShapeError(
                f"sequence {index}: its entries have the shape {entries.shape[1:]}, "
                f"those of the first sequence {shape}"
            )
        start = maxlen - len(entries) if padding == "pre" else 0
        padded[index, start : start + len(entries)] = entries
    return padded


def _lengths(sequences: Any) -> list[int]:
    if not hasattr(sequences, "__len__"):
        raise InputError(
            f"pad_sequences wants a list of sequences, got {type(sequences).__name__}: "
            "make a list of it first"
        )
    for index, item in enumerate(sequences):
        if not hasattr(item, "__len__"):
            raise InputError(
                f"pad_sequences wants a list of sequences, and entry {index} is {item!r}"
            )
    return [len(item) for item in sequences]


def skipgrams(
    sequence: Sequence[int],
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words that stand near each other, and pairs drawn at random.

    Args:
        sequence: the numbers of words, 0 for none.
        vocabulary_size: one more than the largest number.
        window_size: how far apart the words of a pair may be.
        negative_samples: how many pairs to draw for each true one.
        shuffle: whether pairs come in random order.
        categorical: whether labels are `[1, 0]` and `[0, 1]` in the place of 0 and 1.
        sampling_table: `(vocabulary_size,)`, with what probability a word is taken.
        seed: of the order; drawn when None. What is drawn comes from Python's `random`.

    Returns:
        The pairs, and labels that are 1 for true pairs.

    Source: Mikolov et al., Efficient Estimation of Word Representations in Vector Space, 2013.
    """
    pairs = []
    for place, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        start = max(0, place - window_size)
        for other in range(start, min(len(sequence), place + window_size + 1)):
            if other != place and sequence[other]:
                pairs.append([word, sequence[other]])
    true, drawn = ([0, 1], [1, 0]) if categorical else (1, 0)
    labels: list[Any] = [true] * len(pairs)
    count = int(len(pairs) * negative_samples)
    if negative_samples > 0:
        words = [pair[0] for pair in pairs]
        random.shuffle(words)
        pairs += [
            [words[index % len(words)], random.randint(1, vocabulary_size - 1)]
            for index in range(count)
        ]
        labels += [drawn] * count
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        for each in (pairs, labels):
            # The same order for both.
            random.seed(seed)
            random.shuffle(each)
    return pairs, labels


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """With what probability `skipgrams` is to take the word of each rank in frequency.

    `p = min(1, sqrt(factor / frequency))`, with frequencies as Zipf's law has them:
    `frequency = 1 / (rank · (log(rank) + γ) + 1/2 - 1 / (12 rank))`.

    Args:
        size: how many words.
        sampling_factor: the factor.

    Source: Mikolov et al., Distributed Representations of Words and Phrases, 2013.
    """
    rank = np.maximum(np.arange(size), 1)
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse))
