"""An error about a shape says which layer the array came from."""

import gc

import numpy as np
import pytest

import myelin as mn
from myelin.errors import ShapeError
from myelin.layers import sources

FROM = r'Dense "scores": wants a last axis of 128, got .*\({}, 64\) from Flatten "flat"$'


@pytest.fixture
def scores():
    layer = mn.layers.Dense(3, name="scores")
    layer(np.ones((2, 128)))
    return layer


def test_of_arrays(scores):
    flat = mn.layers.Flatten(name="flat")
    with pytest.raises(ShapeError, match=FROM.format(32)):
        scores(flat(np.ones((32, 8, 8))))


def test_of_promises_and_their_unknown_sizes(scores):
    flat = mn.layers.Flatten(name="flat")
    with pytest.raises(ShapeError, match=FROM.format("None")):
        scores(flat(mn.Input((8, 8))))


def test_in_a_sequential(scores):
    with pytest.raises(ShapeError, match=FROM.format("None")):
        mn.Sequential([mn.Input((8, 8)), mn.layers.Flatten(name="flat"), scores])


def test_in_a_model_of_a_subclass(scores):
    class Own(mn.Model):
        def __init__(self):
            super().__init__()
            self.flat, self.scores = mn.layers.Flatten(name="flat"), scores

        def call(self, x):
            return self.scores(self.flat(x))

    model = Own()
    with pytest.raises(ShapeError, match=FROM.format(5)):
        model(np.ones((5, 8, 8)))
    model.compile("sgd", "mse")
    with pytest.raises(ShapeError, match=r'from Flatten "flat"$'):
        model.fit(np.ones((5, 8, 8)), np.ones((5, 3)), verbose=0)


def test_of_several_inputs():
    left, right = mn.layers.Dense(3, name="left"), mn.layers.Dense(4, name="right")
    x = mn.Input((5,))
    with pytest.raises(ShapeError, match=r'from Dense "left" and Dense "right"$'):
        mn.layers.Add()([left(x), right(x)])


def test_a_nested_model_says_it_once(scores):
    inner = mn.Sequential([mn.layers.Flatten(name="flat")], name="inner")
    inner(np.ones((2, 8, 8)))
    with pytest.raises(ShapeError, match=r'\(2, 64\) from Sequential "inner"$') as caught:
        scores(inner(np.ones((2, 8, 8))))
    assert caught.value.source == 'Sequential "inner"'


def test_data_have_no_source(scores):
    with pytest.raises(ShapeError, match=r"\(2, 64\)$") as caught:
        scores(np.ones((2, 64)))
    assert caught.value.source is None


def test_arrays_are_forgotten_with_their_lives():
    gc.collect()
    before = len(sources._makers)
    layer = mn.layers.Dense(2)
    kept = layer(np.ones((1, 3)))
    assert sources.source_of(kept) == layer.title
    for _ in range(20):
        layer(np.ones((1, 3)))
    gc.collect()
    assert len(sources._makers) <= before + 1
