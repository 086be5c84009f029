"""`IndexLookup`: a vocabulary, how it is learned, and what is looked up in it."""

from __future__ import annotations

import collections
import itertools
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError, unknown_name
from myelin.layers.hosting import HostLayer, float_type, host_array, is_text
from myelin.layers.preprocessing import encoding as vectors
from myelin.layers.preprocessing.fingerprints import fingerprint64, siphash64
from myelin.layers.shapes import Shape

_MODES = ("int", *vectors.VECTORS, "tf_idf")
_DROPPED = -1


class IndexLookup(HostLayer):
    """What the two lookups share: a vocabulary, learned or given, and where its tokens stand.

    Index 0 is the mask token, where there is one and the output is indices; then come the
    `num_oov_indices` for tokens out of the vocabulary, then its tokens.
    """

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        pad_to_max_tokens: bool,
        oov_method: str,
        salt: Any,
        **kwargs: Any,
    ) -> None:
        # Configurations say it, so that a copy has its shapes before it has its vocabulary.
        self._announced_size: int | None = kwargs.pop("vocabulary_size", None)
        fixed = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.output_mode = vectors.output_mode(output_mode, _MODES, owner)
        if max_tokens is not None and max_tokens <= 1:
            raise InputError(f"{owner}: max_tokens wants at least 2, got {max_tokens}")
        if num_oov_indices < 0:
            raise InputError(f"{owner}: num_oov_indices wants 0 or more, got {num_oov_indices}")
        if pad_to_max_tokens and max_tokens is None:
            raise InputError(f"{owner}: pad_to_max_tokens=True wants max_tokens")
        if invert and self.output_mode != "int":
            raise InputError(f'{owner}: invert=True wants output_mode="int"')
        if idf_weights is not None and self.output_mode != "tf_idf":
            raise InputError(f'{owner}: idf_weights are for output_mode="tf_idf"')
        if oov_method not in ("floormod", "farmhash"):
            raise unknown_name(f"oov_method of {owner}", oov_method, ("floormod", "farmhash"))
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.pad_to_max_tokens = pad_to_max_tokens
        self.oov_method = oov_method
        self.salt = salt_of(salt, owner)
        self.idf_weights: Any = None
        self._tokens: list[Any] | None = None
        self._fixed = bool(fixed)
        if vocabulary is not None:
            if self.output_mode == "tf_idf" and idf_weights is None:
                raise InputError(f"{owner}: a vocabulary for tf_idf wants idf_weights too")
            self.set_vocabulary(vocabulary, idf_weights)
        self._given_vocabulary = None if isinstance(vocabulary, str) else _plain(vocabulary)
        self._given_idf = _plain(idf_weights)

    # What the two kinds of token differ in.

    def _key(self, token: Any) -> Any:
        """A token of a vocabulary as the table has it."""
        raise InputError(f"{self.title}: is no lookup by itself; take StringLookup")

    def _token(self, key: Any) -> Any:
        """A key of the table as people read it."""
        return key

    def _keys(self, inputs: np.ndarray) -> Any:
        """Entries as keys, in a flat list or array."""
        return inputs

    def _hashed(self, key: Any) -> int:
        text = key if isinstance(key, bytes) else str(int(key)).encode()
        return fingerprint64(text) if self.salt is None else siphash64(text, self.salt)

    def _oov_of(self, keys: Any) -> Any:
        return [self._hashed(key) % self.num_oov_indices for key in keys]

    # The vocabulary.

    @property
    def _first_oov(self) -> int:
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def _first_token(self) -> int:
        return self._first_oov + self.num_oov_indices

    def _special(self) -> list[Any]:
        return [self.mask_token] * self._first_oov + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their indices.

        Args:
            include_special_tokens: whether the mask and out-of-vocabulary tokens come first.
        """
        tokens = [self._token(key) for key in self._tokens or []]
        return self._special() + tokens if include_special_tokens else tokens

    def vocabulary_size(self) -> int:
        """The number of tokens, with mask and out-of-vocabulary tokens."""
        return self._first_token + len(self._tokens or [])

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Takes a vocabulary instead of learning one.

        Args:
            vocabulary: the tokens, with the special tokens in front or without; or the name of a
                file with a token in each line.
            idf_weights: of each token, for `output_mode="tf_idf"` and no other.

        Raises:
            InputError: no tokens, one that is there twice or is a special token, more than
                `max_tokens`, or weights that do not fit.
        """
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise InputError(f"{self.title}: idf_weights go with output_mode='tf_idf', and with no "
                             "other")  # fmt: skip
        if isinstance(vocabulary, str | pathlib.Path):
            if self.output_mode == "tf_idf":
                raise InputError(f"{self.title}: tf_idf takes no vocabulary from a file")
            vocabulary = _lines(vocabulary, self.title)
        given = [self._key(token) for token in host_array(vocabulary, self.title).tolist()]
        if not given:
            raise InputError(f"{self.title}: the vocabulary holds no tokens")
        special = [None if token is None else self._key(token) for token in self._special()]
        specials_given = given[: len(special)] == special
        tokens = given[len(special) :] if specials_given else given
        self._check_tokens(tokens)
        self._take(tokens)
        if idf_weights is not None:
            self._take_weights(np.asarray(idf_weights, np.float64), len(given), specials_given)

    def _check_tokens(self, tokens: list[Any]) -> None:
        twice = [self._token(k) for k, n in collections.Counter(tokens).items() if n > 1]
        if twice:
            raise InputError(f"{self.title}: the vocabulary has tokens twice: {twice[:5]}")
        for token in (self.mask_token, self.oov_token if self.invert else None):
            if token is not None and self._key(token) in tokens:
                raise InputError(
                    f"{self.title}: the vocabulary holds the special token {token!r} among the "
                    f"others; leave special tokens out, or begin with {self._special()}"
                )
        size = self._first_token + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise InputError(
                f"{self.title}: a vocabulary of {size} tokens, and max_tokens is {self.max_tokens}"
            )

    def _take(self, tokens: list[Any]) -> None:
        self._tokens = tokens
        self._places = {token: i for i, token in enumerate(tokens, self._first_token)}

    def _take_weights(self, weights: np.ndarray, tokens: int, specials_given: bool) -> None:
        if weights.shape != (tokens,):
            raise InputError(
                f"{self.title}: idf_weights wants one for each of the {tokens} tokens, got "
                f"{weights.shape}"
            )
        front = 0 if specials_given else self._first_token
        self.idf_weights = self._padded(weights, front)

    def _padded(self, weights: np.ndarray, front: int) -> np.ndarray:
        """Weights with their mean for the special tokens, and 0 for places without a token."""
        if self.pad_to_max_tokens and self.max_tokens is not None:
            back = self.max_tokens - front - len(weights)
        else:
            back = 0
        mean = weights.mean() if len(weights) else 0.0
        parts = [np.full(front, mean), weights, np.zeros(back)]
        return np.concatenate(parts).astype(float_type())

    def missing(self) -> str | None:
        """That it has no vocabulary yet."""
        if self._tokens is None:
            return "has no vocabulary yet: call adapt(data), or give vocabulary=…"
        return None

    # Learning it.

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learns the vocabulary: the most frequent tokens, of equally frequent ones the last first.

        Args:
            data: tokens in an array or a list, or an iterable of batches; of `(x, y)` the x.
            steps: the most batches to take.

        Raises:
            InputError: the vocabulary was given.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forgets all tokens that were counted, though not the vocabulary."""
        self._counts: collections.Counter[Any] = collections.Counter()
        self._documents: collections.Counter[Any] = collections.Counter()
        self._document_count = 0

    def update_state(self, data: Any) -> None:
        """Counts the tokens of a batch; a row is a document, as is a batch of one axis."""
        array = host_array(data, self.title)
        array = array[None] if array.ndim < 2 else array
        flat = array.reshape(len(array), -1)
        self.count_rows(self._listed_keys(row) for row in flat)

    def _listed_keys(self, row: np.ndarray) -> list[Any]:
        keys = self._keys(row)
        return keys if isinstance(keys, list) else keys.tolist()

    def count_rows(self, rows: Any) -> None:
        """Counts documents, each a list of keys."""
        if self._fixed:
            raise InputError(
                f"{self.title}: has the vocabulary it was given, so it cannot adapt; leave "
                "vocabulary= out"
            )
        for row in rows:
            self._counts.update(row)
            if self.output_mode == "tf_idf":
                self._documents.update(set(row))
                self._document_count += 1

    def finalize_state(self) -> None:
        """Makes the vocabulary of what was counted."""
        counts = dict(self._counts)
        for token in (self.mask_token, self.oov_token):
            if token is not None:
                counts.pop(self._key(token), None)
        if not counts:
            return
        room = None if self.max_tokens is None else self.max_tokens - self._first_token
        order = sorted(counts, key=lambda key: (counts[key], key), reverse=True)
        self._take(order[:room])
        if self.output_mode == "tf_idf":
            seen = np.array([self._documents[key] for key in order[:room]], np.float64)
            weights = np.log(1 + self._document_count / (1 + seen)).astype(float_type())
            self.idf_weights = self._padded(weights, self._first_token)
        self.reset_state()

    # Looking up.

    def call(self, inputs: np.ndarray) -> np.ndarray:
        """Indices or vectors for tokens; with `invert`, tokens for indices."""
        if self.invert:
            return self._inverted(inputs)
        indices = self.indices_of(self._keys(inputs)).reshape(inputs.shape)
        if self.output_mode == "int":
            return indices
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return self.weighed(vectors.encoded(indices, mode, self.depth))

    def weighed(self, counts: np.ndarray) -> np.ndarray:
        """Counts multiplied by the idf weights where the mode says so."""
        return counts * self.idf_weights if self.output_mode == "tf_idf" else counts

    def indices_of(self, keys: Any) -> np.ndarray:
        """The indices of keys in a flat list; what is to count nowhere is below 0.

        Raises:
            InputError: a token out of the vocabulary, where `num_oov_indices` is 0.
        """
        default = self._first_oov if self.num_oov_indices == 1 else -1
        places = self._places
        if self.mask_token is not None:
            key = self._key(self.mask_token)
            places = {**places, key: 0 if self.output_mode == "int" else -2}
        keys = keys if isinstance(keys, list) else keys.ravel().tolist()
        get = places.get
        found = np.fromiter((get(key, default) for key in keys), np.int32, len(keys))
        if default < 0 and (missing := np.flatnonzero(found == default)).size:
            lost = [keys[i] for i in missing]
            if self.num_oov_indices == 0:
                raise InputError(
                    f"{self.title}: {self._token(lost[0])!r} is not in the vocabulary, and "
                    "num_oov_indices=0 leaves no place for it"
                )
            found[missing] = self._first_oov + np.asarray(self._oov_of(lost))
        return np.maximum(found, _DROPPED)

    def _inverted(self, inputs: np.ndarray) -> np.ndarray:
        if is_text(inputs):
            raise InputError(f"{self.title}: invert=True wants indices, got text")
        table = [self.oov_token] * self._first_token + self.get_vocabulary(False)
        if self.mask_token is not None:
            table[0] = self.mask_token
        indices = inputs.astype(np.int64)
        inside = (indices >= 0) & (indices < len(table))
        # The last entry is for whatever lies outside.
        names = np.array([*table, self.oov_token], dtype=self._table_type)
        return names[np.where(inside, indices, len(table))]

    _table_type: Any = object

    @property
    def depth(self) -> int:
        """How many numbers its vectors have."""
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        return self.vocabulary_size()

    @property
    def output_type(self) -> str:
        """Whole numbers for indices, text for inverted ones of text, floats for vectors."""
        if self.invert and self._table_type is object:
            return "string"
        return "int32" if self.output_mode == "int" else float_type()

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of the inputs, or that of the vectors."""
        known = self.pad_to_max_tokens or self._tokens is not None
        depth = self.depth if known else self._announced_size
        return vectors.encoded_shape(tuple(input_shape), self.output_mode, depth)

    # Writing it down.

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; what `adapt` learned is beside them."""
        size = self._announced_size if self._tokens is None else self.vocabulary_size()
        config = {**super().get_config(), "vocabulary": self._given_vocabulary}
        return {**config, "idf_weights": self._given_idf, "vocabulary_size": size}

    def learned(self) -> dict[str, Any]:
        """What `adapt` or `set_vocabulary` gave, as plain JSON values."""
        if self._tokens is None:
            return {}
        weights = None if self.idf_weights is None else self.idf_weights.tolist()
        return {"tokens": self.get_vocabulary(False), "idf_weights": weights}

    def take_learned(self, learned: Any) -> None:
        """Puts back what `learned` gave."""
        if not learned:
            return
        self._take([self._key(token) for token in learned["tokens"]])
        if learned.get("idf_weights") is not None:
            self.idf_weights = np.asarray(learned["idf_weights"], float_type())


def salt_of(salt: Any, owner: str) -> tuple[int, int] | None:
    """Two numbers out of one or two; None for none.

    Raises:
        InputError: something else.
    """
    if salt is None:
        return None
    pair = [salt, salt] if isinstance(salt, int) else salt
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise InputError(f"{owner}: salt wants one or two whole numbers, got {salt!r}")
    return int(pair[0]), int(pair[1])


def batches_of(data: Any, steps: int | None = None) -> Iterator[Any]:
    """What `adapt` learns from: the array, a column for each example, or the batches given."""
    whole = isinstance(data, list | tuple | str | bytes) or hasattr(data, "__array__")
    if whole or type(data).__module__.partition(".")[0] in ("pandas", "polars"):
        array = host_array(data, "adapt")
        yield array[:, None] if array.ndim == 1 else array
        return
    for batch in itertools.islice(data, steps):
        yield batch[0] if isinstance(batch, tuple) else batch


def _lines(path: Any, title: str) -> list[str]:
    try:
        return pathlib.Path(path).read_text("utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{title}: the file of the vocabulary: {error}") from None


def _plain(values: Any) -> Sequence[Any] | None:
    if values is None or isinstance(values, str | pathlib.Path):
        return None
    return [v.decode() if isinstance(v, bytes) else v for v in np.asarray(values).tolist()]
