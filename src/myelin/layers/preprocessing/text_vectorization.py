"""From texts to indices or vectors of their words: TextVectorization."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from myelin import registry
from myelin.errors import InputError, ShapeError, unknown_name
from myelin.layers.hosting import HostLayer, as_bytes, host_array
from myelin.layers.preprocessing import encoding as vectors
from myelin.layers.preprocessing.index_lookup import batches_of
from myelin.layers.preprocessing.lookup import StringLookup
from myelin.layers.shapes import Shape

_STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLITS = ("whitespace", "character")
_MODES = ("int", *vectors.VECTORS, "tf_idf")
_PUNCTUATION = string.punctuation.encode()
# As in TensorFlow, only the letters of ASCII have a lower case.
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
# Texts at a time for functions of the user's, which get arrays that are as wide as the longest.
_ROWS = 1024

Tokens = list[list[bytes]]


class TextVectorization(HostLayer):
    """Standardizes texts, splits them into tokens, and gives the indices or vectors of those.

    Args:
        max_tokens: the largest size of the vocabulary; None for any.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a
            function from an array of text to one.
        split: "whitespace", "character", None (the inputs are tokens), or a function from an array
            of text `(n,)` to a list of tokens for each.
        ngrams: also takes that many neighbouring tokens for one; a number stands for all up to it,
            a tuple for exactly those.
        output_mode: "int" gives indices `(n, tokens)`, filled up with 0; "multi_hot", "count" and
            "tf_idf" give vectors `(n, vocabulary)`.
        output_sequence_length: to which indices are filled up or cut off; the longest when None.
        pad_to_max_tokens, vocabulary, idf_weights, encoding: as for `StringLookup`.
        sparse, ragged: accepted as False only.

    Shapes: x `(n,)` or `(n, 1)` of text; a single text gives a single row.

    Raises:
        InputError: arguments that contradict each other.
        UnknownNameError: an unknown mode, standard or split.
        ShapeError: inputs of several texts in a row.

    Only the letters of ASCII are lowered, as in TensorFlow. In int mode index 0 is for padding
    and 1 for tokens out of the vocabulary.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        vectors.refuse_sparse(sparse, "TextVectorization")
        if ragged:
            raise InputError(
                "TextVectorization: ragged tensors do not exist here; leave ragged=True out, and "
                "indices are filled up with 0"
            )
        fixed = {key: kwargs.pop(key) for key in ("has_input_vocabulary", "vocabulary_size")
                 if key in kwargs}  # fmt: skip
        super().__init__(name=name, **kwargs)
        self.standardize = _known("standardize", standardize, _STANDARDS)
        self.split = _known("split", split, _SPLITS)
        self.output_mode = vectors.output_mode(output_mode, _MODES, "TextVectorization")
        if output_sequence_length is not None and self.output_mode != "int":
            raise InputError('TextVectorization: output_sequence_length is for output_mode="int"')
        self.ngrams = ngrams
        self._widths = _widths(ngrams)
        self.output_sequence_length = output_sequence_length
        self._lookup = StringLookup(
            max_tokens=max_tokens, vocabulary=vocabulary, idf_weights=idf_weights, mask_token="",
            output_mode=output_mode, pad_to_max_tokens=pad_to_max_tokens, encoding=encoding,
            **fixed,
        )  # fmt: skip

    # The vocabulary.

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learns the vocabulary of texts; see `StringLookup.adapt`.

        Args:
            data: texts in an array or a list, or an iterable of batches; of `(x, y)` the x.
            batch_size: accepted for Keras's sake.
            steps: the most batches to take.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Counts the tokens of a batch of texts."""
        texts = host_array(data, self.title)
        self._lookup.count_rows(self._tokens_of(texts[None] if texts.ndim == 0 else texts))

    def finalize_state(self) -> None:
        """Makes the vocabulary of what was counted."""
        self._lookup.finalize_state()

    def reset_state(self) -> None:
        """Forgets all tokens that were counted, though not the vocabulary."""
        self._lookup.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens in the order of their indices, "" and "[UNK]" in front if wanted."""
        return self._lookup.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of tokens, special ones included."""
        return self._lookup.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Takes a vocabulary instead of learning one; see `StringLookup.set_vocabulary`."""
        self._lookup.set_vocabulary(vocabulary, idf_weights)

    def missing(self) -> str | None:
        """That it has no vocabulary yet."""
        return self._lookup.missing()

    # From text to numbers.

    def call(self, inputs: np.ndarray) -> np.ndarray:
        """Indices, filled up with 0, or vectors."""
        texts = inputs[None] if inputs.ndim == 0 else inputs
        tokens = self._tokens_of(texts)
        lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
        flat = self._lookup.indices_of(list(itertools.chain.from_iterable(tokens)))
        if self.output_mode == "int":
            outputs = self._filled_up(flat, lengths)
            if self.split is None and self.output_sequence_length is None:
                outputs = outputs.reshape(texts.shape)
        else:
            rows = np.repeat(np.arange(len(tokens)), lengths)
            mode = "count" if self.output_mode == "tf_idf" else self.output_mode
            outputs = vectors.scattered(rows, flat, len(tokens), self._lookup.depth, mode)
            outputs = self._lookup.weighed(outputs)
        return outputs[0] if inputs.ndim == 0 else outputs

    def _filled_up(self, flat: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        width = self.output_sequence_length
        width = int(lengths.max(initial=0)) if width is None else width
        columns = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        kept = columns < width
        indices = np.zeros((len(lengths), width), np.int32)
        indices[np.repeat(np.arange(len(lengths)), lengths)[kept], columns[kept]] = flat[kept]
        return indices

    def _tokens_of(self, texts: np.ndarray) -> Tokens:
        """The tokens of each row of texts."""
        if self.split is not None and texts.ndim > 1:
            if texts.shape[-1] != 1 or texts.ndim > 2:
                raise ShapeError(f"{self.title}: wants texts of shape (n,) or (n, 1), got "
                                 f"{texts.shape}")  # fmt: skip
            texts = texts[:, 0]
        rows = texts.reshape(len(texts), -1) if self.split is None else texts
        standard = self._standardized(rows)
        tokens = self._split_up(standard, len(texts))
        if self._widths is None:
            return tokens
        return [list(_ngrams(row, self._widths)) for row in tokens]

    def _standardized(self, texts: np.ndarray) -> list[bytes]:
        if callable(self.standardize):
            return as_bytes(self._applied(self.standardize, texts).ravel(), self.title)
        raw = as_bytes(texts, self.title)
        lower = _LOWER if "lower" in str(self.standardize) else None
        dropped = _PUNCTUATION if "punctuation" in str(self.standardize) else b""
        if lower is None and not dropped:
            return raw
        return [text.translate(lower, dropped) for text in raw]

    def _applied(self, function: Any, texts: np.ndarray) -> np.ndarray:
        """A user's function of NumPy arrays of text, as one array of objects."""
        raw = as_bytes(texts, self.title)
        parts = []
        for start in range(0, len(raw), _ROWS):
            part = np.array([text.decode() for text in raw[start : start + _ROWS]])
            parts.append(host_array(function(part), self.title))
        return np.concatenate(parts) if parts else texts

    def _split_up(self, texts: list[bytes], rows: int) -> Tokens:
        if self.split == "whitespace":
            return [text.split() for text in texts]
        if self.split == "character":
            return [_characters(text) for text in texts]
        if self.split is None:
            width = len(texts) // max(rows, 1)
            return [texts[i * width : (i + 1) * width] for i in range(rows)]
        found: Tokens = []
        for start in range(0, len(texts), _ROWS):
            part = np.array([text.decode() for text in texts[start : start + _ROWS]])
            found += [_row_of_tokens(row) for row in self.split(part)]
        return found

    @property
    def output_type(self) -> str:
        """Whole numbers for indices, floats for vectors."""
        return self._lookup.output_type

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """`(n, tokens)` for indices, with the number of tokens if it is fixed, or `(n, depth)`."""
        shape: Shape = tuple(input_shape)
        if self.output_mode == "int":
            if self.split is None and self.output_sequence_length is None:
                return shape
            return (*shape[:1], self.output_sequence_length)
        known = self._lookup.compute_output_shape((None, None))[-1]
        return (*shape[:1], known)

    # Writing it down.

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; what `adapt` learned is beside them."""
        inner = self._lookup.get_config()
        same = ("max_tokens", "pad_to_max_tokens", "vocabulary", "idf_weights", "encoding",
                "vocabulary_size")  # fmt: skip
        return {**super().get_config(), **{name: inner[name] for name in same}}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """A new layer from what `get_config` gave, here or in Keras."""
        ngrams = config.get("ngrams")
        return super().from_config(
            {**config, "ngrams": tuple(ngrams) if isinstance(ngrams, list) else ngrams}
        )

    def learned(self) -> dict[str, Any]:
        """What `adapt` or `set_vocabulary` gave, as plain JSON values."""
        return self._lookup.learned()

    def take_learned(self, learned: Any) -> None:
        """Puts back what `learned` gave."""
        self._lookup.take_learned(learned)


def _known(argument: str, given: Any, names: Sequence[str]) -> Any:
    given = registry.deserialize(given)
    if given is None or callable(given) or given in names:
        return given
    raise unknown_name(f"{argument} of TextVectorization", given, names)


def _widths(ngrams: Any) -> tuple[int, ...] | None:
    if ngrams is None:
        return None
    widths = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
    if not isinstance(widths, tuple) or not all(isinstance(w, int) and w > 0 for w in widths):
        raise InputError(
            f"TextVectorization: ngrams wants a number or a tuple of numbers, got {ngrams!r}"
        )
    return widths


def _ngrams(tokens: list[bytes], widths: Iterable[int]) -> Iterator[bytes]:
    for width in widths:
        for start in range(len(tokens) - width + 1):
            yield b" ".join(tokens[start : start + width])


def _characters(text: bytes) -> list[bytes]:
    return [letter.encode() for letter in text.decode("utf-8", "replace")]


def _row_of_tokens(row: Any) -> list[bytes]:
    """What a user's function made of one text: tokens in a list, an array or a tuple."""
    if isinstance(row, str | bytes):
        return as_bytes(np.array([row], dtype=object), "split")
    return as_bytes(np.array(list(row), dtype=object), "split")
