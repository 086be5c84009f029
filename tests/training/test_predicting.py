"""`predict`: how many rows at a time, where they lie, and the same answers whatever it chooses."""

import threading

import numpy as np
import pytest

import myelin as mn
from myelin import layers
from myelin.models.rowwise import examples_at_a_time

rng = np.random.default_rng(0)


class LessMean(layers.Layer):
    def call(self, x):
        return x - mn.ops.mean(x, axis=0)


def sequential(*parts, shape=(6,)):
    return mn.Sequential([layers.Input(shape), *parts])


def functional(make, shape=(6,)):
    inputs = layers.Input(shape)
    return mn.Model(inputs, make(inputs))


def stateful():
    return mn.Sequential(
        [layers.Input(batch_shape=(4, 5, 6)), layers.LSTM(3, stateful=True), layers.Dense(2)]
    )


SIZES = {
    "small outputs": (lambda: sequential(layers.Dense(8)), 2048),
    # 64 · 64 · 8 floats of 4 bytes fit 128 times into 16 MiB.
    "images": (lambda: sequential(layers.Conv2D(8, 3, padding="same"), shape=(64, 64, 3)), 128),
    "larger images": (
        lambda: sequential(layers.Conv2D(64, 3, padding="same"), shape=(64, 64, 3)),
        32,
    ),
    "any length": (lambda: sequential(layers.LSTM(4, return_sequences=True), shape=(None, 3)), 32),
    "a model in it": (lambda: sequential(sequential(layers.Dense(4))), 2048),
    "a layer of one's own": (lambda: sequential(layers.Dense(4), LessMean()), 32),
    "one's own further in": (lambda: sequential(sequential(LessMean())), 32),
    "one's own in a wrapper": (
        lambda: sequential(layers.TimeDistributed(LessMean()), shape=(3, 6)),
        32,
    ),
    "a function": (lambda: sequential(layers.Lambda(lambda x: x[::-1])), 32),
    "an operation": (lambda: functional(lambda x: x - mn.ops.mean(x, axis=0, keepdims=True)), 32),
    "called as in training": (
        lambda: functional(lambda x: layers.BatchNormalization()(x, training=True)),
        32,
    ),
    "states from batch to batch": (stateful, 32),
}


@pytest.mark.parametrize("name", SIZES)
def test_many_rows_at_a_time_where_each_is_on_its_own(name):
    make, wanted = SIZES[name]
    assert examples_at_a_time(make()) == wanted


def test_a_layer_that_looks_at_all_that_comes_together_sees_32_as_in_keras():
    x = rng.normal(size=(80, 6)).astype("float32")
    wanted = np.concatenate([part - part.mean(0) for part in (x[:32], x[32:64])])
    found = sequential(LessMean()).predict(x, verbose=0)
    np.testing.assert_allclose(found[:64], wanted, atol=1e-6)


@pytest.mark.parametrize("n", [1, 31, 257, 2048, 5000])
def test_rows_of_any_number_and_place_come_back_in_order(n):
    model = sequential(layers.Dense(3))
    kernel, bias = model.get_weights()
    # Memory that begins between vectors, every other column of it, and from the end.
    wide = np.zeros((n + 1) * 12, "float32")[3 : 3 + 12 * n].reshape(n, 12)
    wide[:] = rng.normal(size=wide.shape)
    for x in (wide[:, ::2], wide[::-1, :6], np.asfortranarray(wide[:, 6:]), wide[:, :6].tolist()):
        found = model.predict(x, verbose=0)
        np.testing.assert_allclose(found, np.asarray(x) @ kernel + bias, rtol=1e-4, atol=1e-5)
        same = model.predict(x, batch_size=32, verbose=0)
        np.testing.assert_allclose(found, same, rtol=1e-5, atol=1e-6)


def test_what_goes_through_unchanged_is_not_overwritten_by_later_rows():
    model = functional(lambda x: [layers.Identity()(x), layers.Dense(2)(x)])
    x = rng.normal(size=(9001, 6)).astype("float32")
    first = model.predict(x, verbose=0)
    second = model.predict(x + 1, verbose=0)
    np.testing.assert_array_equal(first[0], x)
    np.testing.assert_array_equal(second[0], x + 1)
    second[0][0] = 0  # One's own to write to.


def test_threads_ask_one_model_at_once():
    model = sequential(layers.Identity(), shape=(50,))
    given = [np.full((5000, 50), i, "float32") for i in range(4)]
    model.predict(given[0], verbose=0)
    wrong = []

    def ask(x):
        for _ in range(5):
            if not np.array_equal(model.predict(x, verbose=0), x):
                wrong.append(x[0, 0])

    threads = [threading.Thread(target=ask, args=(x,)) for x in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
