"""The native convolutions are their sums written out, whatever their sizes."""

import hashlib
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelin.kernels import compiled_convolution as compiled
from myelin.kernels import convolution, native
from myelin.kernels.geometry import geometry
from tests.kernels.test_convolution import geometries, operands

pytestmark = pytest.mark.skipif(not native.available(), reason="built without native kernels")

# Below, at and above a vector and a tile of it, for every kind of processor.
SIZES = [1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 40, 64, 65]


def all_three(x, kernel, y, how):
    """Native results."""
    return (
        compiled.forward(x, kernel, convolution._shape_of_y(x, kernel, how), how),
        compiled.input_gradient(y, kernel, convolution._shape_of_x(y, kernel, how), how),
        compiled.kernel_gradient(x, y, convolution._shape_of_kernel(x, y, how), how),
    )


def by_numpy(x, kernel, y, how):
    """The same in float64, point of the window by point of the window."""
    x, kernel, y = (np.asarray(a, np.float64) for a in (x, kernel, y))
    by_channel = how.groups > 1
    wide = [(0, 0), *((max(p, 0), max(q, 0)) for p, q in how.padding), (0, 0)]
    cut = tuple(
        slice(max(-p, 0), a + max(p, 0) + max(q, 0) + min(p, 0) + min(q, 0) + max(-p, 0))
        for a, (p, q) in zip(how.image, how.padding, strict=True)
    )
    padded = np.pad(x, wide)
    forward, k_bar, padded_bar = np.zeros(y.shape), np.zeros(kernel.shape), np.zeros(padded.shape)
    points = np.ndindex(*how.window)
    for point, offset in zip(points, how.offsets, strict=True):
        at = tuple(
            slice(o, o + (n - 1) * s + 1, s)
            for o, n, s in zip(offset, how.output, how.strides, strict=True)
        )
        met = padded[:, *cut][:, *at]
        own = kernel[point]
        if by_channel:
            forward += met * own[0]
            k_bar[point] = (met * y).reshape(-1, y.shape[-1]).sum(0)
            padded_bar[:, *cut][:, *at] += y * own[0]
        else:
            forward += met @ own
            k_bar[point] = np.tensordot(met, y, (range(met.ndim - 1),) * 2)
            padded_bar[:, *cut][:, *at] += y @ own.T
    inside = tuple(slice(w[0], w[0] + a) for w, a in zip(wide[1:-1], how.image, strict=True))
    return forward, padded_bar[:, *inside], k_bar


def check(how, channels, filters, batch=2):
    x, kernel, y = operands(how, channels, filters, "float32", batch)
    assert compiled.suits(x, filters, how)
    results = zip(all_three(x, kernel, y, how), by_numpy(x, kernel, y, how), strict=True)
    for got, wanted in results:
        scale = np.abs(wanted).max() + 1
        np.testing.assert_allclose(got / scale, wanted / scale, atol=2e-5)


@settings(max_examples=60, deadline=None)
@given(
    how=geometries(1, any_padding=True).filter(lambda how: len(how.image) < 3),
    channels=st.sampled_from(SIZES),
    filters=st.sampled_from(SIZES),
    batch=st.sampled_from([1, 2, 5, 17]),
)
def test_any_sizes(how, channels, filters, batch):
    check(how, channels, filters, batch)


@settings(max_examples=40, deadline=None)
@given(
    how=geometries(1, any_padding=True).filter(lambda how: len(how.image) < 3),
    channels=st.sampled_from([size for size in SIZES if size > 1]),
    batch=st.sampled_from([1, 2, 5, 17]),
)
def test_any_sizes_with_a_filter_for_each_channel(how, channels, batch):
    check(how._replace(groups=channels), channels, channels, batch)


@pytest.mark.parametrize(
    ("side", "window", "strides", "channels", "filters"),
    [
        (32, 3, 1, 16, 16),
        (32, 3, 2, 16, 32),
        (9, 1, 2, 32, 64),
        (14, 5, 3, 40, 24),
        (4, 3, 1, 96, 128),
    ],
)
def test_what_networks_are_made_of(side, window, strides, channels, filters):
    how = geometry((side, side), (window,) * 2, (strides,) * 2, "same", (1, 1))
    check(how, channels, filters, batch=8)


def test_what_it_has_no_kernel_for_is_left_to_xla():
    x = jax.ShapeDtypeStruct((2, 8, 8, 4), jnp.float32)
    how = geometry((8, 8), (3, 3), (1, 1), "same", (1, 1))
    assert compiled.suits(x, 6, how)
    assert not compiled.suits(jax.ShapeDtypeStruct(x.shape, jnp.bfloat16), 6, how)
    assert not compiled.suits(x, 6, how._replace(groups=2))
    assert not compiled.suits(x, 8, how._replace(groups=4))
    assert not compiled.suits(x, 6, geometry((8, 8), (12, 12), (1, 1), "same", (1, 1)))
    volume = geometry((8, 8, 8), (3, 3, 3), (1, 1, 1), "same", (1, 1, 1))
    assert not compiled.suits(jax.ShapeDtypeStruct((2, 8, 8, 8, 4), jnp.float32), 6, volume)


@settings(max_examples=12, deadline=None)
@given(
    how=geometries(1, any_padding=True).filter(lambda how: len(how.image) < 3),
    groups=st.sampled_from([1, 3]),
)
def test_without_native_kernels_padding_may_be_anything_too(how, groups):
    how = how._replace(groups=groups)
    x, kernel, y = operands(how, 3, 3, "float32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "suits", lambda *_: False)
        results = (
            convolution._cpu_forward(x, kernel, how),
            convolution._cpu_input_gradient(y, kernel, how),
            convolution._cpu_kernel_gradient(x, y, how),
        )
    for got, wanted in zip(results, by_numpy(x, kernel, y, how), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


PROGRAM = """
import hashlib, numpy as np, jax.numpy as jnp
from myelin.kernels import compiled_convolution as compiled, native, normalization
from myelin.kernels.geometry import geometry
assert native.available()
rng = np.random.default_rng(0)
how = geometry((16, 16), (3, 3), (2, 2), "same", (1, 1))
draw = lambda *shape: jnp.asarray(rng.normal(size=shape), "float32")
x, k, y = draw(32, 16, 16, 24), draw(3, 3, 24, 40), draw(32, 8, 8, 40)
found = [compiled.forward(x, k, y.shape, how), compiled.input_gradient(y, k, x.shape, how),
         compiled.kernel_gradient(x, y, k.shape, how), *normalization.moments(x)]
print(hashlib.sha256(b"".join(np.asarray(f).tobytes() for f in found)).hexdigest())
"""


def test_no_bit_depends_on_the_number_of_threads():
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True,
            env={**os.environ, "NPROC": threads, "XLA_FLAGS": ""},
        ).stdout.strip()
        for threads in ("1", "2", "5")
    }  # fmt: skip
    assert len(found) == 1
    assert len(found.pop()) == hashlib.sha256().digest_size * 2
