"""Networks for sequences against Keras with the same weights: outputs, masks, and training."""

import numpy as np
import pytest

import myelin as mn

pytestmark = pytest.mark.peer

RNG = np.random.default_rng(0)
WORDS = RNG.integers(1, 12, (6, 7)) * (np.arange(7) < RNG.integers(1, 8, (6, 1)))
STEPS = RNG.normal(size=(6, 7, 5)).astype("float32")
STEPS[2, 4:] = 0
STEPS[4, 2] = 0


def classifier(k):
    return k.Sequential([
        k.layers.Input((7,), dtype="int32"),
        k.layers.Embedding(12, 4, mask_zero=True),
        k.layers.LSTM(5, return_sequences=True),
        k.layers.Dropout(0.0),
        k.layers.GRU(4),
        k.layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


def tagger(k):
    """A class for every step; the loss leaves masked ones out."""
    return k.Sequential([
        k.layers.Input((7,), dtype="int32"),
        k.layers.Embedding(12, 4, mask_zero=True),
        k.layers.Bidirectional(k.layers.LSTM(3, return_sequences=True)),
        k.layers.LayerNormalization(),
        k.layers.TimeDistributed(k.layers.Dense(3, activation="softmax")),
    ])  # fmt: skip


def two_ways(k):
    inputs = k.Input((7, 5))
    x = k.layers.Masking()(inputs)
    a = k.layers.GRU(4, return_sequences=True, reset_after=False)(x)
    b = k.layers.SimpleRNN(4, return_sequences=True, activation="relu")(x)
    x = k.layers.Concatenate()([k.layers.Add()([a, b]), a])
    x = k.layers.Bidirectional(k.layers.GRU(3), merge_mode="mul")(x)
    return k.Model(inputs, k.layers.Dense(3, activation="softmax")(x))


def averaged(k):
    inputs = k.Input((7,), dtype="int32")
    x = k.layers.Embedding(12, 6, mask_zero=True)(inputs)
    x = k.layers.GlobalAveragePooling1D()(x)
    return k.Model(inputs, k.layers.Dense(3, activation="softmax")(x))


def translator(k):
    """An encoder whose states begin the decoder's."""
    source, target = k.Input((7,), name="source"), k.Input((7,), name="target")
    embed = k.layers.Embedding(12, 4)
    _, h, c = k.layers.LSTM(5, return_state=True)(embed(source))
    x = k.layers.LSTM(5, return_sequences=True)(embed(target), initial_state=[h, c])
    return k.Model([source, target], k.layers.Dense(3, activation="softmax")(x))


def stacked(k):
    cells = [k.layers.LSTMCell(4), k.layers.GRUCell(3), k.layers.SimpleRNNCell(5)]
    return k.Sequential([
        k.layers.Input((7, 5)),
        k.layers.RNN(cells, go_backwards=True),
        k.layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


MODELS = {
    "classifier": (classifier, WORDS, (6,)),
    "tagger": (tagger, WORDS, (6, 7)),
    "two_ways": (two_ways, STEPS, (6,)),
    "averaged": (averaged, WORDS, (6,)),
    "translator": (translator, [WORDS, WORDS[:, ::-1]], (6, 7)),
    "stacked": (stacked, STEPS, (6,)),
}


@pytest.mark.parametrize("name", MODELS)
def test_outputs_and_training_are_keras(keras, name):
    make, x, shape = MODELS[name]
    ours, theirs = make(mn), make(keras)
    shapes = [w.shape for w in ours.weights]
    assert shapes == [tuple(w.shape) for w in theirs.weights]
    values = [np.random.default_rng(1).normal(0, 0.4, size).astype("float32") for size in shapes]
    ours.set_weights(values), theirs.set_weights(values)
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-5
    )
    y = np.random.default_rng(2).integers(0, 3, shape)
    losses = []
    for model in (ours, theirs):
        optimizer = (mn if model is ours else keras).optimizers.SGD(0.5)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        fitted = model.fit(x, y, batch_size=6, epochs=3, shuffle=False, verbose=0)
        losses.append(fitted.history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-4)
    for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("name", MODELS)
def test_configurations_go_both_ways(keras, name):
    make, x, _ = MODELS[name]
    ours, theirs = make(mn), make(keras)
    back = theirs.__class__.from_config(ours.get_config())
    back.set_weights(ours.get_weights())
    np.testing.assert_allclose(
        back.predict(x, verbose=0), ours.predict(x, verbose=0), rtol=1e-4, atol=1e-5
    )
    here = ours.__class__.from_config(theirs.get_config())
    here.set_weights(theirs.get_weights())
    np.testing.assert_allclose(
        here.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-5
    )
