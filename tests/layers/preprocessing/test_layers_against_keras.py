"""Every preprocessing layer beside Keras's: vocabularies, indices, vectors, bins."""

import json
import random

import numpy as np
import pytest

from myelin import layers
from myelin.layers.preprocessing import fingerprints

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

pytestmark = pytest.mark.peer

TEXTS = [
    "The cat sat on the mat, and the Cat ran!",
    "a dog: it's a DOG... naïve Éclair café",
    "",
    "  the   end\tof\nthe line  ",
    "mat mat mat zebra-crossing under_score",
    "日本語 テキスト ok",
]
OTHERS = ["the unseen cat", "éclair Éclair dog", "", "mat"]


def numbers(value):
    return np.asarray(value)


def test_fingerprints_of_all_lengths():
    rng = random.Random(0)
    texts = [bytes(rng.randrange(256) for _ in range(n)) for n in range(201) for _ in range(10)]
    bins = 2**61 - 1
    fast = tf.strings.to_hash_bucket_fast(tf.constant(texts), bins).numpy()
    assert [fingerprints.fingerprint64(text) % bins for text in texts] == fast.tolist()
    strong = tf.strings.to_hash_bucket_strong(tf.constant(texts), bins, key=[133, 2**40]).numpy()
    assert [fingerprints.siphash64(text, (133, 2**40)) % bins for text in texts] == strong.tolist()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"standardize": None},
        {"standardize": "lower"},
        {"standardize": "strip_punctuation"},
        {"split": "character"},
        {"split": None},
        {"ngrams": 2},
        {"ngrams": (1, 3)},
        {"max_tokens": 8},
        {"output_sequence_length": 3},
        {"output_sequence_length": 30},
        {"output_mode": "multi_hot"},
        {"output_mode": "count", "max_tokens": 9},
        {"output_mode": "count", "max_tokens": 90, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf"},
        {"output_mode": "tf_idf", "ngrams": 2, "max_tokens": 60, "pad_to_max_tokens": True},
    ],
    ids=str,
)
def test_text_vectorization(arguments):
    ours, theirs = (
        layers.TextVectorization(**arguments),
        keras.layers.TextVectorization(**arguments),
    )
    ours.adapt(TEXTS)
    theirs.adapt(TEXTS)
    assert ours.get_vocabulary() == theirs.get_vocabulary()
    assert ours.get_vocabulary(False) == theirs.get_vocabulary(False)
    assert ours.vocabulary_size() == theirs.vocabulary_size()
    wide = {"output_mode", "output_sequence_length"} & set(arguments) or arguments.get("split", 1)
    for texts in (TEXTS, OTHERS, [[text] for text in OTHERS], "the cat, unseen"):
        if not wide and isinstance(texts, str):
            continue
        np.testing.assert_allclose(
            numbers(ours(texts)), numbers(theirs(tf.constant(texts))), rtol=1e-6
        )


def test_text_vectorization_with_a_vocabulary_and_functions():
    words = ["cat", "dog", "the"]
    for arguments in (
        {"vocabulary": words},
        {"vocabulary": ["", "[UNK]", *words]},
        {"vocabulary": words, "output_mode": "tf_idf", "idf_weights": [0.5, 1.0, 2.0]},
        {"vocabulary": words, "standardize": np.char.upper},
    ):
        ours = layers.TextVectorization(**arguments)
        theirs = keras.layers.TextVectorization(**arguments)
        assert ours.get_vocabulary() == theirs.get_vocabulary()
        np.testing.assert_allclose(
            numbers(ours(OTHERS)), numbers(theirs(np.array(OTHERS))), rtol=1e-6
        )


WORDS = np.array([["b", "a", "c"], ["a", "a", "é"], ["z", "b", ""]])
UNKNOWN = np.array([["a", "q", "b"], ["", "zz", "[UNK]"], ["é", "a", "a"]])


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count", "tf_idf"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"mask_token": ""},
        {"num_oov_indices": 3},
        {"num_oov_indices": 3, "salt": [5, 7], "mask_token": ""},
        {"max_tokens": 4},
        {"max_tokens": 12, "pad_to_max_tokens": True},
    ],
    ids=str,
)
def test_string_lookup(arguments, mode):
    if mode == "int" and "pad_to_max_tokens" in arguments:
        arguments = {"max_tokens": 12}
    ours = layers.StringLookup(output_mode=mode, **arguments)
    theirs = keras.layers.StringLookup(output_mode=mode, **arguments)
    ours.adapt(WORDS)
    theirs.adapt(WORDS)
    assert ours.get_vocabulary() == theirs.get_vocabulary()
    for words in (WORDS, UNKNOWN, UNKNOWN[:, :1], UNKNOWN[0]):
        np.testing.assert_allclose(
            numbers(ours(words)), numbers(theirs(tf.constant(words))), rtol=1e-6
        )


NUMBERS = np.array([[12, -5, 7], [12, 12, 7], [0, 1000, 3]])


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count", "tf_idf"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"mask_token": 0},
        {"num_oov_indices": 2},
        {"num_oov_indices": 4, "oov_method": "farmhash"},
        {"num_oov_indices": 4, "oov_method": "farmhash", "salt": 3},
    ],
    ids=str,
)
def test_integer_lookup(arguments, mode):
    ours = layers.IntegerLookup(output_mode=mode, **arguments)
    theirs = keras.layers.IntegerLookup(output_mode=mode, **arguments)
    ours.adapt(NUMBERS)
    theirs.adapt(NUMBERS)
    assert ours.get_vocabulary() == theirs.get_vocabulary()
    for values in (NUMBERS, NUMBERS - 1, NUMBERS[:, :1] * 3):
        np.testing.assert_allclose(numbers(ours(values)), numbers(theirs(values)), rtol=1e-6)


def test_lookups_backwards():
    indices = np.array([[0, 1, 2], [3, 4, 9]])
    for arguments in ({}, {"mask_token": "m"}, {"num_oov_indices": 2}):
        arguments = {"vocabulary": ["a", "b", "c"], "invert": True, **arguments}
        theirs = keras.layers.StringLookup(**arguments).call(tf.constant(indices))
        words = np.vectorize(lambda word: word.decode())(theirs.numpy())
        assert layers.StringLookup(**arguments)(indices).tolist() == words.tolist()
    arguments = {"vocabulary": [12, 36, 7], "invert": True}
    theirs = keras.layers.IntegerLookup(**arguments)(indices)
    assert numbers(layers.IntegerLookup(**arguments)(indices)).tolist() == numbers(theirs).tolist()


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
@pytest.mark.parametrize(
    "arguments", [{}, {"salt": 133}, {"salt": [133, 7]}, {"mask_value": ""}], ids=str
)
def test_hashing(arguments, mode):
    ours = layers.Hashing(7, output_mode=mode, **arguments)
    theirs = keras.layers.Hashing(7, output_mode=mode, **arguments)
    for words in (WORDS, UNKNOWN[:, :1]):
        np.testing.assert_array_equal(numbers(ours(words)), numbers(theirs(tf.constant(words))))
    if "mask_value" not in arguments:
        for values in (NUMBERS, NUMBERS * 0.75):
            np.testing.assert_array_equal(numbers(ours(values)), numbers(theirs(values)))


@pytest.mark.parametrize("mode", ["int", "one_hot"])
def test_hashed_crossing(mode):
    ours = layers.HashedCrossing(11, output_mode=mode)
    theirs = keras.layers.HashedCrossing(11, output_mode=mode)
    words, values = WORDS.ravel(), NUMBERS.ravel()
    for parts in ([words, values], [values, words], [words, UNKNOWN.ravel(), values]):
        for given in (parts, [part[:, None] for part in parts]):
            tensors = [tf.constant(part) for part in given]
            np.testing.assert_array_equal(numbers(ours(given)), numbers(theirs(tensors)))


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_category_encoding(mode):
    ours = layers.CategoryEncoding(5, output_mode=mode)
    theirs = keras.layers.CategoryEncoding(5, output_mode=mode)
    values = np.random.default_rng(0).integers(0, 5, size=(6, 4))
    for given in (values, values[:, :1], values[0], values[0, 0]):
        np.testing.assert_array_equal(numbers(ours(given)), numbers(theirs(given)))
    if mode == "count":
        weights = np.random.default_rng(1).uniform(size=(6, 4)).astype("float32")
        np.testing.assert_allclose(
            ours(values, count_weights=weights), theirs(values, count_weights=weights), rtol=1e-6
        )


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_discretization(mode):
    rng = np.random.default_rng(2)
    data, given = rng.normal(size=(300, 2)), rng.normal(size=(9, 3)).astype("float32")
    for epsilon in (0.01, 0.1):
        ours = layers.Discretization(num_bins=6, epsilon=epsilon, output_mode=mode)
        theirs = keras.layers.Discretization(num_bins=6, epsilon=epsilon, output_mode=mode)
        for layer in (ours, theirs):
            layer.adapt([data[:100], data[100:]] if epsilon == 0.1 else data)
        np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6)
        for values in (given, given[:, :1]):
            np.testing.assert_array_equal(numbers(ours(values)), numbers(theirs(values)))
    # With whole numbers going out, those that come in are compared as they are.
    fixed = {"bin_boundaries": [-0.5, 0.0, 0.7], "output_mode": mode, "dtype": "int64"}
    np.testing.assert_array_equal(
        numbers(layers.Discretization(**fixed)(given)),
        numbers(keras.layers.Discretization(**fixed)(given)),
    )


def test_layers_are_made_of_keras_configurations():
    for theirs in (
        keras.layers.TextVectorization(max_tokens=9, ngrams=(1, 2), vocabulary=["a", "b"]),
        keras.layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=2),
        keras.layers.IntegerLookup(vocabulary=[3, 4], mask_token=0),
        keras.layers.Hashing(7, salt=3),
        keras.layers.HashedCrossing(7),
        keras.layers.CategoryEncoding(4, output_mode="count"),
        keras.layers.Discretization([1.0, 2.0]),
    ):
        ours = getattr(layers, type(theirs).__name__).from_config(theirs.get_config())
        again = type(ours).from_config(ours.get_config())
        assert again.get_config() == ours.get_config()
        wanted = json.loads(json.dumps(theirs.get_config()))
        written = {name: value for name, value in ours.get_config().items() if name in wanted}
        for name in set(written) - {"dtype", "name"}:
            assert written[name] == wanted[name], name
