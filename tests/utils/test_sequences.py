import itertools

import numpy as np
import pytest

from myelin import errors
from myelin.utils import pad_sequences

SEQUENCES = [
    [[1], [2, 3], [4, 5, 6]],
    [[], [7, 8]],
    [np.arange(3), np.arange(5)],
    [[[1, 2]], [[3, 4], [5, 6]]],
]
WAYS = list(itertools.product(["pre", "post"], ["pre", "post"], [None, 1, 2, 8]))


@pytest.mark.parametrize("sequences", SEQUENCES, ids=str)
@pytest.mark.parametrize(("padding", "truncating", "maxlen"), WAYS)
def test_is_kerass(keras, sequences, padding, truncating, maxlen):
    arguments = {"padding": padding, "truncating": truncating, "maxlen": maxlen, "value": -1}
    ours = pad_sequences(sequences, **arguments)
    theirs = keras.utils.pad_sequences(sequences, **arguments)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_of_words(keras):
    words = [["a", "bc"], ["d"]]
    ours = pad_sequences(words, dtype=object, value="<pad>")
    np.testing.assert_array_equal(
        ours, keras.utils.pad_sequences(words, dtype=object, value="<pad>")
    )


def test_written_out():
    np.testing.assert_array_equal(pad_sequences([[1], [2, 3, 4]], 2), [[0, 1], [3, 4]])
    assert pad_sequences([[1], [2, 3]], 0).shape == (2, 0)
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences([[0.5]], dtype="float32")[0, 0] == 0.5


@pytest.mark.parametrize(
    ("sequences", "arguments", "says"),
    [
        ([[1]], {"padding": "left"}, "padding"),
        ([[1]], {"truncating": "left"}, "truncating"),
        ([1, 2], {}, "entry 0 is 1"),
        (iter([[1]]), {}, "list of sequences"),
        ([["a"]], {"value": "x"}, "dtype=object"),
        ([[[1, 2]], [[3]]], {}, "sequence 1"),
    ],
)
def test_wrong_input(sequences, arguments, says):
    with pytest.raises(errors.InputError, match=says):
        pad_sequences(sequences, **arguments)
