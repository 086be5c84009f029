"""`owned`: arrays that share no memory with what they were made of, and compile nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin.placing import owned

# Large and small, as jax takes over memory only where it begins at a multiple of 64 bytes.
SIZES = [3, 4096, 100_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [None, "float32", "int32"])
def test_a_numpy_array_and_its_copy_do_not_hear_of_each_other(size, dtype):
    given = np.ones(size, "float32")
    array = owned(given, dtype)
    given[:] = 5
    assert not (np.asarray(array) == 5).any()
    jax.jit(lambda x: x + 1, donate_argnums=0)(array)
    np.testing.assert_array_equal(given, 5)


@pytest.mark.parametrize("size", SIZES)
def test_a_jax_array_outlives_its_donated_copy(size):
    given = jnp.ones(size)
    array = owned(given)
    assert array.unsafe_buffer_pointer() != given.unsafe_buffer_pointer()
    jax.jit(lambda x: x * 0, donate_argnums=0)(array)
    np.testing.assert_array_equal(given, 1)


def test_types_are_those_of_jax():
    for value in (True, 3, 2.5, np.float64(2), np.arange(3), [1, 2], jnp.ones(2)):
        assert owned(value).dtype == jnp.array(value).dtype
        for dtype in ("bfloat16", "float32", "complex64"):
            np.testing.assert_array_equal(owned(value, dtype), jnp.array(value, dtype))
    np.testing.assert_array_equal(owned(np.array([1e300, -1e300, np.nan]), "float32"),
                                  [np.inf, -np.inf, np.nan])  # fmt: skip


def test_inside_a_compiled_function():
    function = jax.jit(
        lambda x: owned(x) * owned(np.arange(3.0, dtype="float32")) + owned(x, "int32")
    )
    np.testing.assert_array_equal(function(jnp.ones(3)), [1, 2, 3])


def test_nothing_is_compiled(caplog):
    first = owned(np.ones((7, 11, 13)))
    with jax.log_compiles():
        caplog.clear()
        for value in (np.ones((7, 11, 13)), first, np.ones((5, 3), "int64"), 2.0):
            owned(value)
            owned(np.asarray(value), "float32")
        assert "Compiling" not in caplog.text
        jnp.array(np.ones((17, 11, 13)), "bfloat16")
        assert "Compiling" in caplog.text
