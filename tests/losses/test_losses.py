"""What losses do beyond Keras: logits found behind probabilities, shapes that must fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import activations
from myelin.errors import InputError, ShapeError, UnknownNameError
from tests.losses.cases import LABELS, LOGITS, ONE_HOT, OTHER, REAL, YES_NO, P


def test_softmax_and_crossentropy_of_huge_logits_stay_exact():
    # Probabilities of 0 in float32, where -log p from them would stop at -log(1e-7) = 16.1.
    logits = jnp.array([[0.0, 200.0], [300.0, 0.0]])
    loss = mn.losses.SparseCategoricalCrossentropy()

    def value(x):
        with activations.remember_logits():
            return loss(np.array([0, 0]), activations.softmax(x))

    assert float(value(logits)) == pytest.approx(100.0)
    np.testing.assert_allclose(jax.grad(value)(logits), [[-0.5, 0.5], [0, 0]], atol=1e-6)


def test_the_same_for_a_sigmoid_and_through_a_cast():
    logits = jnp.array([[-100.0], [100.0]], jnp.bfloat16)
    with activations.remember_logits():
        value = mn.losses.BinaryCrossentropy()(np.ones((2, 1)), activations.sigmoid(logits))
    assert float(value) == pytest.approx(50.0)


@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "CategoricalFocalCrossentropy"])
def test_logits_and_their_probabilities_give_one_value(name):
    make = getattr(mn.losses, name)
    wanted = make(from_logits=True)(ONE_HOT, LOGITS)
    with activations.remember_logits():
        found = make()(ONE_HOT, activations.softmax(LOGITS))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_allclose(make()(ONE_HOT, P), wanted, rtol=1e-5)


def test_from_logits_after_a_softmax_is_remarked_on():
    with activations.remember_logits(), pytest.warns(UserWarning, match="softmax already"):
        mn.losses.SparseCategoricalCrossentropy(from_logits=True)(
            LABELS, activations.softmax(LOGITS)
        )


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ShapeError, match=r"\(6,\).*\(6, 4\)"):
        mn.losses.MeanSquaredError()(REAL[:, 0], OTHER)
    with pytest.raises(ShapeError, match="sparse_categorical_crossentropy"):
        mn.losses.CategoricalCrossentropy()(LABELS, P)
    with pytest.raises(ShapeError, match="categorical_crossentropy"):
        mn.losses.SparseCategoricalCrossentropy()(ONE_HOT, P)
    with pytest.raises(ShapeError, match="ctc"):
        mn.losses.CTC()(LABELS, P)


def test_a_column_and_a_row_of_targets_mean_the_same():
    column = mn.losses.MeanSquaredError()(REAL[:, :1], OTHER[:, :1])
    row = mn.losses.MeanSquaredError()(REAL[:, 0], OTHER[:, :1])
    closed = np.mean((REAL[:, 0] - OTHER[:, 0]) ** 2)
    assert float(row) == pytest.approx(closed, rel=1e-6)
    assert float(column) == pytest.approx(closed, rel=1e-6)


def test_a_weight_an_example_weighs_all_its_values():
    y = np.zeros((2, 3, 1), np.float32)
    p = np.ones((2, 3, 1), np.float32)
    loss = mn.losses.MeanSquaredError()
    assert float(loss(y, p, np.array([1.0, 0.0]))) == pytest.approx(0.5)


def test_a_circle_without_pairs_is_zero_and_has_a_slope():
    unit = jnp.eye(3)
    gradient = jax.grad(lambda p: mn.losses.Circle()(np.arange(3), p))(unit)
    np.testing.assert_array_equal(gradient, np.zeros((3, 3)))


@pytest.mark.parametrize("name", sorted(mn.losses.NAMES))
def test_every_name_comes_back_from_its_configuration(name):
    loss = mn.losses.get(name)
    again = mn.losses.deserialize(mn.losses.serialize(loss))
    assert again is loss or again.get_config() == loss.get_config()


def test_a_function_of_ones_own_in_a_wrapper_comes_back():
    wrapper = mn.losses.LossFunctionWrapper(mn.losses.huber, name="soft", delta=0.3)
    again = mn.losses.LossFunctionWrapper.from_config(wrapper.get_config())
    assert again.get_config() == wrapper.get_config()
    np.testing.assert_array_equal(again(REAL, OTHER), wrapper(REAL, OTHER))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: mn.losses.get("sparse_categorical_crosentropy"), UnknownNameError),
        (lambda: mn.losses.MeanSquaredError(reduction="median"), InputError),
        (lambda: mn.losses.BinaryCrossentropy(label_smoothing=1.5)(YES_NO, YES_NO), InputError),
        (lambda: mn.losses.CategoricalGeneralizedCrossEntropy(q=1.5), InputError),
        (lambda: mn.losses.get(3), InputError),
    ],
)
def test_bad_arguments_are_refused(make, error):
    with pytest.raises(error):
        make()
