"""`inspect` against hand-made forward and backward passes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import naming, variable
from myelin.errors import InputError, NotCompiledError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 4)).astype("float32")
Y = RNG.integers(0, 3, 6)


def small(**arguments):
    model = mn.Sequential([
        mn.Input((4,)),
        mn.layers.Dense(5, activation="relu", name="hidden"),
        mn.layers.Dense(3, activation="softmax", name="scores"),
    ])  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy", **arguments)
    return model


def row_of(found, name, call=1):
    return next(row for row in found.rows if row.name == name and row.call == call)


def test_forwards_is_what_the_layers_give(capsys):
    model = small()
    found = mn.inspect(model, X)
    assert [row.name for row in found.rows] == ["x", "hidden", "scores"]
    hidden = np.asarray(model.get_layer("hidden")(X))
    row = row_of(found, "hidden")
    assert (row.shape, row.dtype, row.params, row.depth) == ((6, 5), "float32", 25, 0)
    assert row.outputs.mean == pytest.approx(hidden.mean(), rel=1e-5)
    assert row.outputs.std == pytest.approx(hidden.std(), rel=1e-5)
    assert row.outputs.zeros == pytest.approx((hidden == 0).mean())
    assert row.outputs.non_finite == 0
    assert row.seconds > 0
    assert row.gradient is None
    assert found.loss is None
    printed = capsys.readouterr().out
    assert printed.rstrip() == repr(found)
    assert max(map(len, printed.splitlines())) <= 100
    assert "as in inference" in printed


def test_backwards_is_the_gradient_of_the_loss():
    model = small()
    found = mn.inspect(model, X, Y, show=False)
    hidden, scores = model.layers

    def loss(weights, added):
        with variable.bind({v.path: v for v in model.trainable_variables}, weights):
            inner = hidden(X) + added[0]
            logits = inner @ scores.kernel.value + scores.bias.value + added[1]
        return -jax.nn.log_softmax(logits)[np.arange(6), Y].mean()

    weights = {v.path: v.value for v in model.trainable_variables}
    added = [jnp.zeros((6, 5)), jnp.zeros((6, 3))]
    by_weights, by_outputs = jax.grad(loss, (0, 1))(weights, added)
    assert found.loss == pytest.approx(float(loss(weights, added)), rel=1e-5)
    for row, gradient in zip(found.rows[1:], by_outputs, strict=True):
        assert row.gradient.std == pytest.approx(float(gradient.std()), rel=1e-4)
        assert row.gradient.mean == pytest.approx(float(gradient.mean()), rel=1e-3, abs=1e-8)
        own = np.concatenate([g.ravel() for p, g in by_weights.items() if row.name in p])
        assert row.weights_gradient.std == pytest.approx(own.std(), rel=1e-4)
        assert row.weights_gradient.zeros == pytest.approx((own == 0).mean())


def test_the_model_stays_as_it_is():
    model = mn.Sequential(
        [mn.Input((4,)), mn.layers.BatchNormalization(), mn.layers.Dropout(0.5), mn.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    before = model.get_weights()
    mn.inspect(model, X, Y.astype("float32"), show=False)
    mn.inspect(model, X, training=True, show=False)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(model.optimizer.iterations) == 0


def test_shared_layers_several_inputs_and_outputs_and_masks():
    first, second = mn.Input((5,), dtype="int32"), mn.Input((5,), dtype="int32")
    embed = mn.layers.Embedding(9, 4, mask_zero=True)
    lstm = mn.layers.LSTM(3, return_state=True, name="lstm")
    (a, *_), (b, *_) = lstm(embed(first)), lstm(embed(second))
    with naming.anew():
        joined = mn.layers.Concatenate()([a, b]) * 2.0
    model = mn.Model([first, second], [mn.layers.Dense(1, name="score")(joined), a])
    model.compile("sgd", ["mse", None])
    words = [RNG.integers(0, 9, (4, 5)), RNG.integers(0, 9, (4, 5))]
    found = mn.inspect(model, words, np.ones((4, 1)), show=False)
    assert [row.title for row in found.rows if row.kind != "Input"] == [
        embed.name, f"{embed.name}, call 2", "lstm", "lstm, call 2", "concatenate", "multiply",
        "score",
    ]  # fmt: skip
    one, two = row_of(found, "lstm"), row_of(found, "lstm", 2)
    assert one.shape == [(4, 3)] * 3
    assert one.gradient.std > 0
    # Both are of the weights that the calls share.
    assert one.weights_gradient == two.weights_gradient
    masked = model(words)[0]
    assert row_of(found, "score").outputs.mean == pytest.approx(float(masked.mean()), rel=1e-4)


def test_nested_and_subclassed_models_are_indented():
    class Own(mn.Model):
        def __init__(self):
            super().__init__()
            self.body = mn.Sequential(
                [mn.layers.Dense(3, name="inner"), mn.layers.ReLU()], name="body"
            )
            self.head = mn.layers.TimeDistributed(mn.layers.Dense(1, name="each"))

        def call(self, x):
            return self.head(self.body(x))

    model = Own()
    model.compile("sgd", "mse")
    x = RNG.normal(size=(2, 3, 4))
    found = mn.inspect(model, x, np.ones((2, 3, 1)), show=False)
    assert [(row.name, row.depth) for row in found.rows] == [
        ("x", 0), ("body", 0), ("inner", 1), (found.rows[3].name, 1),
        (model.head.name, 0), ("each", 1),
    ]  # fmt: skip
    assert "  inner (Dense)" in repr(found)


def test_what_is_not_finite_is_named():
    class Broken(mn.layers.Layer):
        def call(self, x):
            return jnp.log(x)

    model = mn.Sequential([mn.Input((4,)), Broken(name="guilty"), mn.layers.Dense(1)])
    found = mn.inspect(model, X, show=False)
    assert found.notes == ['The outputs of Broken "guilty" are the first that are not finite.']
    assert row_of(found, "guilty").outputs.non_finite == pytest.approx((X < 0).mean())
    assert "NaN/inf" in repr(found)

    class Rooted(mn.layers.Layer):
        def call(self, x):
            return jnp.sqrt((x**2).sum(-1, keepdims=True))

    model = mn.Sequential([mn.Input((4,)), mn.layers.Dense(2), Rooted(name="slope")])
    model.compile("sgd", "mse")
    found = mn.inspect(model, 0 * X, Y.astype("float32"), show=False)
    assert [note.partition("behind")[2] for note in found.notes] == [' Rooted "slope".']


def test_to_frame_has_a_line_for_each_row():
    pytest.importorskip("pandas")
    frame = mn.inspect(small(), X, Y, show=False).to_frame()
    assert list(frame["name"]) == ["x", "hidden", "scores"]
    assert {"mean", "std", "zeros", "non_finite", "gradient_std", "weights_gradient_mean"} <= set(
        frame.columns
    )
    assert np.isnan(frame["gradient_std"][0])


def test_plot_draws_a_line_for_outputs_and_gradients():
    figure = mn.inspect(small(), X, Y, show=False).plot()
    spread, zeros = figure.axes
    assert [text.get_text() for text in spread.get_yticklabels()] == ["x", "hidden", "scores"]
    assert len(spread.lines) == len(zeros.lines) == 3


def test_what_cannot_be_inspected():
    with pytest.raises(InputError, match="wants a model"):
        mn.inspect(mn.layers.Dense(2), X)
    with pytest.raises(NotCompiledError, match="inspect"):
        mn.inspect(mn.Sequential([mn.layers.Dense(2)]), X, Y)


def test_a_model_with_a_step_of_its_own_is_inspected_forwards():
    class Own(mn.Sequential):
        def train_step(self, data):
            return {"loss": data[0].sum()}

    model = Own([mn.Input((4,)), mn.layers.Dense(2, name="dense")])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    assert row_of(mn.inspect(model, X, show=False), "dense").shape == (6, 2)
    with pytest.raises(InputError, match="of its own"):
        mn.inspect(model, X, X[:, :2])
