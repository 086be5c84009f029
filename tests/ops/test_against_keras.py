"""Every operation gives what Keras's gives, in value, shape and type."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import ops
from tests.ops import cases

keras = pytest.importorskip("keras")

_rng = np.random.default_rng(0)
X = _rng.normal(size=(3, 4)).astype("float32")
Z = _rng.normal(size=(3, 4)).astype("float32")
P = _rng.uniform(0.1, 0.9, size=(3, 4)).astype("float32")
K = _rng.integers(0, 4, size=(3,)).astype("int32")
T = X > 0
IMAGES = _rng.normal(size=(2, 6, 5, 4)).astype("float32")
KERNEL = _rng.normal(size=(3, 2, 4, 3)).astype("float32")

ON_POSITIVE = ["arccos", "arcsin", "arctanh", "log", "log10", "log1p", "log2", "reciprocal",
               "rsqrt", "sqrt"]  # fmt: skip
ON_ANY = ["abs", "absolute", "arcsinh", "arctan", "ceil", "cos", "cosh", "erf", "exp", "expm1",
          "floor", "isfinite", "isinf", "isnan", "logical_not", "negative", "round", "sign", "sin",
          "sinh", "square", "tan", "tanh"]  # fmt: skip
ON_TWO = ["add", "arctan2", "divide", "equal", "floor_divide", "greater", "greater_equal", "less",
          "less_equal", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "mod",
          "multiply", "not_equal", "subtract", "true_divide", "divide_no_nan"]  # fmt: skip
OVER_AXES = ["all", "any", "max", "mean", "min", "prod", "std", "sum", "var", "logsumexp"]
ACTIVATIONS = ["celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
               "hard_swish", "hard_tanh", "leaky_relu", "log_sigmoid", "log_softmax", "relu",
               "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus",
               "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish",
               "tanh_shrink"]  # fmt: skip

CASES = [
    *[(name, (P,), {}) for name in ON_POSITIVE],
    ("arccosh", (P + 1,), {}),
    *[(name, (X,), {}) for name in ON_ANY + ACTIVATIONS],
    ("threshold", (X, 0.2, -1.0), {}),
    *[(name, (X, Z), {}) for name in ON_TWO],
    *[(name, (X, 2), {}) for name in ("add", "multiply", "maximum", "power")],
    ("power", (P, X), {}),
    ("divide_no_nan", (X, np.float32([0, 1, 2, 0])), {}),
    *[(name, (X,), {}) for name in OVER_AXES],
    *[(name, (X,), {"axis": 1, "keepdims": True}) for name in OVER_AXES],
    *[(name, (X,), {"axis": (0, 1)}) for name in OVER_AXES],
    *[(name, (X,), {"axis": 1}) for name in ("argmax", "argmin", "cumsum", "cumprod", "sort",
                                             "argsort", "flip", "normalize")],
    *[(name, (X,), {}) for name in ("argmax", "argmin", "cumsum", "cumprod", "transpose",
                                    "zeros_like", "ones_like", "tril", "triu", "diag", "norm")],
    ("count_nonzero", (T,), {"axis": 0}),
    ("round", (X, 1), {}),
    ("clip", (X, -0.5, 0.5), {}),
    ("where", (T, X, Z), {}),
    ("zeros", ((2, 3),), {}),
    ("ones", ((2, 3),), {"dtype": "int32"}),
    ("full", ((2, 3), 7.0), {}),
    ("full_like", (X, 2), {}),
    ("eye", (3,), {}),
    ("eye", (3, 4, 1), {}),
    ("arange", (5,), {}),
    ("arange", (1.0, 2.0, 0.25), {}),
    ("linspace", (0.0, 1.0, 5), {}),
    ("reshape", (X, (2, -1)), {}),
    ("transpose", (X, (1, 0)), {}),
    ("swapaxes", (X, 0, 1), {}),
    ("moveaxis", (X, 0, 1), {}),
    ("expand_dims", (X, 1), {}),
    ("squeeze", (X[:, None],), {"axis": 1}),
    ("roll", (X, 1), {"axis": 1}),
    ("broadcast_to", (X[:1], (3, 4)), {}),
    ("repeat", (X, 2), {"axis": 1}),
    ("tile", (X, (2, 1)), {}),
    ("pad", (X, ((1, 0), (0, 2))), {}),
    ("pad", (X, 1), {"mode": "reflect"}),
    ("concatenate", ([X, Z],), {"axis": 1}),
    ("stack", ([X, Z],), {"axis": 1}),
    ("unstack", (X,), {"axis": 1}),
    ("split", (X, 2), {"axis": 1}),
    ("split", (X, [1]), {}),
    ("take", (X, K % 3), {"axis": 0}),
    ("take_along_axis", (X, K[:, None]), {"axis": 1}),
    ("matmul", (X, Z.T), {}),
    ("dot", (X, Z.T), {}),
    ("outer", (X[0], Z[0]), {}),
    ("tensordot", (X, Z.T), {"axes": 1}),
    ("einsum", ("ij,kj->ik", X, Z), {}),
    ("norm", (X,), {"ord": 1, "axis": 1, "keepdims": True}),
    ("conv", (IMAGES, KERNEL), {"strides": (2, 1), "padding": "same"}),
    ("conv", (IMAGES, KERNEL[..., :2, :2]), {"dilation_rate": 2}),
    ("conv", (IMAGES, KERNEL[:, :, :2, :2]), {"data_format": "channels_last"}),
    ("conv", (IMAGES.transpose(0, 3, 1, 2), KERNEL), {"data_format": "channels_first"}),
    ("depthwise_conv", (IMAGES, KERNEL), {"strides": 2}),
    ("separable_conv", (IMAGES, KERNEL, KERNEL[:1, :1].repeat(3, 2)), {"padding": "same"}),
    ("conv_transpose", (IMAGES, KERNEL.swapaxes(2, 3)), {"strides": 2, "output_padding": 1}),
    ("conv_transpose", (IMAGES, KERNEL.swapaxes(2, 3)), {"strides": 3, "padding": "same"}),
    # Without strides Keras fails on JAX, so they are said.
    ("max_pool", (IMAGES, 2, 2), {}),
    ("max_pool", (IMAGES, (3, 2)), {"strides": 1, "padding": "same"}),
    ("average_pool", (IMAGES, 2, 2), {"padding": "same"}),
    ("average_pool", (IMAGES, 2, 2), {"data_format": "channels_first"}),
    ("adaptive_max_pool", (IMAGES, (4, 3)), {}),
    ("adaptive_average_pool", (IMAGES, 3), {"data_format": "channels_first"}),
    ("one_hot", (K, 4), {}),
    ("one_hot", (K, 4), {"axis": 0, "dtype": "int32"}),
    ("normalize", (X,), {"axis": 0, "order": 3}),
    ("moments", (X, [0]), {"keepdims": True}),
    ("categorical_crossentropy", (np.eye(4, dtype="float32")[K], P), {}),
    ("categorical_crossentropy", (np.eye(4, dtype="float32")[K], X), {"from_logits": True}),
    ("sparse_categorical_crossentropy", (K, P), {}),
    ("sparse_categorical_crossentropy", (K, X), {"from_logits": True}),
    ("binary_crossentropy", (T.astype("float32"), P), {}),
    ("binary_crossentropy", (T.astype("float32"), X), {"from_logits": True}),
    ("convert_to_tensor", ([[1.0, 2.0]],), {}),
    ("convert_to_tensor", ([1, 2],), {"dtype": "float32"}),
    ("convert_to_numpy", (X,), {}),
    ("cast", (X, "int32"), {}),
    ("shape", (X,), {}),
    ("ndim", (X,), {}),
    ("size", (X,), {}),
    ("stop_gradient", (X,), {}),
    *cases.CASES,
]  # fmt: skip
IDS = [f"{name}-{i}" for i, (name, _, _) in enumerate(CASES)]
# Tested below, or in the tests of activations.
ELSEWHERE = {"array", "associative_scan", "cond", "custom_gradient", "fori_loop", "is_tensor",
             "istft", "jvp", "map", "scan", "sparsemax", "switch", "vectorize", "vectorized_map",
             "while_loop"}  # fmt: skip
# Names of parts of the whole.
PARTS = {"image", "linalg", "nn", "numpy"}
THEIRS = {name for name in dir(keras.ops) if not name.startswith("_")}


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=IDS)
def test_values(name, args, kwargs):
    ours, theirs = getattr(ops, name)(*args, **kwargs), getattr(keras.ops, name)(*args, **kwargs)
    one, other = jax.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(one) == len(other)
    for mine, wanted in zip(one, other, strict=True):
        if isinstance(wanted, str):
            assert mine == wanted
            continue
        assert np.shape(mine) == np.shape(wanted)
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-5)
        if hasattr(wanted, "dtype"):
            assert str(mine.dtype) == str(wanted.dtype)


def test_all_that_keras_has_is_here_and_in_the_table():
    assert {name for name, _, _ in CASES} | ELSEWHERE | PARTS == THEIRS
    assert set(dir(ops)) >= THEIRS


@pytest.mark.parametrize("part", sorted(PARTS))
def test_the_parts_have_what_kerass_have(part):
    theirs, ours = getattr(keras.ops, part), getattr(ops, part)
    assert [n for n in dir(theirs) if n[0] != "_" and not hasattr(ours, n)] == []


@pytest.mark.parametrize("name", sorted(THEIRS - PARTS))
def test_arguments_have_kerass_names_places_and_defaults(name):
    theirs = inspect.signature(getattr(keras.ops, name)).parameters
    ours = inspect.signature(getattr(ops, name)).parameters
    # What layer_normalization and multi_hot take beside is old there. Ours may take more.
    wanted = [n for n in theirs if n != "kwargs" or name == "einsum"]
    assert list(ours)[: len(wanted)] == wanted
    assert [ours[n].default for n in wanted] == [theirs[n].default for n in wanted]


def test_loops_and_branches_are_pythons():
    assert int(ops.fori_loop(0, 5, lambda i, v: v + i, jnp.int32(0))) == 10
    i, total = ops.while_loop(lambda i, t: i < 4, lambda i, t: (i + 1, t + i), (0, 0))
    assert (int(i), int(total)) == (4, 6)
    once = ops.while_loop(lambda i: i < 9, lambda i: i + 1, 0, maximum_iterations=2)
    assert int(once) == 2
    assert int(ops.cond(True, lambda: 1, lambda: 2)) == 1
    last, sums = ops.scan(lambda c, x: (c + x, c + x), 0, jnp.arange(4))
    assert int(last) == 6
    np.testing.assert_array_equal(sums, [0, 1, 3, 6])
    np.testing.assert_array_equal(ops.vectorized_map(lambda x: 2 * x, jnp.arange(3)), [0, 2, 4])


def test_variables_go_in_and_types_come_out():
    v = mn.Variable(X)
    np.testing.assert_allclose(ops.sum(v * 2), 2 * X.sum(), rtol=1e-5)
    assert ops.is_tensor(ops.array([1.0]))
    assert not ops.is_tensor(X)
    assert ops.convert_to_tensor(v, "bfloat16").dtype == jnp.bfloat16


def test_a_layer_and_a_loss_of_ones_own_train_with_them():
    class Scaled(mn.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")

        def call(self, x):
            return ops.sum(x * self.scale, axis=-1, keepdims=True)

    def loss(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    model = mn.Sequential([Scaled()])
    model.compile("sgd", loss)
    history = model.fit(X, X.sum(1, keepdims=True) * 2, epochs=30, verbose=0)
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
