"""Models that begin on the host: text in, and the compiled part behind it."""

import os
import subprocess
import sys

import numpy as np
import pytest

import myelin as mn
from myelin import layers, naming
from myelin.errors import InputError
from myelin.layers.hosting import Prepared

TEXTS = np.array(["good movie", "bad movie", "great good fun", "awful bad dull"] * 6)
LABELS = np.array([1, 0, 1, 0] * 6)


@pytest.fixture
def vectorize():
    layer = layers.TextVectorization(output_sequence_length=4)
    layer.adapt(TEXTS)
    return layer


def body():
    return [
        layers.Embedding(10, 3),
        layers.GlobalAveragePooling1D(),
        layers.Dense(1, activation="sigmoid"),
    ]


def compiled(model):
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def in_a_row(first, *rest):
    return mn.Sequential([first, *rest])


def as_a_graph(first, *rest):
    inputs = outputs = mn.Input(shape=(1,), dtype="string")
    for layer in (first, *rest):
        outputs = layer(outputs)
    return mn.Model(inputs, outputs)


@pytest.mark.parametrize("make", [in_a_row, as_a_graph])
def test_text_goes_everywhere_that_arrays_go(make, vectorize):
    rest = body()
    model = compiled(make(vectorize, *rest))
    history = model.fit(TEXTS, LABELS, epochs=2, validation_split=0.25, verbose=0).history
    assert len(history["val_loss"]) == 2
    wanted = np.asarray(mn.Sequential(rest)(vectorize(TEXTS[:3])))
    for x in (TEXTS[:3], TEXTS[:3, None], TEXTS[:3].tolist(), np.char.encode(TEXTS[:3])):
        np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=1e-5)
    np.testing.assert_allclose(model(TEXTS[:3]), wanted, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(TEXTS[:3]), wanted, rtol=1e-5)
    whole = model.evaluate(TEXTS, LABELS, verbose=0)
    batches = ((TEXTS[i : i + 8], LABELS[i : i + 8]) for i in range(0, 24, 8))
    np.testing.assert_allclose(model.evaluate(batches, verbose=0), whole, rtol=1e-5)
    before = model.get_weights()[-1].copy()
    model.train_on_batch(TEXTS[:8], LABELS[:8])
    assert (model.get_weights()[-1] != before).any()


def test_it_trains_as_on_indices(vectorize):
    model = compiled(mn.Sequential([vectorize, *body()]))
    plain = compiled(mn.Sequential([layers.Input((4,), dtype="int32"), *body()]))
    model(TEXTS[:1])
    plain.set_weights(model.get_weights())
    mn.utils.set_random_seed(3)
    ours = model.fit(TEXTS, LABELS, epochs=2, verbose=0).history
    mn.utils.set_random_seed(3)
    theirs = plain.fit(np.asarray(vectorize(TEXTS)), LABELS, epochs=2, verbose=0).history
    np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=1e-6)


def test_a_saved_model_takes_text_in_a_new_process(vectorize, tmp_path):
    model = compiled(mn.Sequential([vectorize, *body()]))
    model.fit(TEXTS, LABELS, verbose=0)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "wanted.npy", model.predict(TEXTS[:4], verbose=0))
    program = (
        "import numpy as np, myelin as mn, sys\n"
        "model = mn.models.load_model(sys.argv[1] + '/model.keras')\n"
        "texts = np.array(['good movie', 'bad movie', 'great good fun', 'awful bad dull'])\n"
        "wanted = np.load(sys.argv[1] + '/wanted.npy')\n"
        "np.testing.assert_allclose(model.predict(texts, verbose=0), wanted, rtol=1e-6)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONWARNINGS": "error"})


@pytest.mark.parametrize("ending", [".weights.h5", ".npz"])
def test_weights_alone_keep_the_vocabulary(vectorize, tmp_path, ending):
    model = in_a_row(vectorize, *body())
    wanted = model.predict(TEXTS, verbose=0)
    model.save_weights(tmp_path / f"model{ending}")
    other = in_a_row(mn.Input((1,), dtype="string"), layers.TextVectorization(
        output_sequence_length=4), *body())  # fmt: skip
    other.load_weights(tmp_path / f"model{ending}")
    np.testing.assert_allclose(other.predict(TEXTS, verbose=0), wanted, rtol=1e-6)
    plain = in_a_row(layers.Input((4,), dtype="int32"), *body())
    with pytest.raises(InputError, match=r"vocabularies for 1 layers|the model has no .*learned"):
        plain.load_weights(tmp_path / f"model{ending}")


def test_models_inside_models(vectorize):
    inner = mn.Sequential([vectorize, *body()])
    inner(TEXTS[:1])
    wanted = np.asarray(inner(TEXTS))
    shifted = layers.Rescaling(2.0, offset=1.0)
    for make in (in_a_row, as_a_graph):
        outer = make(inner, shifted)
        np.testing.assert_allclose(outer(TEXTS), 2 * wanted + 1, rtol=1e-5)
        np.testing.assert_allclose(outer.predict(TEXTS, verbose=0), 2 * wanted + 1, rtol=1e-5)
    weights = [id(v) for v in inner.trainable_variables]
    assert [id(v) for v in outer.trainable_variables] == weights


def test_a_layer_on_the_host_alone_is_a_model(vectorize):
    model = as_a_graph(vectorize)
    np.testing.assert_array_equal(model.predict(TEXTS, verbose=0), vectorize(TEXTS))


def mixed():
    """Numbers and text; a crossing wants both, and bins of the numbers, on the host."""
    words = mn.Input(shape=(1,), dtype="string", name="words")
    numbers = mn.Input(shape=(1,), name="numbers")
    bins = layers.Discretization([0.0, 1.0])(numbers)
    index = layers.StringLookup(vocabulary=["good", "bad"])(words)
    crossed = layers.HashedCrossing(5, output_mode="one_hot")([index, bins])
    joined = layers.Concatenate()(
        [layers.CategoryEncoding(3, "one_hot")(index), crossed, layers.Rescaling(0.5)(numbers)]
    )
    return mn.Model([words, numbers], layers.Dense(2, use_bias=False)(joined))


def test_text_and_numbers_meet_before_and_behind_the_cut():
    model = mixed()
    words, numbers = np.array(["good", "bad", "ugly"]), np.array([0.5, 2.0, -1.0], np.float32)
    index = np.array([1, 2, 0])
    bins = np.array([1, 2, 0])
    crossed = np.asarray(layers.HashedCrossing(5, "one_hot")([index, bins]))
    x = np.concatenate([np.eye(3)[index], crossed, numbers[:, None] / 2], axis=1)
    wanted = x @ model.get_weights()[0]
    for given in ([words, numbers], {"words": words, "numbers": numbers}):
        np.testing.assert_allclose(model.predict(given, verbose=0), wanted, rtol=1e-5)
        np.testing.assert_allclose(model(given), wanted, rtol=1e-5)
    model.compile("sgd", "mse")
    model.fit({"numbers": numbers, "words": words}, np.zeros((3, 2)), verbose=0)
    with pytest.raises(InputError, match=r'x\["numbers"\].*NaN'):
        model.fit([words, numbers * np.nan], np.zeros((3, 2)), verbose=0)


def test_what_is_written_and_listed_does_not_know_the_cut(vectorize):
    model = as_a_graph(vectorize, *body())

    def seen():
        return model.get_config(), [v.path for v in model.variables], naming._used.copy()

    before = seen()
    model.predict(TEXTS, verbose=0)
    assert seen() == before


def test_prepared_inputs_are_prepared_once(vectorize):
    model = mn.Sequential([vectorize, *body()])
    prepared = model.prepared(TEXTS)
    assert isinstance(prepared, Prepared)
    assert model.prepared(prepared) is prepared
    np.testing.assert_allclose(model(prepared), model(TEXTS), rtol=1e-6)
    made_anew = mn.models.clone_model(mn.Sequential([vectorize, *body()]))
    made_anew._build_for(prepared)
    assert made_anew.input_shape == (None, 1)


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_folds_have_the_vocabulary_of_the_model(vectorize, mode):
    rest = body()
    if mode == "tf_idf":
        vectorize, rest = layers.TextVectorization(output_mode=mode), [layers.Dense(1)]
        vectorize.adapt(TEXTS)
    model = compiled(as_a_graph(vectorize, *rest) if mode == "int" else in_a_row(vectorize, *rest))
    model(TEXTS[:1])
    found = mn.cross_validate(model, TEXTS, LABELS, cv=2, epochs=1, verbose=0)
    assert found.folds[0].predict(TEXTS[:2]).shape == (2, 1)


class Subclassed(mn.Model):
    def __init__(self, vectorize):
        super().__init__()
        self.vectorize = vectorize
        self.rest = mn.Sequential(body())

    def call(self, x):
        return self.rest(self.vectorize(x))


def test_a_subclass_takes_text_when_called_but_not_compiled(vectorize):
    model = compiled(Subclassed(vectorize))
    assert model(TEXTS[:2]).shape == (2, 1)
    with pytest.raises(InputError, match=r"x: holds text.*first in a Sequential.*ds\.map"):
        model.fit(TEXTS, LABELS, verbose=0)


def test_a_lookup_inside_a_compiled_call_is_told():
    class Late(mn.Model):
        def __init__(self):
            super().__init__()
            self.lookup = layers.IntegerLookup(vocabulary=[1, 2])
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(self.lookup(x))

    model = Late()
    model.compile("sgd", "mse")
    with pytest.raises(InputError, match=r"computes with NumPy on the host.*ds\.map"):
        model.fit(np.array([[1], [2]]), np.array([1.0, 2.0]), verbose=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda v: mn.Sequential([mn.Input((2,)), layers.Dense(1), layers.Hashing(3)]),
            "has weights to train",
        ),
        (
            lambda v: as_a_graph(v, layers.StringLookup(vocabulary=["a"], invert=True)),
            "the text of",
        ),
        (lambda v: mn.Sequential([mn.Input((1,)), v]), r"Input\(…, dtype=\"string\"\)"),
        (lambda v: mn.Sequential([layers.TextVectorization(), *body()]), "call adapt"),
        (lambda v: as_a_graph(layers.Dense(1)), "Dense.*takes numbers"),
    ],
)
def test_models_that_cannot_be_are_told(make, message, vectorize):
    with pytest.raises(InputError, match=message):
        make(vectorize).predict(np.array([[1, 2]]) if "train" in message else TEXTS, verbose=0)
