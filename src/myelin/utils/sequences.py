"""`pad_sequences`: lists of different length as one array."""

from __future__ import annotations

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
