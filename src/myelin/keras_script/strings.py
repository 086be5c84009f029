"""Text in TensorFlow programs: `tf.strings`, as far as they standardize text with it.

Each takes a text or an array of text, and gives a NumPy array of text or numbers. What is no text
in `constant` and `expand_dims` goes to `ops`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin import ops
from myelin.layers.hosting import host_array, is_text
from myelin.layers.preprocessing.fingerprints import fingerprint64, siphash64

# The type of text, in `Input(dtype=tf.string)`.
string = "string"


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """An array of numbers, or of text on the host."""
    array = host_array(value, "tf.constant")
    made: Any = array if is_text(array) else ops.convert_to_tensor(value, dtype)
    if shape is None:
        return made
    return np.broadcast_to(made, shape) if is_text(array) else ops.broadcast_to(made, shape)


def expand_dims(input: Any, axis: int, name: str | None = None) -> Any:
    """With an axis of size 1 at `axis`."""
    if isinstance(input, str | bytes | np.ndarray) and is_text(np.asarray(input)):
        return np.expand_dims(host_array(input, "tf.expand_dims"), axis)
    return ops.expand_dims(input, axis)


def _each(inputs: Any, function: Callable[[str], Any], kind: Any = object) -> np.ndarray:
    array = host_array(inputs, "tf.strings")
    texts = (t.decode() if isinstance(t, bytes) else t for t in array.ravel().tolist())
    made = np.empty(array.size, kind)
    for index, text in enumerate(texts):
        made[index] = function(text)
    return made.reshape(array.shape)


def _in_ascii(change: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda text: change(text.encode()).decode()


def lower(input: Any, encoding: str = "", name: str | None = None) -> np.ndarray:
    """Small letters; with no `encoding` only of ASCII."""
    return _each(input, str.lower if encoding else _in_ascii(bytes.lower))


def upper(input: Any, encoding: str = "", name: str | None = None) -> np.ndarray:
    """Capitals; with no `encoding` only of ASCII."""
    return _each(input, str.upper if encoding else _in_ascii(bytes.upper))


def strip(input: Any, name: str | None = None) -> np.ndarray:
    """Without white space at both ends."""
    return _each(input, _in_ascii(bytes.strip))


def regex_replace(
    input: Any, pattern: str, rewrite: str, replace_global: bool = True, name: str | None = None
) -> np.ndarray:
    """With `rewrite` for what fits the pattern, everywhere or only the first time."""
    found = re.compile(pattern)
    # What TensorFlow calls \\0 is the whole of what fits.
    rewrite = rewrite.replace(r"\0", r"\g<0>")
    return _each(input, lambda text: found.sub(rewrite, text, count=0 if replace_global else 1))


def regex_full_match(input: Any, pattern: str, name: str | None = None) -> np.ndarray:
    """Whether the whole text fits the pattern."""
    found = re.compile(pattern)
    return _each(input, lambda text: found.fullmatch(text) is not None, bool)


def length(input: Any, unit: str = "BYTE", name: str | None = None) -> np.ndarray:
    """How many bytes, or with `unit="UTF8_CHAR"` characters."""
    return _each(input, len if unit == "UTF8_CHAR" else lambda text: len(text.encode()), np.int32)


def join(inputs: Sequence[Any], separator: str = "", name: str | None = None) -> np.ndarray:
    """The texts at the same place of several arrays, joined."""
    arrays = [_each(part, str) for part in inputs]
    rows = zip(*(a.ravel() for a in np.broadcast_arrays(*arrays)), strict=True)
    made = np.array([separator.join(row) for row in rows], dtype=object)
    return made.reshape(np.broadcast_shapes(*(a.shape for a in arrays)))


def split(input: Any, sep: str | None = None, maxsplit: int = -1, name: str | None = None) -> Any:
    """The parts of each text, in a list."""
    return _each(input, lambda text: text.split(sep, maxsplit)).tolist()


def substr(
    input: Any, pos: int, len: int, unit: str = "BYTE", name: str | None = None
) -> np.ndarray:
    """`len` bytes, or with `unit="UTF8_CHAR"` characters, from `pos` on."""

    def part(text: str) -> str:
        whole: Any = text if unit == "UTF8_CHAR" else text.encode()
        start = pos if pos >= 0 else whole.__len__() + pos
        found = whole[start : start + len]
        return str(found if unit == "UTF8_CHAR" else found.decode("utf-8", "replace"))

    return _each(input, part)


def unicode_split(input: Any, input_encoding: str = "UTF-8", name: str | None = None) -> Any:
    """The characters of each text, in a list."""
    return _each(input, list).tolist()


def reduce_join(
    inputs: Any,
    axis: int | None = None,
    keepdims: bool = False,
    separator: str = "",
    name: str | None = None,
) -> np.ndarray:
    """The texts along an axis, or all of them, joined."""
    array = _each(inputs, str)
    array = array.reshape(-1) if axis is None else np.moveaxis(array, axis, -1)
    rows = [separator.join(row) for row in array.reshape(-1, array.shape[-1])]
    joined = np.array(rows, dtype=object).reshape(array.shape[:-1])
    return np.expand_dims(joined, -1 if axis is None else axis) if keepdims else joined


def as_string(input: Any, name: str | None = None) -> np.ndarray:
    """Whole numbers and truth values as text."""
    array = np.asarray(input)
    words = [str(value).lower() for value in array.ravel().tolist()]
    return np.array(words, dtype=object).reshape(array.shape)


def to_number(input: Any, out_type: Any = np.float32, name: str | None = None) -> Any:
    """Text as the numbers that it is."""
    return ops.convert_to_tensor(_each(input, float, np.float64), out_type)


def to_hash_bucket_fast(input: Any, num_buckets: int, name: str | None = None) -> np.ndarray:
    """The bin of each text, out of so many, by FarmHash."""
    return _each(input, lambda text: fingerprint64(text.encode()) % num_buckets, np.int64)


def to_hash_bucket_strong(
    input: Any, num_buckets: int, key: Sequence[int], name: str | None = None
) -> np.ndarray:
    """The bin of each text, out of so many, by SipHash with a key of two numbers."""
    pair = key[0], key[1]
    return _each(input, lambda text: siphash64(text.encode(), pair) % num_buckets, np.int64)
