"""Recurrent layers: what they compute by hand, masks, states, and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as keras
from myelin import layers, random
from myelin.errors import InputError, ShapeError
from myelin.kernels.recurrence import recurrence
from myelin.layers.masks import mask_of
from myelin.testing import check_layer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 6, 5)).astype("float32")
MASK = (
    np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0]]) > 0
)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_hand(x, kernel, recurrent, bias):
    units = recurrent.shape[0]
    h = c = np.zeros((len(x), units))
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h, c


def test_lstm_is_its_equations():
    random.set_random_seed(0)
    layer = layers.LSTM(3, return_state=True)
    y, h, c = layer(X)
    wanted = lstm_by_hand(X, *layer.get_weights())
    np.testing.assert_allclose(y, wanted[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose((h, c), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer.bias.numpy(), [0] * 3 + [1] * 3 + [0] * 6)


@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_a_masked_step_is_as_if_it_were_not_there(kind):
    layer = kind(3, return_state=True)
    found = layer(X, mask=MASK)
    for row, keep in enumerate(MASK):
        alone = layer(X[row : row + 1, keep]) if keep.any() else [np.zeros((1, 3))] * len(found)
        for own, wanted in zip(found, alone, strict=True):
            np.testing.assert_allclose(own[row], wanted[0], rtol=1e-5, atol=1e-6)


def test_masked_steps_repeat_the_output_before_or_give_zeros():
    layer = layers.LSTM(3, return_sequences=True)
    y = np.asarray(layer(X, mask=MASK))
    np.testing.assert_array_equal(y[1, 3:], np.broadcast_to(y[1, 2], (3, 3)))
    assert not y[2, 0].any()
    assert not y[3].any()
    zero = layers.LSTM(3, return_sequences=True, zero_output_for_mask=True)
    zero(X)
    zero.set_weights(layer.get_weights())
    np.testing.assert_allclose(zero(X, mask=MASK), y * MASK[..., None], rtol=1e-6)


def test_masks_go_on_from_layer_to_layer():
    words = np.array([[3, 1, 4, 0, 0], [2, 0, 2, 2, 0]])
    embedding = layers.Embedding(6, 4, mask_zero=True)
    x = embedding(words)
    np.testing.assert_array_equal(mask_of(x), words != 0)
    x = layers.Dropout(0.5)(layers.Dense(4)(x), training=True)
    np.testing.assert_array_equal(mask_of(x), words != 0)
    both = layers.Add()([x, x])
    np.testing.assert_array_equal(mask_of(both), words != 0)
    assert mask_of(layers.Add()([x, jnp.asarray(X[:2, :5, :4])])) is None
    side = layers.Concatenate()([x, x])
    np.testing.assert_array_equal(mask_of(side), words != 0)
    lstm = layers.LSTM(3, return_sequences=True)
    y = lstm(x)
    np.testing.assert_array_equal(mask_of(y), words != 0)
    np.testing.assert_allclose(y, lstm(np.asarray(x), mask=words != 0), rtol=1e-6)
    mean = layers.GlobalAveragePooling1D()(y)
    assert mask_of(mean) is None
    np.testing.assert_allclose(mean[0], np.asarray(y)[0, :3].mean(0), rtol=1e-5)
    with pytest.warns(UserWarning, match="does not support masking"):
        layers.Flatten()(x)


def test_masking_layer():
    x = X.copy()
    x[1, 3:] = -1
    y = layers.Masking(-1.0)(x)
    np.testing.assert_array_equal(mask_of(y), (x != -1).any(-1))
    np.testing.assert_array_equal(y, np.where((x == -1).all(-1, keepdims=True), 0, x))


def test_a_mask_dies_with_its_array():
    from myelin.layers import masks

    before = len(masks._known)
    y = layers.Embedding(3, 2, mask_zero=True)(np.array([[1, 0]]))
    assert len(masks._known) == before + 1
    del y
    assert len(masks._known) == before


def sequence_model(masked):
    model = keras.Sequential(
        [
            layers.Input((5,), dtype="int32"),
            layers.Embedding(9, 4, mask_zero=masked),
            layers.GRU(4, return_sequences=True),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_the_loss_of_masked_steps_does_not_count():
    words = np.array([[3, 1, 4, 0, 0], [2, 5, 2, 2, 0]], "int32")
    y = RNG.integers(0, 3, (2, 5))
    model = sequence_model(masked=True)
    p = np.asarray(model(words))
    each = -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0])
    assert model.evaluate(words, y, verbose=0) == pytest.approx(each[words != 0].mean(), rel=1e-5)
    before = model.get_weights()
    model.fit(words, y, epochs=1, verbose=0)
    other = y.copy()
    other[words == 0] = (other[words == 0] + 1) % 3
    again = sequence_model(masked=True)
    again.set_weights(before)
    again.fit(words, other, epochs=1, verbose=0)
    for own, wanted in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(own, wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kept", [False, True])
def test_the_gradient_of_a_recurrence_is_that_of_the_plain_loop(masked, kept):
    rng = np.random.default_rng(0)
    draw = lambda *shape: jnp.asarray(rng.normal(size=shape))  # noqa: E731
    with jax.enable_x64(True):
        projected, recurrent, bias = draw(5, 3, 8), draw(2, 8), draw(8)
        states = draw(3, 2), draw(3, 2)
        mask = jnp.asarray(rng.random((5, 3)) > 0.4) if masked else None
        keep = draw(3, 2) if kept else None
        cell = layers.LSTMCell(2).as_step

        def mine(*operands):
            outputs, after = recurrence(cell, 1, *operands, mask, keep)
            return jnp.sin(outputs).sum() + sum(jnp.cos(state).sum() for state in after)

        def plain(projected, recurrent, bias, states):
            total = 0.0
            for t in range(5):
                h = states[0] if keep is None else states[0] * keep
                new = cell(projected[t], h @ recurrent + bias, states)
                if mask is not None:
                    pairs = zip(new, states, strict=True)
                    new = tuple(jnp.where(mask[t][:, None], a, b) for a, b in pairs)
                states = new
                total = total + jnp.sin(states[0]).sum()
            return total + sum(jnp.cos(state).sum() for state in states)

        operands = projected, recurrent, bias, states
        got = jax.grad(mine, (0, 1, 2, 3))(*operands)
        wanted = jax.grad(plain, (0, 1, 2, 3))(*operands)
        for own, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-9, atol=1e-12)
        second = [
            jax.grad(lambda r, f=f: jax.grad(f, 1)(projected, r, bias, states).sum())(recurrent)
            for f in (mine, plain)
        ]
        np.testing.assert_allclose(*second, rtol=1e-8)


def test_states_stay_from_batch_to_batch():
    layer = layers.LSTM(3, stateful=True, return_sequences=True)
    whole = layers.LSTM(3, return_sequences=True)
    layer(X[:, :3]), whole(X)
    whole.set_weights(layer.get_weights())
    layer.reset_states()
    parts = np.concatenate([layer(X[:, :3]), layer(X[:, 3:])], axis=1)
    np.testing.assert_allclose(parts, whole(X), rtol=1e-5, atol=1e-6)
    layer.reset_states()
    np.testing.assert_allclose(layer(X[:, :3]), parts[:, :3], rtol=1e-6)


def test_states_stay_in_fit_and_predict():
    model = keras.Sequential(
        [layers.Input(batch_shape=(4, 3, 5)), layers.GRU(3, stateful=True), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    model.fit(X[:, :3], np.zeros((4, 1)), batch_size=4, epochs=2, shuffle=False, verbose=0)
    assert np.abs(model.layers[0].states[0].numpy()).sum() > 0
    model.layers[0].reset_states()
    assert not model.layers[0].states[0].numpy().any()
    with pytest.raises(InputError, match="known batch size"):
        layers.GRU(3, stateful=True).build((None, 3, 5))


def test_states_can_be_given():
    layer = layers.GRU(3, return_state=True)
    _, state = layer(X[:, :4])
    wanted, _ = layer(X)
    got, _ = layer(X[:, 4:], initial_state=state)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(ShapeError, match="states of 4 sequences"):
        layer(X, initial_state=state[:2])


def test_dropout_is_the_same_at_every_step_and_off_in_inference():
    layer = layers.SimpleRNN(
        4, activation="linear", kernel_initializer="ones", recurrent_initializer="zeros",
        use_bias=False, dropout=0.5, return_sequences=True,
    )  # fmt: skip
    x = np.ones((8, 3, 6), "float32")
    y = np.asarray(layer(x, training=True))
    np.testing.assert_array_equal(y[:, 0], y[:, 2])
    assert len(np.unique(y)) > 1
    np.testing.assert_array_equal(layer(x), np.full((8, 3, 4), 6))
    kept = layers.GRU(4, recurrent_dropout=0.5)
    kept(X)
    assert np.abs(np.asarray(kept(X, training=True)) - np.asarray(kept(X))).max() > 1e-4


class Counter(layers.Layer):
    """A cell of one's own, which adds up its inputs."""

    state_size = 5

    def call(self, inputs, states):
        total = inputs + states[0]
        return total * 2, [total]


def test_a_cell_of_ones_own():
    layer = layers.RNN(Counter(), return_sequences=True, return_state=True)
    y, state = layer(X)
    np.testing.assert_allclose(y, 2 * X.cumsum(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(state, X.sum(1), rtol=1e-5, atol=1e-6)
    masked, _ = layer(X, mask=MASK)
    np.testing.assert_allclose(
        masked[1, 3:], np.broadcast_to(2 * X[1, :3].sum(0), (3, 5)), rtol=1e-5
    )


def test_a_cell_steps_as_its_layer_does():
    for layer, cell in (
        (layers.LSTM(3), layers.LSTMCell(3)),
        (layers.GRU(3, reset_after=False), layers.GRUCell(3, reset_after=False)),
        (layers.SimpleRNN(3), layers.SimpleRNNCell(3)),
    ):
        wanted = layer(X)
        around = layers.RNN(cell)
        around(X)
        around.set_weights(layer.get_weights())
        np.testing.assert_allclose(around(X), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
@pytest.mark.parametrize("sequences", [False, True])
def test_both_ways(mode, sequences):
    layer = layers.Bidirectional(layers.GRU(3, return_sequences=sequences), merge_mode=mode)
    found = layer(X, mask=MASK)
    there = layer.forward_layer(X, mask=MASK)
    back = layer.backward_layer(X, mask=MASK)
    back = jnp.flip(back, 1) if sequences else back
    wanted = {"concat": jnp.concatenate([there, back], -1), "sum": there + back,
              "mul": there * back, "ave": (there + back) / 2,
              None: (there, back)}[mode]  # fmt: skip
    for own, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)
    shapes = jax.tree.map(jnp.shape, found)
    assert layer.compute_output_shape(X.shape) == shapes


def test_both_ways_with_states():
    layer = layers.Bidirectional(layers.LSTM(3, return_state=True))
    y, *states = layer(X)
    assert y.shape == (4, 6)
    assert [state.shape for state in states] == [(4, 3)] * 4
    again, *_ = layer(X, initial_state=states)
    assert np.abs(np.asarray(again) - np.asarray(y)).max() > 1e-3


def test_time_distributed_applies_a_layer_to_each_step():
    images = RNG.normal(size=(2, 3, 6, 6, 1)).astype("float32")
    layer = layers.TimeDistributed(layers.Conv2D(2, 3))
    y = layer(images)
    for t in range(3):
        np.testing.assert_allclose(y[:, t], layer.layer(images[:, t]), rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape((None, 3, 6, 6, 1)) == (None, 3, 4, 4, 2)


def test_embedding_looks_up_and_says_what_is_not_there():
    layer = layers.Embedding(4, 2, weights=[np.arange(8.0).reshape(4, 2)])
    np.testing.assert_array_equal(layer(np.array([[3, 0]])), [[[6, 7], [0, 1]]])
    assert np.isnan(layer(np.array([4]))).all()
    check_layer(lambda: layers.Embedding(5, 3), (4, 6), input_dtype="int32", differentiable=False)


def test_sequences_of_any_length_in_a_functional_model():
    inputs = layers.Input((None,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(inputs)
    x, *state = layers.LSTM(3, return_sequences=True, return_state=True)(x)
    x = layers.Bidirectional(layers.GRU(2))(x, initial_state=None)
    model = keras.Model(inputs, [x, *state])
    assert model.output_shape == [(None, 4), (None, 3), (None, 3)]
    words = np.array([[3, 1, 0, 0]])
    for short, long in zip(model(words[:, :2]), model(words), strict=True):
        np.testing.assert_allclose(short, long, rtol=1e-5, atol=1e-6)


def test_bad_arguments():
    with pytest.raises(InputError, match="wants a cell with state_size"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(InputError, match="wants a recurrent layer"):
        layers.Bidirectional(layers.Dense(3))
    with pytest.raises(InputError, match="merge_mode"):
        layers.Bidirectional(layers.GRU(3), merge_mode="max")
    with pytest.raises(InputError, match="units"):
        layers.LSTM(0)
    with pytest.raises(ShapeError, match="sequences"):
        layers.LSTM(3)(np.zeros((2, 5), "float32"))
    with pytest.raises(AttributeError, match="LSTM has no 'unknown'"):
        _ = layers.LSTM(3).unknown
