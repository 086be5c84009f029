import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from myelin.kernels import convolution, dense, lstm, native, normalization, plain, pooling
from myelin.kernels.geometry import geometry

_IMAGES = geometry((6, 6), (3, 3), (2, 2), "same", (1, 1))
_x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("f4"))
_kernel = jnp.ones((3, 3, 3, 4)) / 9
_y = jnp.ones((2, 3, 3, 4))

_kernels = jnp.ones((64, 256)) / 64
KERNELS = {
    "convolve": (lambda x: convolution.convolve(x, _kernel, _IMAGES), _x),
    "transposed": (lambda y: convolution.convolve_transposed(y, _kernel, _IMAGES), _y),
    "max_pool": (lambda x: pooling.max_pool(x, _IMAGES), _x),
    "average_pool": (lambda x: pooling.average_pool(x, _IMAGES), _x),
    "scaled": (lambda x: normalization.scaled(x, jnp.arange(3.0), jnp.ones(3)), _x),
    "moments": (lambda x: normalization.moments(x)[1], _x),
    "matmul": (lambda x: dense.matmul(x.reshape(-1, 3), jnp.ones((3, 500))), _x),
    "lstm": (
        lambda z: (lstm.lstm if lstm.suits(z, _kernels) else lstm.plain_lstm)(
            z, _kernels, _kernels[0], z[0, :, :64], z[0, :, :64]
        )[0],
        jnp.ones((3, 5, 256)),
    ),
}


@pytest.mark.parametrize("name", KERNELS)
def test_the_plain_form_is_the_same_of_jax_s_operations_alone(name):
    kernel, x = KERNELS[name]
    with plain.plain_forms():
        program = jax.make_jaxpr(kernel)(x)
        found = jax.core.eval_jaxpr(program.jaxpr, program.consts, x)
    text = str(program)
    assert "myelin" not in text
    assert "ffi_call" not in text
    assert "platform_index" not in text
    np.testing.assert_allclose(found[0], kernel(x), 1e-5, 1e-5)


@pytest.mark.parametrize("name", KERNELS)
def test_the_plain_form_is_traced_for_any_size(name):
    kernel, x = KERNELS[name]
    axis = 1 if name == "lstm" else 0
    shape = ["n" if i == axis else str(size) for i, size in enumerate(x.shape)]
    spec = jax.ShapeDtypeStruct(export.symbolic_shape(",".join(shape)), x.dtype)
    with plain.plain_forms():
        assert "n" in str(jax.eval_shape(kernel, spec).shape) or name == "moments"


def test_blocks_stand_inside_each_other_and_end():
    assert not plain.wanted()
    with plain.plain_forms():
        with plain.plain_forms():
            assert not native.available()
        assert plain.wanted()
    assert not plain.wanted()
