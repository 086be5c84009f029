import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import errors
from myelin.utils import normalize, to_categorical

LABELS = [
    [0, 2, 1],
    [[0], [2]],
    [[[0, 1], [3, 2]]],
    np.array([[1], [0]], "uint8"),
    np.array(2),
    np.array([1.0, 0.0]),
]


@pytest.mark.parametrize("labels", LABELS, ids=str)
@pytest.mark.parametrize("num_classes", [None, 4])
def test_to_categorical_is_kerass(keras, labels, num_classes):
    ours = to_categorical(labels, num_classes)
    theirs = keras.utils.to_categorical(labels, num_classes)
    assert isinstance(ours, np.ndarray)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_to_categorical_rows_name_their_class():
    labels = np.random.default_rng(0).integers(7, size=(4, 5))
    rows = to_categorical(labels)
    assert rows.shape == (4, 5, 7)
    np.testing.assert_array_equal(rows.argmax(-1), labels)
    np.testing.assert_array_equal(rows.sum(-1), 1)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (2, 2)])
def test_to_categorical_of_a_jax_array(shape):
    labels = jnp.asarray([0, 2, 1, 2]).reshape(shape)
    rows = to_categorical(labels)
    assert isinstance(rows, jax.Array)
    np.testing.assert_array_equal(rows, to_categorical(np.asarray(labels)))


@pytest.mark.parametrize(
    ("labels", "num_classes", "says"),
    [
        ([1, 2, 3], 3, "class 3 is not among 0 to 2"),
        ([0, -1], None, "class -1"),
        ([0.5], None, "fraction"),
        (["cat"], None, "whole numbers"),
        ([[0], [1, 2]], None, "whole numbers"),
        ([], None, "num_classes"),
    ],
)
def test_to_categorical_of_wrong_labels(labels, num_classes, says):
    with pytest.raises(errors.InputError, match=says):
        to_categorical(labels, num_classes)


@pytest.mark.parametrize("order", [1, 2, np.inf])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_normalize(axis, order):
    x = np.random.default_rng(0).normal(size=(3, 4))
    x[1] = 0
    rows = normalize(x, axis, order)
    norms = np.linalg.norm(rows, order, axis)
    np.testing.assert_allclose(norms, norms > 0)
    np.testing.assert_allclose(rows * np.linalg.norm(x, order, axis, keepdims=True), x)
    on_device = normalize(jnp.asarray(x), axis, order)
    assert isinstance(on_device, jax.Array)
    np.testing.assert_allclose(on_device, rows, rtol=1e-6)


def test_normalize_is_kerass(keras):
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
    for axis, order in [(-1, 2), (1, 1), (-2, 2)]:
        theirs = keras.utils.normalize(x, axis, order)
        assert normalize(x, axis, order).dtype == theirs.dtype
        np.testing.assert_allclose(normalize(x, axis, order), theirs, rtol=1e-6)
