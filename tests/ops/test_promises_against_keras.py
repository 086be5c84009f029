"""Operations on promises: Keras's shapes, and models with them that both read from each other."""

import importlib
import inspect
import json

import jax
import numpy as np
import pytest

import myelin as mn
from myelin import ops
from myelin.layers import operation
from myelin.models import operations
from myelin.models.functional import Functional
from tests.ops import cases

keras = pytest.importorskip("keras")

from tests.ops.test_against_keras import CASES  # noqa: E402

# Where Keras promises something else than it computes, or nothing, its values are asked.
ASKED = {"adaptive_average_pool", "adaptive_max_pool", "conv", "corrcoef", "einsum", "heaviside",
         "histogram", "nonzero", "psnr", "rearrange", "scatter", "slogdet", "unique"}  # fmt: skip
# What is no promise, or depends on numbers.
OTHERS = {"bincount", "convert_to_numpy", "dtype", "ndim", "nonzero", "shape", "size"}


def _with(make, tree):
    """Promises in the place of the arrays in a tree."""
    return jax.tree.map(
        lambda x: make(x.shape, str(x.dtype)) if isinstance(x, np.ndarray) else x, tree
    )


@pytest.mark.parametrize(
    ("name", "args", "kwargs"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)]
)
def test_promises_have_the_shapes_of_keras(name, args, kwargs):
    has_arrays = any(isinstance(x, np.ndarray) for x in jax.tree.leaves((args, kwargs)))
    if not has_arrays or name in OTHERS or kwargs.get("size", name) is None or name == "unique":
        return
    given, settings = _with(mn.KerasTensor, (args, kwargs))
    ours = jax.tree.leaves(getattr(ops, name)(*given, **settings))
    if name not in ASKED:
        args, kwargs = _with(keras.KerasTensor, (args, kwargs))
    theirs = keras.tree.flatten(getattr(keras.ops, name)(*args, **kwargs))
    assert [tensor.shape for tensor in ours] == [tuple(tensor.shape) for tensor in theirs]


def _with_many(x, o):
    """A model's middle with a dozen operations, of Keras's or of ours."""
    y = o.concatenate([x, o.sum(x, axis=1, keepdims=True)], axis=1)
    y = o.relu(o.reshape(y, (-1, 15)))
    y = o.cast(o.cast(o.expand_dims(y, 1), "float16"), "float32")
    y = o.einsum("bij,jk->bik", y, np.linspace(-1, 1, 30, dtype="float32").reshape(15, 2))
    y = o.where(y > 0, y, 0.1 * y)[:, 0]
    y = o.reshape(o.clip(y, -0.4, 5.0), (-1, 2, 1))
    first, second = o.split(y, 2, axis=1)
    y = o.pad(o.stack([first, second, first - second], axis=1), ((0, 0), (0, 0), (1, 0), (0, 0)))
    y = o.dot_product_attention(y, y + 1, y, mask=np.ones((1, 1, 3, 3), bool))
    y = o.matmul(o.transpose(y, (0, 1, 3, 2)), y)
    y = o.layer_normalization(o.squeeze(y, 3), axis=(1, 2))
    return o.maximum(o.logsumexp(y, axis=-1), o.max(y, axis=2) / 3) % 2


def test_a_model_of_operations_is_keras_and_goes_both_ways():
    theirs = keras.Model(x := keras.Input((4, 3)), _with_many(x, keras.ops))
    ours = mn.Model(x := mn.Input((4, 3)), _with_many(x, ops))
    assert ours.output_shape == theirs.output_shape
    rows = cases.RNG.normal(size=(5, 4, 3)).astype("float32")
    wanted = theirs.predict(rows, verbose=0)
    np.testing.assert_allclose(ours.predict(rows, verbose=0), wanted, rtol=2e-3, atol=1e-4)
    read = Functional.from_config(json.loads(json.dumps(theirs.get_config())))
    np.testing.assert_allclose(read.predict(rows, verbose=0), wanted, rtol=2e-3, atol=1e-4)
    for model in (ours, read):
        back = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
        np.testing.assert_allclose(back.predict(rows, verbose=0), wanted, rtol=2e-3, atol=1e-4)


# What Keras's classes of operations are called, and how they are made and called.
ALONE = {"associative_scan", "cond", "map", "rearrange", "relu", "scan", "switch",
         "extract_patches_3d"}  # fmt: skip
NO_CLASS = {"bartlett", "blackman", "convert_to_numpy", "custom_gradient", "dtype", "empty", "eye",
            "hamming", "hanning", "identity", "is_tensor", "jvp", "kaiser", "ones", "shape", "tri",
            "vectorize", "zeros"}  # fmt: skip


def test_every_operation_is_written_as_a_class_that_keras_has():
    names = {name for space in (keras.ops, keras.ops.image) for name in dir(space)}
    functions = {n for n in names if inspect.isfunction(getattr(ops, n, getattr(ops.image, n, 0)))}
    for name in sorted(functions - ALONE - NO_CLASS):
        module = importlib.import_module("keras.src.ops." + operations.file_of(name))
        theirs = getattr(module, operation.kind_of(name))
        made, called = (
            set(inspect.signature(f).parameters) for f in (theirs.__init__, theirs.call)
        )
        ours = set(inspect.signature(operation.function_named(name)).parameters)
        arrays = {argument for argument in ours if operation.takes_array(name, argument)}
        assert arrays <= called, name
        assert ours - arrays - {"operands", "kwargs"} <= made, name
