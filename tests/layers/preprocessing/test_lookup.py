"""Vocabularies and indices against what their definition says, without a peer."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from myelin import layers, registry
from myelin.errors import InputError, MyelinError, ShapeError


def test_a_vocabulary_is_sorted_by_frequency_and_backwards_where_equal():
    layer = layers.StringLookup()
    layer.adapt(["b", "a", "c", "a"])
    assert layer.get_vocabulary() == ["[UNK]", "a", "c", "b"]
    assert layer(["a", "z", "b"]).tolist() == [1, 0, 3]
    assert isinstance(layer(["a"]), jnp.ndarray)
    assert layer("b").tolist() == 3


def test_bytes_frames_and_streams_are_text_too():
    pandas = pytest.importorskip("pandas")
    wanted = ["[UNK]", "é", "a"]
    for data in (
        np.array(["é".encode(), b"a", "é".encode()], dtype=object),
        np.array([b"\xc3\xa9", b"a", b"\xc3\xa9"]),
        pandas.Series(["é", "a", "é"]),
        iter([np.array(["é", "a"]), (np.array(["é"]), np.array([1]))]),
    ):
        layer = layers.StringLookup()
        layer.adapt(data)
        assert layer.get_vocabulary() == wanted


def test_steps_and_a_second_adapt():
    layer = layers.StringLookup()
    layer.adapt(iter([["a"], ["b"]]), steps=1)
    assert layer.get_vocabulary(False) == ["a"]
    layer.adapt(["c"])
    assert layer.get_vocabulary(False) == ["c"]


def test_tf_idf_is_what_its_formula_says():
    layer = layers.TextVectorization(output_mode="tf_idf")
    layer.adapt(["cat cat", "cat dog"])
    assert layer.get_vocabulary() == ["[UNK]", "cat", "dog"]
    cat, dog = math.log(1 + 2 / 3), math.log(1 + 2 / 2)
    found = layer(["dog cat cat mouse"])
    np.testing.assert_allclose(found, [[(cat + dog) / 2, 2 * cat, dog]], rtol=1e-6)


def test_a_vocabulary_from_a_file(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("one\ntwo\n", encoding="utf-8")
    layer = layers.StringLookup(vocabulary=str(file))
    assert layer(["two", "three"]).tolist() == [2, 0]
    with pytest.raises(InputError, match="file of the vocabulary"):
        layers.StringLookup(vocabulary=str(tmp_path / "none.txt"))


def test_what_adapt_learned_is_beside_the_configuration():
    layer = layers.TextVectorization(output_mode="tf_idf", max_tokens=10, pad_to_max_tokens=True)
    layer.adapt(["cat cat", "cat dog"])
    made = registry.copied(layer)
    assert made.get_config() == layer.get_config()
    assert made.missing() is not None
    made.build_from_config(layer.get_build_config())
    np.testing.assert_array_equal(made(["a dog"]), layer(["a dog"]))


def test_large_numbers_are_not_cut_off():
    layer = layers.IntegerLookup()
    layer.adapt([2**40, 2**40, 7])
    assert layer(np.array([7, 2**40, 0])).tolist() == [2, 1, 0]


def test_text_without_tokens():
    layer = layers.TextVectorization()
    layer.adapt(["a b"])
    assert layer(["", "..."]).shape == (2, 0)
    assert layer(np.array([], dtype=object)).shape == (0, 0)


@pytest.mark.parametrize("split", [lambda texts: [text.split("-") for text in texts], "character"])
def test_functions_of_ones_own(split):
    layer = layers.TextVectorization(
        standardize=lambda texts: np.char.replace(texts, "!", ""), split=split
    )
    layer.adapt(np.array(["a-b!", "a"]))
    assert layer(["b!", "a-"])[0, 0] == layer.get_vocabulary().index("b")


MISTAKES = {
    "before adapt": (lambda: layers.StringLookup()(["a"]), "call adapt"),
    "numbers for text": (lambda: layers.StringLookup(vocabulary=["a"])([1]), "IntegerLookup"),
    "text for numbers": (lambda: layers.IntegerLookup(vocabulary=[1])(["a"]), "StringLookup"),
    "a missing value": (
        lambda: layers.StringLookup().adapt(np.array(["a", None], dtype=object)),
        "None.*fillna",
    ),
    "a given vocabulary": (
        lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]),
        "cannot adapt",
    ),
    "a token twice": (lambda: layers.StringLookup(vocabulary=["a", "a"]), r"twice: \['a'\]"),
    "a special token": (
        lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""),
        "special token",
    ),
    "no place for it": (
        lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]),
        "'b' is not in the vocabulary",
    ),
    "too many tokens": (lambda: layers.StringLookup(2, vocabulary=["a", "b"]), "max_tokens is 2"),
    "weights missing": (
        lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"),
        "idf_weights",
    ),
    "an unknown mode": (lambda: layers.Hashing(3, output_mode="onehot"), "one_hot"),
    "an unknown split": (lambda: layers.TextVectorization(split="words"), "whitespace"),
    "ragged": (lambda: layers.TextVectorization(ragged=True), "ragged"),
    "sparse": (lambda: layers.CategoryEncoding(3, sparse=True), "sparse"),
    "several texts in a row": (
        lambda: layers.TextVectorization(vocabulary=["a"])([["a", "b"]]),
        r"\(n, 1\)",
    ),
    "ragged rows": (lambda: layers.StringLookup().adapt([["a"], ["b", "c"]]), "length"),
    "one input to cross": (lambda: layers.HashedCrossing(3)(["a"]), "two or more"),
    "floats to cross": (lambda: layers.HashedCrossing(3)([[1.5], [2.5]]), "whole numbers"),
    "boundaries and bins": (lambda: layers.Discretization([1.0], num_bins=3), "either"),
    "bins before adapt": (lambda: layers.Discretization(num_bins=3)([1.0]), "call adapt"),
    "weights of another mode": (
        lambda: layers.CategoryEncoding(3)([1], count_weights=[1.0]),
        "count",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name):
    mistake, message = MISTAKES[name]
    with pytest.raises(MyelinError, match=message):
        mistake()


def test_shapes_that_do_not_fit_are_shape_errors():
    with pytest.raises(ShapeError):
        layers.HashedCrossing(3)([[1, 2], [1, 2, 3]])
