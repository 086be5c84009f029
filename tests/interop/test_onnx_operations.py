"""jax's operations as ONNX nodes, each family in one model with an output for each operation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from myelin import Input, Model, layers, ops
from myelin.interop import onnx as to_onnx
from myelin.interop.inference import Inference

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def integers(x, most=9):
    return ops.cast(ops.abs(x) * most, "int32")


FAMILIES = {
    "curves": {
        "erf": ops.erf, "expm1": ops.expm1, "sinh": ops.sinh, "arcsinh": ops.arcsinh,
        "tan": ops.tan, "cbrt": jnp.cbrt, "exp2": ops.exp2, "rsqrt": lambda x: ops.rsqrt(x * x + 1),
        "log1p": lambda x: ops.log1p(x * x), "log2": lambda x: ops.log2(x * x),
        "arctan2": lambda x: ops.arctan2(x, x[:, ::-1]), "power": lambda x: ops.power(x * x, 1.5),
        "softplus": ops.softplus, "gelu": ops.gelu, "log_softmax": ops.log_softmax,
        "hypot": lambda x: ops.hypot(x, x + 1), "integer_pow": lambda x: x**-3 + x**6,
    },
    "rounding": {
        "round": ops.round, "floor": ops.floor, "sign": ops.sign,
        "halves": lambda x: lax.round(ops.round(x * 4) / 2),
        "mod": lambda x: ops.mod(x, 0.7), "floor_divide": lambda x: ops.floor_divide(x, 0.7),
        "clip": lambda x: ops.clip(x, -0.5, 0.5), "finite": lambda x: ops.isfinite(x / 0),
        "nan": lambda x: ops.isnan(x / ops.round(x * 0)), "kept": lambda x: ops.nan_to_num(x / 0),
    },
    "whole numbers": {
        "xor": lambda x: ops.bitwise_xor(integers(x), 5), "not": lambda x: ~integers(x),
        "left": lambda x: ops.left_shift(integers(x), 2),
        "right": lambda x: ops.right_shift(ops.cast(x * 90, "int32"), 2),
        "wraps": lambda x: ops.cast(integers(x), "uint8") + ops.cast(250, "uint8"),
        "int8": lambda x: ops.max(ops.cast(x * 20, "int8"), axis=1),
        "divided": lambda x: ops.cast(x * 9, "int32") // 4,
        "rest": lambda x: ops.cast(x * 9, "int32") % 4,
        "logical": lambda x: ops.logical_xor(x > 0, x < 1),
        "product": lambda x: ops.einsum("bij,bkj->bik", integers(x), integers(x)),
    },
    "reductions": {
        "all": lambda x: ops.all(x > -1, axis=1), "any": lambda x: ops.any(x > 1, axis=(1, 2)),
        "prod": lambda x: ops.prod(x, axis=1), "std": lambda x: ops.std(x, axis=1),
        "logsumexp": lambda x: ops.logsumexp(x, axis=1), "min": lambda x: ops.min(x, axis=2),
        "argmax": lambda x: ops.argmax(x, -1), "argmin": lambda x: ops.argmin(x, 1),
        "median": lambda x: ops.median(x, axis=1), "cumsum": lambda x: ops.cumsum(x, axis=1),
        "cumprod": lambda x: ops.cumprod(x, axis=1),
        "cummax": lambda x: lax.cummax(x, axis=1, reverse=True),
        "cumlogsumexp": lambda x: lax.cumlogsumexp(x, axis=1),
    },
    "moving": {
        "flip": lambda x: ops.flip(x, 1), "roll": lambda x: ops.roll(x, 1, axis=1),
        "reflected": lambda x: ops.pad(x, ((0, 0), (1, 1), (2, 0)), mode="reflect"),
        "padded": lambda x: ops.pad(x, ((0, 0), (1, 1), (2, 0)), constant_values=3),
        "between": lambda x: lax.pad(x, 7.0, [(0, 0, 0), (-1, 2, 1), (1, -2, 2)]),
        "tile": lambda x: ops.tile(x, (1, 2, 3)), "repeat": lambda x: ops.repeat(x, 2, axis=1),
        "split": lambda x: ops.split(x, 2, axis=2)[1], "stack": lambda x: ops.stack([x, x + 1], 1),
        "unstack": lambda x: ops.unstack(x, axis=1)[1], "steps": lambda x: x[:, 4:0:-2, 1::2],
        "diagonal": lambda x: ops.diagonal(x[:, :4, :4], axis1=1, axis2=2), "triu": ops.triu,
        "repeated": lambda x: ops.broadcast_to(x[:, :1], (x.shape[0], 3, 4)).reshape(-1, 12),
        "moved": lambda x: ops.transpose(ops.transpose(x, (2, 0, 1)), (1, 0, 2)),
    },
    "places": {
        "take": lambda x: ops.take(x, [0, 2, -1], axis=1),
        "along": lambda x: ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1),
        "pairs": lambda x: x[:, jnp.array([0, 1]), jnp.array([1, 2])],
        "each": lambda x: jax.vmap(lambda row, i: row[i])(x, jnp.argmax(x, 1)),
        "filled": lambda x: x.at[:, integers(x[0, :, 0], 4)].get(mode="fill", fill_value=5.0),
        "slice": lambda x: lax.dynamic_slice_in_dim(x, jnp.argmax(x[0, :, 0]) + 2, 3, axis=1),
        "update": lambda x: ops.slice_update(x, (0, 1, 0), x[:, 1:3] * 2),
        "add": lambda x: x.at[:, 1].add(3.0), "subtract": lambda x: x.at[:, 1:3].subtract(2.0),
        "smaller": lambda x: x.at[:, jnp.array([0, 5])].min(0.0),
        "dropped": lambda x: x.at[:, jnp.array([0, 9])].set(7.0),
        "computed": lambda x: x.at[:, integers(x[0, :3, 0])].add(1.0, mode="drop"),
        "sort": lambda x: ops.sort(x, axis=1), "argsort": lambda x: ops.argsort(x, axis=-1),
        "keys": lambda x: lax.sort((integers(x, 2), x), dimension=1, num_keys=2)[1],
        "top_k": lambda x: ops.top_k(x, 2)[0], "which": lambda x: ops.top_k(x, 2)[1],
        "one_hot": lambda x: ops.one_hot(integers(x, 3), 5),
        "searched": lambda x: jnp.searchsorted(jnp.array([-1.0, 0.0, 1.0]), x),
        "segments": lambda x: jax.ops.segment_sum(x.reshape(-1), integers(x, 2).reshape(-1), 8),
    },
    "products": {
        "matmul": lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
        "einsum": lambda x: ops.einsum("bij,cij->bc", x, x),
        "tensordot": lambda x: ops.tensordot(x, x, axes=[[1], [1]]),
        "middle": lambda x: ops.tensordot(x, jnp.arange(12.0).reshape(2, 6), axes=[[1], [1]]),
        "grouped": lambda x: ops.conv(x, jnp.ones((2, 2, 6)), padding="same", strides=2),
        "transposed": lambda x: ops.conv_transpose(x, jnp.ones((3, 3, 4)), 2, padding="same"),
        "least": lambda x: -ops.max_pool(-x, 2),
        "windows": lambda x: lax.reduce_window(x, np.inf, lax.min, (1, 2, 2), (1, 1, 2), "VALID"),
        "patches": lambda x: ops.image.extract_patches(x[..., None], (2, 2)),
        "resized": lambda x: ops.image.resize(x[..., None], (5, 9)),
        "warped": lambda x: ops.image.affine_transform(
            x[..., None], jnp.array([1, 0.1, 0, 0, 1, 0.5, 0, 0])
        ),
    },
    "Fourier": {
        "fft": lambda x: ops.fft((x, x + 1))[0], "rfft": lambda x: ops.rfft(x)[1],
        "irfft": lambda x: ops.irfft(ops.rfft(x)), "fft2": lambda x: jnp.abs(jnp.fft.fft2(x)),
        "ifft2": lambda x: jnp.fft.ifft2(x).real,
        "product": lambda x: (jnp.fft.fft(x) * jnp.fft.fft(x + 1)).imag,
        "odd": lambda x: jnp.fft.irfft(jnp.fft.rfft(x[..., :3]), 3),
        "rfft2": lambda x: jnp.fft.irfft2(jnp.fft.rfft2(x) / (1 + 2j)),
    },
    "loops": {
        "while": lambda x: lax.while_loop(lambda c: jnp.abs(c).max() > 0.1, lambda c: c * 0.5, x),
        "counted": lambda x: lax.fori_loop(0, 3, lambda i, c: c + i, x),
        "batch": lambda x: lax.fori_loop(0, x.shape[0], lambda i, c: c + x[i], x[0]),
        "cond": lambda x: lax.cond(x.sum() > 0, lambda x: x + 1, lambda x: x * 2, x),
        "switch": lambda x: lax.switch(
            jnp.argmax(x[0, 0]), [lambda x: x, lambda x: x + 1, lambda x: x * 3], x
        ),
        "map": lambda x: lax.map(lambda row: row @ row.T, x),
        "backwards": lambda x: lax.scan(
            lambda c, row: (c + row, c * row), x[:, 0], jnp.swapaxes(x, 0, 1), reverse=True
        )[1],
        "associative": lambda x: lax.associative_scan(jnp.add, x, axis=1),
        "remembered": lambda x: jax.checkpoint(jnp.sin)(x),
    },
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_operations_are_the_same_in_onnxruntime(family):
    operations = FAMILIES[family]
    x = Input((6, 4))
    together = layers.Lambda(lambda x: {name: own(x) for name, own in operations.items()})
    model = Model(x, together(x))
    content = to_onnx.to_onnx(model).SerializeToString()
    inference = Inference(model)
    # Outputs of a dictionary come in the order of its keys.
    assert inference.output_names == sorted(operations)
    compiled = jax.jit(lambda x: model(x, training=False))
    for batch in (1, 4):
        (given,) = inference.sample(batch, seed=batch)
        found = to_onnx.run(content, {inference.inputs[0].name: given})
        for name, wanted in compiled(given).items():
            assert found[name].shape == wanted.shape, name
            assert found[name].dtype == wanted.dtype, name
            np.testing.assert_allclose(found[name], wanted, 2e-4, 2e-5, err_msg=name)
