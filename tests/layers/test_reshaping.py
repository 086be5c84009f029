"""Reshaping layers against NumPy, for shapes drawn at random, and their errors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelin import layers
from myelin.errors import InputError, ShapeError

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(sizes=SIZES, batch=st.integers(1, 3))
def test_flatten(sizes, batch):
    x = np.arange(batch * math.prod(sizes), dtype="float32").reshape(batch, *sizes)
    np.testing.assert_array_equal(layers.Flatten()(x), x.reshape(batch, -1))
    assert layers.Flatten().compute_output_shape((None, *sizes)) == (None, math.prod(sizes))


@settings(max_examples=25, deadline=None)
@given(sizes=SIZES, data=st.data())
def test_permute(sizes, data):
    order = data.draw(st.permutations(range(1, len(sizes) + 1)))
    x = np.arange(2 * math.prod(sizes), dtype="float32").reshape(2, *sizes)
    np.testing.assert_array_equal(layers.Permute(order)(x), np.transpose(x, (0, *order)))


@settings(max_examples=25, deadline=None)
@given(sizes=SIZES)
def test_reshape_works_out_minus_one(sizes):
    x = np.arange(2 * math.prod(sizes), dtype="float32").reshape(2, *sizes)
    y = layers.Reshape((-1, sizes[0]))(x)
    np.testing.assert_array_equal(y, x.reshape(2, -1, sizes[0]))


def test_repeat_vector():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(layers.RepeatVector(4)(x), np.repeat(x[:, None], 4, 1))


def test_what_does_not_fit_is_an_error():
    x = np.zeros((2, 6), "float32")
    with pytest.raises(ShapeError, match="wants 5 numbers"):
        layers.Reshape((5,))(x)
    with pytest.raises(ShapeError, match="wants 4 numbers"):
        layers.Reshape((4, -1))(x)
    with pytest.raises(InputError, match="one -1"):
        layers.Reshape((-1, -1))
    with pytest.raises(InputError, match="each of 1 to 2 once"):
        layers.Permute((1, 3))
    with pytest.raises(ShapeError, match="2 axes after the batch"):
        layers.Permute((2, 1))(x)
    with pytest.raises(ShapeError, match="inputs"):
        layers.RepeatVector(2)(np.zeros((2, 3, 4), "float32"))
    with pytest.raises(InputError, match="data_format"):
        layers.Flatten("sideways")
