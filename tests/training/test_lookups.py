"""Steps of models with embeddings: gradients of the rows alone, and the same numbers as of all."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import layers
from myelin.kernels import rows
from myelin.training.step import differentiate

WORDS, WIDTH = 5000, 16
rng = np.random.default_rng(0)
X = rng.integers(0, WORDS, (24, 7)).astype("int32")
# The same word twice in a sentence, and one counted from the end.
X[:, 1] = X[:, 0]
X[0, 2] = -1
Y = rng.random((24, 1)).astype("float32")


class Mean(layers.Layer):
    """The embeddings' mean, looked up in the way that a test names."""

    def __init__(self, way, **kwargs):
        super().__init__(**kwargs)
        self.way = way
        self.words = layers.Embedding(WORDS, WIDTH, embeddings_regularizer=self._penalty())

    def _penalty(self):
        return "l2" if self.way == "regularized" else None

    def call(self, x):
        if self.way == "twice":
            return (self.words(x) + 2 * self.words(x[:, ::-1])).mean(1)
        if self.way == "in a loop":
            return jax.lax.map(self.words, x.T).mean(0)
        if self.way == "again":
            return jax.checkpoint(lambda x: self.words(x).mean(1))(x)
        if self.way == "read whole":
            return self.words(x).mean(1) + self.words.embeddings.value.mean(0)
        return self.words(x).mean(1)


def compiled(way, optimizer="adam"):
    mn.utils.set_random_seed(3)
    model = mn.Sequential([mn.Input((7,), dtype="int32"), Mean(way), layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


def gradients(model):
    """Of the first step, as the training step has them, and as jax.grad alone."""
    model.fit(X, Y, batch_size=24, epochs=1, verbose=0)
    task, state = model._programs.task, model.training_state()
    batch = (jnp.asarray(X), jnp.asarray(Y), None)
    with jax.checking_leaks():
        found = differentiate(task, state, batch).gradients
    path = next(path for path in found if "embeddings" in path)

    def loss_of(table):
        values = {**state["trainable"], path: table}
        with mn.variable.bind(task.variables, values):
            y_pred = model(batch[0], training=True)
            return jnp.mean((y_pred - batch[1]) ** 2) + sum(map(jnp.sum, model.losses))

    return found[path], jax.grad(loss_of)(state["trainable"][path])


@pytest.mark.parametrize(
    ("way", "alone"),
    [("once", True), ("twice", True), ("read whole", False), ("regularized", False),
     ("in a loop", False), ("again", False)],
)  # fmt: skip
def test_the_gradient_of_the_rows_is_that_of_the_whole(way, alone):
    have, want = gradients(compiled(way))
    assert isinstance(have, rows.Rows) is alone
    np.testing.assert_allclose(have.dense(want) if alone else have, want, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: mn.optimizers.Adam(0.01),
        lambda: mn.optimizers.AdamW(0.01),
        lambda: mn.optimizers.Adam(0.01, clipnorm=0.01),
        lambda: mn.optimizers.Adam(0.01, amsgrad=True),
        lambda: mn.optimizers.Adam(0.01, gradient_accumulation_steps=2),
        lambda: mn.optimizers.SGD(0.1, momentum=0.9),
        lambda: mn.optimizers.LossScaleOptimizer(mn.optimizers.Adam(0.01)),
    ],
)
def test_every_optimizer_moves_as_without(optimizer, monkeypatch):
    def trained():
        model = compiled("once", optimizer())
        model.fit(X, Y, batch_size=8, epochs=3, verbose=0)
        return model.get_weights()

    have = trained()
    monkeypatch.setattr(rows, "suits", lambda w: False)
    for one, want in zip(have, trained(), strict=True):
        np.testing.assert_allclose(one, want, rtol=2e-5, atol=1e-7)


def test_folds_train_as_without(monkeypatch):
    def predictions():
        mn.utils.set_random_seed(3)
        words = layers.Embedding(WORDS, WIDTH)
        pooled = [mn.Input((7,), dtype="int32"), words, layers.GlobalAveragePooling1D()]
        model = mn.Sequential([*pooled, layers.Dense(1)])
        model.compile("adam", "mse")
        result = mn.cross_validate(model, X, Y, cv=2, epochs=1, batch_size=4, verbose=0)
        return result.predictions

    have = predictions()
    monkeypatch.setattr(rows, "suits", lambda w: False)
    np.testing.assert_allclose(have, predictions(), rtol=1e-4, atol=1e-6)
