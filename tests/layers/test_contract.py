"""Every layer passes the contract; a new layer is tested by one more line in `table.py`."""

import pytest

from myelin import layers
from myelin.testing import check_layer
from tests.layers.table import LAYERS


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_keeps_its_promises(name):
    make, input_shape = LAYERS[name]
    check_layer(make, input_shape)


def test_every_layer_class_is_in_the_table():
    tested = {type(make()).__name__ for make, _ in LAYERS.values()}
    untested = {
        getattr(layers, name).__name__
        for name in layers.__all__
        if isinstance(getattr(layers, name), type)
        and issubclass(getattr(layers, name), layers.Layer)
    } - tested
    # Layer itself does nothing, and an InputLayer only states a shape. Cells keep their promises
    # inside RNN, embeddings, which take whole numbers, in test_recurrent.py and
    # test_reversible_embedding.py, and attention, which takes arguments, in test_attention.py. A
    # Wrapper stands in the table as a subclass.
    cells = {"SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells"}
    # Layers on the host take text, and are tested in preprocessing/.
    host = {"HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"}
    embeddings = {"Embedding", "ReversibleEmbedding"}
    attention = {"AdditiveAttention", "Attention", "GroupedQueryAttention", "MultiHeadAttention"}
    assert untested == {
        "Layer", "InputLayer", "Wrapper", *embeddings, *attention, *cells, *host,
    }  # fmt: skip


class Broken(layers.Layer):
    """Breaks one promise, by name."""

    def __init__(self, promise, **kwargs):
        super().__init__(**kwargs)
        self.promise = promise
        self.calls = 0

    def build(self, input_shape):
        self.scale = self.add_weight((), "ones", trainable=True, name="scale")
        self.count = self.add_weight((), "zeros", trainable=False, name="count")

    def call(self, x, training=False):
        if self.promise == "leaves variables alone":
            self.count.assign_add(1.0)
        if self.promise == "repeats":
            self.calls += 1
            return x * self.scale + self.calls
        return x * self.scale

    def compute_output_shape(self, input_shape):
        return (*input_shape, 1) if self.promise == "shape" else input_shape

    def get_config(self):
        config = super().get_config()
        grows = {"name": f"{self.name}_again"} if self.promise == "config" else {}
        return {**config, **grows}


@pytest.mark.parametrize(
    ("promise", "complaint"),
    [
        ("shape", "compute_output_shape gives the shape"),
        ("leaves variables alone", "leaves the variables alone|compiled|Compiled|from a file"),
        ("repeats", "Compiled"),
        ("config", "same config"),
    ],
)
def test_the_contract_finds_a_broken_promise(promise, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_layer(lambda: Broken(promise), (4, 5))


def test_the_contract_passes_a_layer_of_ones_own():
    check_layer(lambda: Broken("none"), (4, 5))
