"""A gradient that is not finite names the layer that it first was not finite behind."""

import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin.errors import NonFiniteError

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = np.ones((20, 1), "float32")


class Norm(mn.layers.Layer):
    """Finite at 0, where its slope is not."""

    def call(self, x):
        return jnp.sqrt((x**2).sum(-1, keepdims=True))


def model_with(guilty, **arguments):
    model = mn.Sequential([
        mn.Input((4,)),
        mn.layers.Dense(5, name="before"),
        guilty,
        mn.layers.Dense(1, name="after"),
    ])  # fmt: skip
    model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    return model


def test_the_layer_that_breaks_the_gradient_is_named_and_the_weights_are_kept():
    x = X.copy()
    x[13] = 0
    model = model_with(Norm(name="guilty"))
    # With a bias that stays 0, the row of zeros in the second batch comes to Norm as zeros.
    model.get_layer("before").bias.constraint = lambda bias: 0 * bias
    with pytest.raises(NonFiniteError, match=r"The gradient .* epoch 1, step 2: ") as caught:
        model.fit(x, Y, batch_size=10, shuffle=False, verbose=0)
    assert 'behind Norm "guilty"' in str(caught.value)
    assert all(np.isfinite(array).all() for array in model.get_weights())
    assert int(model.optimizer.iterations) == 1


def test_inside_a_nested_model():
    inner = mn.Sequential([mn.Input((5,)), mn.layers.Activation("linear"), Norm(name="guilty")])
    model = model_with(inner)
    with pytest.raises(NonFiniteError, match='behind Norm "guilty"'):
        model.fit(np.zeros_like(X), Y, verbose=0)


def test_a_loss_whose_slope_is_infinite():
    model = model_with(
        mn.layers.Activation("linear"), loss=lambda y, p: jnp.sqrt(jnp.abs(p - p.mean()).sum(-1))
    )
    with pytest.raises(NonFiniteError, match="loss is finite, but its gradient"):
        model.fit(np.zeros_like(X), Y, verbose=0)


def test_a_callback_that_handles_it_ends_the_run():
    model = model_with(Norm())
    stop = mn.callbacks.TerminateOnNaN()
    history = model.fit(np.zeros_like(X), Y, epochs=3, verbose=0, callbacks=[stop])
    assert len(history.epoch) == 1


def test_a_step_of_ones_own_is_said_to_be_that():
    class Own(mn.Model):
        def __init__(self):
            super().__init__()
            self.dense = mn.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            return {"loss": jnp.log(-1.0 - data[0].sum() ** 2)}

    model = Own()
    model.compile("sgd", "mse")
    with pytest.raises(NonFiniteError, match=r'Own "own.*" has a train_step of its own') as caught:
        model.fit(X, Y, verbose=0)
    assert "before that step" not in str(caught.value)


def test_folds_halt_as_fit_does():
    with pytest.raises(NonFiniteError, match="fold 1 became NaN or infinite in epoch 1"):
        mn.cross_validate(model_with(Norm()), np.zeros_like(X), Y, cv=2, verbose=0)
