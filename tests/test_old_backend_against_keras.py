"""`tensorflow.keras.backend`'s old functions give what Keras's do, on TensorFlow."""

import importlib

import numpy as np
import pytest

from myelin import backend
from myelin.keras_script import names

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)).astype("float32")
Y = RNG.normal(size=(2, 4, 3)).astype("float32")
A = RNG.normal(size=(3, 4, 5)).astype("float32")
C = RNG.normal(size=(3, 5, 4)).astype("float32")
IMAGES = RNG.normal(size=(2, 4, 4, 3)).astype("float32")
KERNEL = RNG.normal(size=(2, 2, 3, 2)).astype("float32")
P = RNG.uniform(0.1, 1, size=(2, 6, 4)).astype("float32")
LABELS, LENGTHS, STEPS = np.array([[0, 1], [2, 2]]), np.array([[2], [2]]), np.array([[6], [5]])

CASES = [
    *[(name, (X,), {})
      for name in ("argmax", "argmin", "cumsum", "cumprod", "l2_normalize", "expand_dims",
                   "flatten", "batch_flatten", "ones_like", "zeros_like", "count_params", "eval")],
    ("arange", (5,), {}),
    ("batch_dot", (A, C), {}),
    ("batch_dot", (X, X), {"axes": 1}),
    ("batch_dot", (A, X), {"axes": 1}),
    ("batch_dot", (A, A), {"axes": (2, 2)}),
    ("batch_dot", (X, C), {"axes": (1, 2)}),
    ("batch_normalization", (X, X[0], X[1] ** 2, X[2], X[0]), {}),
    ("bias_add", (IMAGES, np.float32([1, 2, 3])), {}),
    ("bias_add", (IMAGES, IMAGES[0]), {}),
    ("clip", (X, -0.5, 0.5), {}),
    ("constant", (3.0,), {"shape": (2, 2)}),
    ("conv2d", (IMAGES, KERNEL), {}),
    ("ctc_batch_cost", (LABELS, P, STEPS, LENGTHS), {}),
    ("dot", (X, Y), {}),
    ("eye", (3,), {}),
    ("foldl", (lambda value, row: value + 2 * row, X), {}),
    ("foldr", (lambda value, row: value - row, X), {}),
    ("gather", (X, [0, 2]), {}),
    ("in_top_k", (X, np.array([0, 1, 2]), 2), {}),
    ("map_fn", (lambda row: 2 * row, X), {}),
    ("permute_dimensions", (A, (0, 2, 1)), {}),
    ("pool2d", (IMAGES, (2, 2)), {}),
    ("pool2d", (IMAGES, (2, 2)), {"strides": (2, 2), "pool_mode": "avg"}),
    ("repeat", (X, 2), {}),
    ("repeat_elements", (X, 2, 1), {}),
    ("resize_images", (IMAGES, 2, 3, "channels_last"), {}),
    ("reverse", (X, 1), {}),
    ("spatial_2d_padding", (IMAGES,), {}),
    ("switch", (X > 0, X, -X), {}),
    ("switch", (X[:, :1] > 0, X, -X), {}),
    ("temporal_padding", (A,), {}),
]  # fmt: skip


def _here(name):
    module, function = names.MOVED["backend"][name].split(":")
    return getattr(importlib.import_module(f"myelin.{module}"), function)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_values(name, args, kwargs):
    from keras.src.legacy import backend as theirs

    given = [tf.constant(x) if isinstance(x, np.ndarray) else x for x in args]
    wanted = np.asarray(getattr(theirs, name)(*given, **kwargs))
    ours = np.asarray(_here(name)(*args, **kwargs))
    assert ours.shape == wanted.shape
    np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5)


def test_greedy_and_beam_search_find_the_labels():
    (path,), _ = _here("ctc_decode")(P, STEPS[:, 0])
    searched, scores = _here("ctc_decode")(P, STEPS[:, 0], greedy=False, top_paths=2)
    from keras.src.legacy import backend as theirs

    (wanted,), _ = theirs.ctc_decode(tf.constant(P), STEPS[:, 0])
    np.testing.assert_array_equal(path, wanted)
    paths, likelihoods = theirs.ctc_decode(tf.constant(P), STEPS[:, 0], greedy=False, top_paths=2)
    np.testing.assert_allclose(scores, likelihoods, rtol=1e-4)
    for one, other in zip(searched, paths, strict=True):
        np.testing.assert_array_equal(one, other)


def test_variables_take_values():
    v = _here("variable")(X)
    _here("update_add")(v, 1.0)
    _here("set_value")(v, _here("get_value")(v) * 2)
    np.testing.assert_allclose(_here("eval")(v), 2 * (X + 1), rtol=1e-6)


TYPES = ["float32", "float16", "bfloat16", "int32", "int8", "uint8", "bool", int, float]


@pytest.mark.parametrize("one", TYPES)
def test_types_of_results(one):
    for other in TYPES:
        wanted = keras.backend.result_type(one, other)
        assert backend.result_type(one, other) == wanted, other


def test_numbers_of_names_and_promises():
    import myelin

    assert backend.get_uid("oldbackend") + 1 == backend.get_uid("oldbackend") == 2
    assert backend.is_keras_tensor(myelin.Input((1,)))
    assert not backend.is_keras_tensor(X)
    assert backend.result_type() == "float32"
