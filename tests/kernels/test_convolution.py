"""The three maps of a convolution are those of the plain lax form, in value and gradient."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelin.kernels import convolution
from myelin.kernels.convolution import convolve, convolve_transposed, reference
from myelin.kernels.geometry import Geometry, each_axis, geometry, transposed_geometry

TOLERANCE = {"float32": {"rtol": 2e-4, "atol": 2e-4}, "float64": {"rtol": 1e-10, "atol": 1e-10}}


@st.composite
def geometries(draw, groups, any_padding=False):
    """Windows of all kinds, in one to three axes.

    Padding is such that also the transpose's is not negative, unless it may be any: with negative
    padding XLA reads what lies beside the image, now and then, and is no reference.
    """
    rank = draw(st.sampled_from([1, 2, 2, 3]))
    axes = st.lists(st.integers(1, 3), min_size=rank, max_size=rank)
    window, strides, dilation = draw(axes), draw(axes), draw(axes)
    reach = [(w - 1) * d + 1 for w, d in zip(window, dilation, strict=True)]
    image = [r + draw(st.integers(0, 4)) for r in reach]
    ends = [(-1, 3) if any_padding else (0, r - 1) for r in reach]
    padding = [draw(st.tuples(*[st.integers(*end)] * 2)) for end in ends]
    image = [max(a, r - sum(p)) for a, r, p in zip(image, reach, padding, strict=True)]
    parts = map(tuple, (image, window, strides, padding, dilation))
    return Geometry(*parts, groups)


def operands(how, channels, filters, dtype, batch=2):
    rng = np.random.default_rng(0)
    shapes = [
        (batch, *how.image, channels),
        (*how.window, channels // how.groups, filters),
        (batch, *how.output, filters),
    ]
    return [jnp.asarray(rng.normal(size=shape), dtype) for shape in shapes]


def agrees(how, channels, filters, dtype):
    """Compares value and gradients, each side as one program."""
    x, kernel, weighting = operands(how, channels, filters, dtype)

    def all_of(function):
        @jax.jit
        def results(x, kernel, weighting):
            y, back = jax.vjp(lambda x, k: function(x, k, how), x, kernel)
            return y, *back(weighting)

        return results(x, kernel, weighting)

    for got, wanted in zip(all_of(convolve), all_of(reference), strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@settings(max_examples=8, deadline=None)
@given(st.sampled_from([1, 1, 2]).flatmap(geometries))
def test_value_and_gradients_are_the_references(dtype, how):
    with jax.enable_x64(dtype == "float64"):
        agrees(how, channels=4, filters=6, dtype=dtype)


def plain(image, window, strides=1, padding="valid", dilation=1, groups=1):
    rank = len(image)
    each = functools.partial(each_axis, rank=rank, owner="test", argument="size")
    return geometry(image, each(window), each(strides), padding, each(dilation), groups)


def test_windows_of_one_point_are_a_product_of_matrices():
    how = plain((3, 4), 1)
    x, kernel, _ = operands(how, 5, 2, "float32")
    np.testing.assert_allclose(convolve(x, kernel, how), x @ kernel[0, 0], rtol=1e-5, atol=1e-6)
    agrees(plain((5, 4), 1, strides=2), 3, 2, "float32")


def test_a_matrix_of_windows_too_large_for_one_piece_is_taken_in_pieces(monkeypatch):
    how = plain((6, 6), 3, padding="same")
    monkeypatch.setattr(convolution, "_LARGEST_MATRIX", 36 * 9 * 3 * 2)
    monkeypatch.setattr(convolution.compiled, "suits", lambda *_: False)
    x, kernel, y = operands(how, 3, 4, "float32", batch=5)
    (wanted,) = jax.vjp(lambda kernel: reference(x, kernel, how), kernel)[1](y)
    got = convolution._cpu_kernel_gradient(x, y, how)
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


def test_derivatives_forwards_and_of_second_order_are_the_references():
    with jax.enable_x64(True):
        how = plain((5, 4), 3, strides=2, padding="same")
        x, kernel, weighting = operands(how, 2, 3, "float64")

        def all_of(function):
            @jax.jit
            def results(x, kernel):
                loss = lambda x, k: (jnp.square(function(x, k, how)) * weighting).sum()  # noqa: E731
                penalty = lambda x, k: jnp.square(jax.grad(loss)(x, k)).sum()  # noqa: E731
                forwards = jax.jvp(loss, (x, kernel), (kernel.sum() * x, jnp.sin(kernel)))
                return forwards, jax.grad(penalty, (0, 1))(x, kernel)

            return jax.tree.leaves(results(x, kernel))

        for got, wanted in zip(all_of(convolve), all_of(reference), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-9)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0), (1, 2)])
@pytest.mark.parametrize("groups", [1, 4])
def test_vmap_is_a_loop_over_members(axes, groups):
    how = plain((5, 4), (2, 3), groups=groups)
    x, kernel, weighting = operands(how, 4, 4, "float32")
    given = [
        a if axis is None else jnp.stack([a, -2 * a, a + 1], axis)
        for a, axis in zip((x, kernel), axes, strict=True)
    ]

    def gradients(x, kernel):
        return jax.grad(lambda x, k: (convolve(x, k, how) * weighting).sum(), (0, 1))(x, kernel)

    mapped = jax.jit(jax.vmap(gradients, axes))(*given)
    for member in range(3):
        own = [a if axis is None else jnp.take(a, member, axis)
               for a, axis in zip(given, axes, strict=True)]  # fmt: skip
        for got, wanted in zip(mapped, gradients(*own), strict=True):
            np.testing.assert_allclose(got[member], wanted, rtol=1e-4, atol=1e-4)


def test_members_of_members():
    how = plain((5,), 3)
    x, kernel, _ = operands(how, 2, 3, "float32")
    kernels = jnp.stack([kernel, kernel * 2])
    images = jnp.stack([x, x + 1, -x])
    inner = jax.vmap(lambda x, k: convolve(x, k, how), (None, 0))
    got = jax.vmap(lambda x: jax.vmap(inner, (0, None))(images, kernels * x))(jnp.arange(2.0))
    wanted = convolve(images[2], kernels[1], how)
    np.testing.assert_allclose(got[1, 2, 1], wanted, rtol=1e-5, atol=1e-5)


def test_short_numbers_are_summed_in_long_ones():
    how = plain((6, 6), 3)
    x, kernel, _ = operands(how, 64, 2, "bfloat16")
    y = convolve(x, kernel, how)
    assert y.dtype == jnp.bfloat16
    exact = reference(x.astype("float32"), kernel.astype("float32"), how)
    np.testing.assert_allclose(y.astype("float32"), exact, rtol=0.005, atol=0.05)


@pytest.mark.parametrize("groups", [1, 4])
def test_no_images_give_no_output_and_no_gradient(groups):
    how = plain((5, 5), 3, groups=groups)
    x, kernel, _ = operands(how, 4, 4, "float32", batch=0)
    y, back = jax.vjp(lambda x, k: convolve(x, k, how), x, kernel)
    assert y.shape == (0, 3, 3, 4)
    x_bar, kernel_bar = back(y)
    assert x_bar.shape == x.shape
    np.testing.assert_array_equal(kernel_bar, jnp.zeros_like(kernel))


def test_without_jit_it_computes_the_same():
    how = plain((5, 5), 3)
    x, kernel, _ = operands(how, 2, 3, "float32")
    with jax.disable_jit():
        alone = convolve(x, kernel, how)
    np.testing.assert_allclose(alone, convolve(x, kernel, how), rtol=1e-5, atol=1e-5)


def test_the_transpose_has_the_same_inner_product():
    how = transposed_geometry((3, 4), (3, 2), (2, 3), "same", None, (1, 1))
    assert how.image == (6, 12)
    assert how.output == (3, 4)
    x, kernel, y = operands(how, 2, 5, "float32")
    one = jnp.vdot(convolve(x, kernel, how), y)
    other = jnp.vdot(x, convolve_transposed(y, kernel, how))
    np.testing.assert_allclose(one, other, rtol=1e-4)


CASES_OF_TORCH = [
    ((9, 8), (3, 3), 1, 1, 1, 1),
    ((9, 8), (3, 2), 2, 1, 1, 2),
    ((9, 9), (3, 3), 1, 2, 2, 4),
    ((10,), (4,), 3, 2, 1, 1),
    ((4, 5, 6), (2, 2, 2), 2, 0, 1, 2),
]


@pytest.mark.parametrize(("image", "window", "stride", "pad", "dilation", "groups"), CASES_OF_TORCH)
def test_forward_is_torchs(torch, image, window, stride, pad, dilation, groups):
    rank = len(image)
    how = Geometry(image, window, (stride,) * rank, ((pad, pad),) * rank,
                   (dilation,) * rank, groups)  # fmt: skip
    x, kernel, _ = operands(how, 4, 8, "float32")
    function = getattr(torch.nn.functional, f"conv{rank}d")
    first = np.moveaxis(np.asarray(x), -1, 1)
    turned = np.moveaxis(np.asarray(kernel), (-1, -2), (0, 1))
    y = function(
        *(torch.tensor(np.ascontiguousarray(a)) for a in (first, turned)),
        stride=stride, padding=pad, dilation=dilation, groups=groups,
    )  # fmt: skip
    wanted = np.moveaxis(y.numpy(), 1, -1)
    np.testing.assert_allclose(convolve(x, kernel, how), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize(("stride", "extra"), [(1, 0), (2, 1), (3, 2)])
def test_transpose_is_torchs(torch, stride, extra, dilation):
    how = transposed_geometry((4, 5), (3, 2), (stride,) * 2, "valid", (extra,) * 2, (dilation,) * 2)
    _, kernel, y = operands(how, 3, 4, "float32")
    first = np.moveaxis(np.asarray(y), -1, 1)
    turned = np.moveaxis(np.asarray(kernel), (-1, -2), (0, 1))
    x = torch.nn.functional.conv_transpose2d(
        *(torch.tensor(np.ascontiguousarray(a)) for a in (first, turned)),
        stride=stride, output_padding=extra if extra < max(stride, dilation) else 0,
        dilation=dilation,
    )  # fmt: skip
    got = convolve_transposed(y, kernel, how)
    wanted = np.moveaxis(x.numpy(), 1, -1)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)
