"""Adam by a gradient of some rows against Adam by the same gradient as an array."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin.kernels import native, rows
from tests.kernels.test_adam import NUMBERS, drawn, wanted

needs_native = pytest.mark.skipif(not native.available(), reason="built without native kernels")


def few(n, width, count=9):
    """A gradient that names rows twice, none of some, and some that there are not."""
    rng = np.random.default_rng(1)
    index = rng.integers(0, n, count).astype("int32")
    index[0], index[1], index[2] = index[3], n, -1
    return index, rng.standard_normal((count, width)).astype("float32")


def as_array(index, values, n):
    g = np.zeros((n, values.shape[1]), "float32")
    for row, value in zip(index, values, strict=True):
        if 0 <= row < n:
            g[row] += value
    return g


def step(index, values, w, m, v):
    return rows.adam_step(NUMBERS, rows.Rows(index, values), w, m, v)


@needs_native
@pytest.mark.parametrize("shape", [(5, 3), (40, 300), (3000, 17), (2000, 64)])
def test_the_formula_in_float64(shape):
    index, values = few(*shape)
    _, w, m, v = drawn(*shape)
    # A row without moments and gradient stays.
    m[-1] = v[-1] = 0
    index[index == shape[0] - 1] = 0
    compiled = jax.jit(step)
    assert compiled.lower(index, values, w, m, v).as_text().count("@myelin_adam_rows") == 1
    have = compiled(index, values, w, m, v)
    for one, want in zip(have, wanted(as_array(index, values, shape[0]), w, m, v), strict=True):
        np.testing.assert_allclose(one, want, rtol=2e-6, atol=1e-7)
    np.testing.assert_array_equal(have[0][-1], w[-1])


def test_the_plain_form_is_that_of_the_array():
    index, values = few(8, 5)
    _, w, m, v = drawn(8, 5)
    for one, want in zip(
        step(index, values, *map(jnp.asarray, (w, m, v))),
        wanted(as_array(index, values, 8), w, m, v),
        strict=True,
    ):
        np.testing.assert_allclose(one, want, rtol=2e-6, atol=1e-7)


def test_members_are_the_members_one_by_one():
    index, values = few(8, 5)
    _, w, m, v = drawn(3, 8, 5)
    each = jax.vmap(step, (None, None, 0, 0, 0))(index, values, w, m, v)
    for member in range(3):
        alone = step(index, values, *map(jnp.asarray, (w[member], m[member], v[member])))
        for one, want in zip(each, alone, strict=True):
            np.testing.assert_allclose(one[member], want, rtol=1e-6)


@needs_native
def test_no_rows_and_no_table():
    empty = np.zeros(0, "int32"), np.zeros((0, 4), "float32")
    _, w, m, v = drawn(6, 4)
    for one, want in zip(jax.jit(step)(*empty, w, m, v), wanted(0 * w, w, m, v), strict=True):
        np.testing.assert_allclose(one, want, rtol=2e-6, atol=1e-7)
    none = np.zeros((0, 4), "float32")
    assert jax.jit(step)(*empty, none, none, none)[0].shape == (0, 4)
