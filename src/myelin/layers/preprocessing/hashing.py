"""From values to one of a fixed number of bins, without a vocabulary: Hashing, HashedCrossing."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin import dtypes
from myelin.errors import InputError, ShapeError
from myelin.layers.hosting import HostLayer, as_bytes, float_type, host_array, is_text
from myelin.layers.preprocessing import encoding as vectors
from myelin.layers.preprocessing.fingerprints import crossed, fingerprint64, siphash64
from myelin.layers.preprocessing.index_lookup import salt_of
from myelin.layers.shapes import Shape, positive_int


class IntoBins(HostLayer):
    """What both share: so many bins, and how bins are given."""

    def _into(self, num_bins: Any, output_mode: Any, known: tuple[str, ...], dtype: Any) -> None:
        owner = type(self).__name__
        self.num_bins = positive_int(num_bins, owner, "num_bins")
        self.output_mode = vectors.output_mode(output_mode, known, owner)
        self._dtype = None if dtype is None else dtypes.name_of(dtype)
        if self.output_mode == "int" and self._dtype not in (None, "int32", "int64"):
            raise InputError(f'{owner}: bins are whole numbers, so dtype wants "int32" or "int64"')

    @property
    def output_type(self) -> str:
        """Whole numbers for bins, floats for vectors, where `dtype` says nothing else."""
        if self.output_mode == "int":
            return "int32"
        return float_type() if self._dtype is None else self._dtype

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        default = "int64" if self.output_mode == "int" else float_type()
        return {**super().get_config(), "dtype": self._dtype or default}


class Hashing(IntoBins):
    """Hashes text or whole numbers into one of so many bins.

    Args:
        num_bins: how many bins, above 0.
        mask_value: what comes into bin 0, which nothing else then does; None for none.
        salt: one or two whole numbers, with which another hash is taken.
        output_mode: "int" gives bins of the shape of the inputs; "one_hot", "multi_hot" and
            "count" give vectors, see `encoding.encoded`.
        sparse: accepted as False only.

    Raises:
        InputError: an argument out of range.

    The bins are those of TensorFlow and Keras: `fingerprint64(x) mod num_bins`, with a salt
    `siphash64(x, salt) mod num_bins`; numbers are hashed as they are written.
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        vectors.refuse_sparse(sparse, "Hashing")
        super().__init__(**kwargs)
        self._into(num_bins, output_mode, ("int", *vectors.VECTORS), dtype)
        self.mask_value = mask_value
        self.salt = salt_of(salt, "Hashing")

    def call(self, inputs: np.ndarray) -> np.ndarray:
        """The bins, or vectors of them."""
        if inputs.dtype.kind == "f":
            inputs = inputs.astype(np.int64)
        texts = _texts(inputs, self.title)
        masked = self.mask_value is not None and self.num_bins > 1
        bins = self.num_bins - masked
        found = {text: self._hash(text) % bins + masked for text in set(texts)}
        if masked:
            found[_text_of(self.mask_value)] = 0
        indices = np.fromiter((found[text] for text in texts), np.int64, len(texts))
        indices = indices.reshape(inputs.shape)
        if self.output_mode == "int":
            return indices
        return vectors.encoded(indices, self.output_mode, self.num_bins)

    def _hash(self, text: bytes) -> int:
        return fingerprint64(text) if self.salt is None else siphash64(text, self.salt)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of the inputs, or that of the vectors."""
        return vectors.encoded_shape(tuple(input_shape), self.output_mode, self.num_bins)


class HashedCrossing(IntoBins):
    """Hashes values of several features together into one of so many bins.

    Args:
        num_bins: how many bins, above 0.
        output_mode: "int" gives bins, "one_hot" vectors.
        sparse: accepted as False only.
        dtype: of the outputs.

    Shapes: two or more inputs, each `()`, `(n,)` or `(n, 1)`, of text or whole numbers.

    Raises:
        InputError: fewer than two inputs, or floats.
        ShapeError: inputs of another shape.

    The bins are those of TensorFlow and Keras.
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        vectors.refuse_sparse(sparse, "HashedCrossing")
        super().__init__(name=name, **kwargs)
        self._into(num_bins, output_mode, ("int", "one_hot"), dtype)

    def _as_arrays(self, inputs: Any) -> list[np.ndarray]:
        if not isinstance(inputs, list | tuple) or len(inputs) < 2:
            raise InputError(f"{self.title}: wants a list of two or more inputs")
        return [host_array(part, self.title) for part in inputs]

    def call(self, inputs: list[np.ndarray]) -> np.ndarray:
        """The bins, or vectors of them."""
        shape = inputs[0].shape
        if len(shape) > 2 or shape[1:] not in ((), (1,)):
            raise ShapeError(f"{self.title}: wants inputs of shape (n,) or (n, 1), got {shape}")
        if any(part.shape != shape for part in inputs):
            raise ShapeError(f"{self.title}: wants inputs of one shape, got "
                             f"{[part.shape for part in inputs]}")  # fmt: skip
        rows = list(zip(*map(self._numbers, inputs), strict=True))
        found = {row: crossed(row) % self.num_bins for row in set(rows)}
        indices = np.fromiter((found[row] for row in rows), np.int64, len(rows)).reshape(shape)
        if self.output_mode == "int":
            return indices
        return vectors.encoded(indices, "one_hot", self.num_bins)

    def _numbers(self, part: np.ndarray) -> list[int]:
        """A feature as whole numbers: fingerprints of text, numbers as they are."""
        if is_text(part):
            texts = as_bytes(part, self.title)
            found = {text: fingerprint64(text) for text in set(texts)}
            return [found[text] for text in texts]
        if part.dtype.kind not in "iub":
            raise InputError(f"{self.title}: wants text or whole numbers, got {part.dtype}")
        numbers: list[int] = part.astype(np.int64).ravel().tolist()
        return numbers

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of an input, or that of the vectors."""
        return vectors.encoded_shape(tuple(input_shape[0]), self.output_mode, self.num_bins)


def _texts(array: np.ndarray, owner: str) -> list[bytes]:
    """Entries as text in UTF-8, numbers as they are written."""
    if is_text(array):
        return as_bytes(array, owner)
    return [_text_of(entry) for entry in array.ravel().tolist()]


def _text_of(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return str(value).lower().encode()
    return str(value).encode("utf-8", "surrogateescape")
