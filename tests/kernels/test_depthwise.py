"""Convolutions with a group for each channel are those of the plain lax form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelin.kernels import depthwise
from tests.kernels.test_convolution import TOLERANCE, agrees, geometries, operands, plain


@pytest.mark.parametrize("dtype", TOLERANCE)
@settings(max_examples=6, deadline=None)
@given(how=geometries(3), multiplier=st.integers(1, 2))
def test_value_and_gradients_are_the_references(dtype, how, multiplier):
    with jax.enable_x64(dtype == "float64"):
        agrees(how, channels=3, filters=3 * multiplier, dtype=dtype)


@pytest.mark.parametrize("batch", [1, 6, 8, 12])
def test_the_kernels_gradient_sums_over_any_number_of_images(batch):
    how = plain((4, 5), 2, groups=3)
    x, _, y = operands(how, 3, 3, "float32", batch=batch)
    got = depthwise.kernel_gradient(x, y, how)
    for i in range(2):
        for j in range(2):
            wanted = jnp.einsum("nhwc,nhwc->c", x[:, i : i + 3, j : j + 4], y)
            np.testing.assert_allclose(got[i, j, 0], wanted, rtol=1e-4, atol=1e-4)
