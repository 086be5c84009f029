"""From tokens to indices in a vocabulary and back: StringLookup, IntegerLookup."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.layers.hosting import as_bytes, is_text
from myelin.layers.preprocessing import encoding as vectors
from myelin.layers.preprocessing.index_lookup import IndexLookup


class StringLookup(IndexLookup):
    """Replaces text by its index in a vocabulary, or by vectors made of indices.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included; None for any.
        num_oov_indices: how many indices share the text that is not in the vocabulary; 0 makes
            such text an error.
        mask_token: the text whose index is 0, which counts in no vector; None for none.
        oov_token: what indices of unknown text become with `invert`.
        vocabulary: the tokens, or a file of them, in the place of `adapt`.
        idf_weights: of the tokens, for "tf_idf".
        invert: from indices to text.
        output_mode: "int" gives indices of the shape of the inputs; "one_hot", "multi_hot",
            "count" and "tf_idf" give vectors, see `encoding.encoded`.
        pad_to_max_tokens: whether vectors have `max_tokens` numbers however many tokens there are.
        sparse: accepted as False only.
        encoding: of tokens that come as bytes.
        salt: one or two numbers that change how unknown text is spread over its indices.

    Raises:
        InputError: arguments that contradict each other.
        UnknownNameError: an unknown mode.

    Tokens are sorted by frequency, equally frequent ones backwards. What `adapt` learned is kept
    in the model's file. tf_idf multiplies counts by `log(1 + documents / (1 + documents with it))`.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        vectors.refuse_sparse(sparse, "StringLookup")
        self.encoding = encoding
        oov_method = kwargs.pop("oov_method", "floormod")
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
            output_mode, pad_to_max_tokens, oov_method, salt, name=name, **kwargs,
        )  # fmt: skip

    def _key(self, token: Any) -> bytes:
        if isinstance(token, bytes):
            return token
        return str(token).encode("utf-8", "surrogateescape")

    def _token(self, key: bytes) -> str:
        return key.decode(self.encoding, "surrogateescape")

    def _keys(self, inputs: np.ndarray) -> list[bytes]:
        return as_bytes(inputs, self.title)


class IntegerLookup(IndexLookup):
    """Replaces whole numbers by their index in a vocabulary, or by vectors made of indices.

    Args:
        max_tokens, num_oov_indices, vocabulary, idf_weights, invert, output_mode,
            pad_to_max_tokens, sparse: as for `StringLookup`.
        mask_token, oov_token: whole numbers.
        vocabulary_dtype: accepted as "int64" only.
        oov_method: "floormod" spreads unknown numbers over their indices by the remainder,
            "farmhash" by a hash.
        salt: one or two numbers that change that hash.

    Raises:
        InputError: arguments that contradict each other.
        UnknownNameError: an unknown mode.
    """

    input_type = "int64"
    _table_type = np.int64

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        vectors.refuse_sparse(sparse, "IntegerLookup")
        if vocabulary_dtype != "int64":
            raise InputError(f'IntegerLookup: vocabulary_dtype is "int64", got {vocabulary_dtype}')
        if salt is not None and oov_method != "farmhash":
            raise InputError('IntegerLookup: salt is for oov_method="farmhash"')
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
            output_mode, pad_to_max_tokens, oov_method, salt, name=name, **kwargs,
        )  # fmt: skip

    def _key(self, token: Any) -> int:
        return int(token)

    def _keys(self, inputs: np.ndarray) -> np.ndarray:
        if is_text(inputs):
            try:
                return inputs.astype(np.int64)
            except (TypeError, ValueError):
                raise InputError(
                    f"{self.title}: wants whole numbers, got text: take StringLookup"
                ) from None
        return inputs.astype(np.int64)

    def _oov_of(self, keys: Any) -> Any:
        if self.oov_method == "farmhash":
            return super()._oov_of(keys)
        return np.mod(keys, self.num_oov_indices)
