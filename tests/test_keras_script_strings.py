"""`tf.strings` as Keras programs find it, beside TensorFlow's own."""

import numpy as np
import pytest

from myelin.keras_script import names, strings

tf = pytest.importorskip("tensorflow")

pytestmark = pytest.mark.peer

TEXTS = np.array([["Éa <br />B", " two  words\t"], ["", "x-1"]], dtype=object)

CALLS = {
    "as_string": [(np.array([1, -20]),), (np.array([True, False]),)],
    "join": [([TEXTS, "!", TEXTS],), (["a", TEXTS], "-")],
    "length": [(TEXTS,), (TEXTS, "UTF8_CHAR")],
    "lower": [(TEXTS,), (TEXTS, "utf-8")],
    "reduce_join": [(TEXTS, -1, False, "+"), (TEXTS, 0, True), (TEXTS,)],
    "regex_full_match": [(TEXTS, ".*[a-z].*")],
    "regex_replace": [(TEXTS, "[a-z]", r"<\0>"), (TEXTS, "(.) ", r"\1_", False)],
    "split": [(TEXTS[0],), (TEXTS[0], " ")],
    "strip": [(TEXTS,)],
    "substr": [(TEXTS[:1], 1, 3, "UTF8_CHAR"), (TEXTS[:1], -2, 2)],
    "to_hash_bucket_fast": [(TEXTS, 1000)],
    "to_hash_bucket_strong": [(TEXTS, 1000, [3, 4])],
    "to_number": [(["1.5", "-2"],), (["7"], tf.int32)],
    "unicode_split": [(TEXTS[0], "UTF-8")],
    "upper": [(TEXTS,), (TEXTS, "utf-8")],
}


def plain(value):
    """Text as Python has it, numbers as they are."""
    if hasattr(value, "to_list"):
        value = value.to_list()
    elif hasattr(value, "numpy"):
        value = value.numpy()
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("name", CALLS)
def test_it_does_what_tensorflow_does(name):
    for arguments in CALLS[name]:
        ours = getattr(strings, name)(*[
            np.dtype(part.as_numpy_dtype) if isinstance(part, tf.DType) else part
            for part in arguments
        ])  # fmt: skip
        theirs = getattr(tf.strings, name)(*arguments)
        assert plain(np.asarray(ours) if not isinstance(ours, list) else ours) == plain(theirs)


def test_every_name_is_compared():
    assert set(CALLS) == set(names.TENSORFLOW["strings"])
