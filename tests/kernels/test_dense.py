"""The native product against XLA's own, in value and gradient, and where it must stand back."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelin.kernels import dense, native

needs_native = pytest.mark.skipif(not native.available(), reason="built without native kernels")
sizes = st.one_of(st.sampled_from([1, 2, 6, 7, 12, 13, 16, 17, 32, 64, 97]), st.integers(1, 140))


@pytest.fixture(autouse=True)
def _small_products_too(monkeypatch):
    monkeypatch.setattr(dense, "WORTH_A_CALL", 1)


def drawn(seed, shape, filled=1.0):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * (rng.random(shape) < filled)).astype("float32")


def calls(function, *args):
    """How often the compiled program leaves XLA."""
    return jax.jit(function).lower(*args).as_text().count("@myelin_multiply")


def check(m, n, k, filled, seed=0):
    """Value and both gradients against float64, as far as float32 sums over k can agree."""
    x, w, dy = drawn(seed, (m, k), filled), drawn(seed + 1, (k, n)), drawn(seed + 2, (m, n), filled)

    @jax.jit
    def value_and_gradients(x, w, dy):
        y, back = jax.vjp(dense.matmul, x, w)
        return y, *back(dy)

    got = value_and_gradients(x, w, dy)
    x, w, dy = (a.astype("float64") for a in (x, w, dy))
    for have, want in zip(got, (x @ w, dy @ w.T, x.T @ dy), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=2e-5 * max(m, n, k) ** 0.5)


@needs_native
@settings(max_examples=12, deadline=None)
@given(sizes, sizes, sizes, st.sampled_from([0.0, 0.1, 0.4, 1.0]), st.integers(0, 999))
def test_any_sizes_agree_with_float64(m, n, k, filled, seed):
    check(m, n, k, filled, seed)


@needs_native
@pytest.mark.parametrize("filled", [0.2, 1.0])
@pytest.mark.parametrize(("m", "n", "k"), [(32, 128, 784), (784, 129, 33), (5, 300, 600)])
def test_sizes_above_each_block_agree_with_float64(m, n, k, filled):
    check(m, n, k, filled)


@needs_native
def test_leading_axes_are_rows():
    x, w = drawn(0, (3, 4, 20)), drawn(1, (20, 16))
    np.testing.assert_allclose(jax.jit(dense.matmul)(x, w), x @ w, rtol=1e-5, atol=1e-5)


@needs_native
def test_a_training_step_leaves_xla_for_each_product():
    def loss(w, x):
        return jnp.sum(jnp.square(dense.matmul(x, w)))

    assert calls(jax.grad(loss), drawn(0, (8, 5)), drawn(1, (4, 8))) == 2
    assert calls(jax.grad(loss, (0, 1)), drawn(0, (8, 5)), drawn(1, (4, 8))) == 3


@needs_native
def test_zeros_left_out_change_no_bit():
    x, w = drawn(0, (96, 200), filled=0.3), drawn(1, (200, 128))
    # Rows of ones make the same product too full for anything to be left out.
    full = np.concatenate([x, np.ones((300, 200), "float32")])
    np.testing.assert_array_equal(
        jax.jit(dense.matmul)(x, w), jax.jit(dense.matmul)(full, w)[: len(x)]
    )


@needs_native
def test_the_same_bits_every_time():
    x, w = drawn(0, (700, 300)), drawn(1, (300, 90))
    product = jax.jit(dense.matmul)
    first = np.asarray(product(x, w))
    for _ in range(20):
        np.testing.assert_array_equal(product(x, w), first)


@needs_native
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_zero_times_infinity_is_not_left_out(bad):
    x, w = np.zeros((64, 128), "float32"), drawn(1, (128, 64))
    w[-1, -1] = bad
    y = np.asarray(jax.jit(dense.matmul)(x, w))
    assert np.isnan(y[:, -1]).all()
    assert (y[:, :-1] == 0).all()


@needs_native
@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0), (1, 2)])
def test_vmap_agrees_with_one_at_a_time(axes):
    def loss(x, w):
        return jnp.sum(jnp.sin(dense.matmul(x, w)))

    x, w = drawn(0, (8, 20)), drawn(1, (20, 16))
    x, w = (
        a if axis is None else np.stack([a, 2 * a, 3 * a], axis)
        for a, axis in zip((x, w), axes, strict=True)
    )
    got = jax.jit(jax.vmap(jax.grad(loss, (0, 1)), axes))(x, w)
    for i in range(3):
        one = [
            a if axis is None else np.take(a, i, axis) for a, axis in zip((x, w), axes, strict=True)
        ]
        for have, want in zip(got, jax.grad(loss, (0, 1))(*one), strict=True):
            np.testing.assert_allclose(have[i], want, rtol=1e-4, atol=1e-4)


@needs_native
def test_folds_side_by_side_stay_native():
    folds = drawn(0, (4, 8, 20)), drawn(1, (4, 20, 16))
    assert calls(jax.vmap(dense.matmul), *folds) == 1
    assert calls(jax.vmap(dense.matmul, (0, None)), folds[0], folds[1][0]) == 0


@needs_native
@pytest.mark.parametrize("compiled", [False, True])
def test_second_derivatives_and_forward_mode(compiled):
    x, w = drawn(0, (6, 9)), drawn(1, (9, 5))

    def penalty(product):
        def value(x, w):
            return jnp.sum(jnp.tanh(product(x, w) * 0.2))

        return lambda x, w: jnp.sum(jnp.square(jax.grad(value)(x, w)))

    def both(product):
        f = penalty(product)
        return lambda x, w: (jax.grad(f, (0, 1))(x, w), jax.jvp(f, (x, w), (2 * x, -w)))

    made = both(dense.matmul)
    got = (jax.jit(made) if compiled else made)(x, w)
    want = both(jnp.matmul)(x, w)
    for have, wanted in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        np.testing.assert_allclose(have, wanted, rtol=1e-4, atol=1e-5)


def test_other_types_take_the_plain_form():
    x, w = drawn(0, (8, 20)), drawn(1, (20, 16))
    for dtype in ("bfloat16", "float16", "int32"):
        a, b = jnp.asarray(x, dtype), jnp.asarray(w, dtype)
        assert calls(dense.matmul, a, b) == 0
        assert dense.matmul(a, b).dtype == dtype
    with jax.enable_x64(True):
        a, b = x.astype("float64"), w.astype("float64")
        assert calls(dense.matmul, jnp.asarray(a), jnp.asarray(b)) == 0
        np.testing.assert_allclose(dense.matmul(jnp.asarray(a), jnp.asarray(b)), a @ b, rtol=1e-12)


@pytest.mark.parametrize("form", ["nn", "tn", "nt"])
def test_products_agree_with_numpy_over_leading_axes(form):
    a, b = drawn(0, (2, 3, 9, 40)), drawn(1, (2, 3, 40, 19))
    wanted = a.astype("float64") @ b
    a = a.swapaxes(-1, -2) if form == "tn" else a
    b = b.swapaxes(-1, -2) if form == "nt" else b
    got = jax.jit(dense.product, static_argnames="form")(a, b, form=form)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-4)


def test_no_rows_and_no_columns_are_no_trouble():
    for m, n, k in ((0, 3, 4), (2, 0, 4), (2, 3, 0)):
        y = jax.jit(dense.matmul)(jnp.ones((m, k)), jnp.ones((k, n)))
        assert y.shape == (m, n)
        assert not np.any(y)
        np.testing.assert_array_equal(
            jax.jit(dense.product)(jnp.ones((m, k)), jnp.ones((k, n))), np.zeros((m, n))
        )


@needs_native
def test_other_devices_get_the_plain_form():
    text = jax.jit(dense.matmul).trace(drawn(0, (8, 20)), drawn(1, (20, 16)))
    assert "myelin" not in text.lower(lowering_platforms=("cuda",)).as_text()


@needs_native
def test_several_processor_devices_get_the_plain_form():
    program = (
        "import jax, jax.numpy as jnp; from myelin.kernels import dense, native\n"
        "text = jax.jit(dense.matmul).lower(jnp.ones((64, 64)), jnp.ones((64, 64))).as_text()\n"
        "print(native.available(), text.count('@myelin_multiply'))"
    )

    def run(**variables):
        done = subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, **variables},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    assert run(XLA_FLAGS="--xla_force_host_platform_device_count=2") == ["True", "0"]
    assert run(MYELIN_NATIVE="0") == ["False", "0"]


def test_a_library_that_all_may_write_or_that_is_none_is_not_loaded(tmp_path, monkeypatch):
    library = tmp_path / "kernels.so"
    monkeypatch.setattr(native, "LIBRARY", library)
    assert not native._registered.__wrapped__()
    library.write_bytes(b"no library")
    assert not native._registered.__wrapped__()
    library.chmod(0o666)
    assert not native._is_safe()
