"""What stands in Keras's files beside layers and weights, and models that are put together."""

import json
import zipfile

import numpy as np
import pytest

import myelin
from myelin import Input, Model, Sequential, layers, losses, metrics, saving
from myelin.errors import FileFormatError, InputError, UnknownNameError
from myelin.interop.keras import from_keras, to_keras
from tests.interop.differences import difference

keras = pytest.importorskip("keras")

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def same(theirs, ours, *inputs):
    x = inputs[0] if len(inputs) == 1 else list(inputs)
    assert difference(ours(x), theirs(x)) < 1e-5


def test_how_a_model_was_compiled_goes_both_ways(tmp_path):
    inputs = keras.Input((4,))
    theirs = keras.Model(inputs, {
        "a": keras.layers.Dense(3, "softmax", name="a")(inputs),
        "b": keras.layers.Dense(1, name="b")(inputs),
    })  # fmt: skip
    theirs.compile(
        keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(0.1, 10), clipnorm=1.0),
        loss={
            "a": keras.losses.SparseCategoricalCrossentropy(),
            "b": keras.losses.mean_squared_error,
        },
        loss_weights={"a": 1.0, "b": 0.5},
        metrics={"a": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)], "b": ["mae"]},
    )
    ours = from_keras(theirs)
    y = {"a": np.arange(5) % 3, "b": X[:, :1]}
    wanted = theirs.evaluate(X, y, verbose=0, return_dict=True)
    found = ours.evaluate(X, y, verbose=0, return_dict=True)
    assert wanted == pytest.approx({k: found[k] for k in wanted}, rel=1e-5)
    again = to_keras(ours).evaluate(X, y, verbose=0, return_dict=True)
    assert wanted == pytest.approx(again, rel=1e-5)
    bare = saving_without_compile(theirs, tmp_path)
    assert not bare.compiled


def saving_without_compile(theirs, tmp_path):
    theirs.save(tmp_path / "m.keras")
    return saving.load_model(tmp_path / "m.keras", compile=False)


def test_lookups_keep_what_they_learned(tmp_path):
    texts = np.array([["a b c a"], ["b d"], ["e e e"]], dtype=object)
    vectorize = layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(texts)
    weigh = layers.TextVectorization(output_mode="tf_idf")
    weigh.adapt(texts)
    words, numbers = layers.StringLookup(), layers.IntegerLookup(output_mode="multi_hot")
    words.adapt([["x", "y", "x"]])
    numbers.adapt([[3, 7, 3]])
    given = layers.StringLookup(vocabulary=["p", "q"])
    for layer, x in (
        (vectorize, texts), (weigh, texts), (words, np.array([["y", "z"]], dtype=object)),
        (numbers, np.array([[7, 9]])), (given, np.array([["q", "r"]], dtype=object)),
    ):  # fmt: skip
        dtype = "int64" if layer is numbers else "string"
        model = Sequential([Input(x.shape[1:], dtype=dtype), layer])
        model.save(tmp_path / "ours.keras")
        theirs = keras.saving.load_model(tmp_path / "ours.keras")
        theirs.save(tmp_path / "theirs.keras")
        back = saving.load_model(tmp_path / "theirs.keras")
        tokens = model.layers[0].get_vocabulary()
        assert theirs.layers[0].get_vocabulary() == tokens == back.layers[0].get_vocabulary()
        wanted = np.asarray(model.predict(x, verbose=0))
        np.testing.assert_allclose(np.asarray(back.predict(x, verbose=0)), wanted, rtol=1e-6)
        with pytest.raises(InputError, match="no vocabularies"):
            model.save(tmp_path / "m.h5")


def test_a_token_of_two_lines_cannot_be_written(tmp_path):
    words = layers.StringLookup()
    words.set_vocabulary(["a\nb"])
    with pytest.raises(InputError, match="no token like"):
        Sequential([Input((1,), dtype="string"), words]).save(tmp_path / "m.keras")


def test_statistics_that_normalization_learned_go_both_ways():
    theirs = keras.layers.Normalization()
    theirs.adapt(X)
    model = keras.Sequential([keras.Input((4,)), theirs])
    ours = from_keras(model)
    same(model, ours, X)
    same(to_keras(ours), ours, X)


def test_models_in_models_shared_layers_and_operations_go_both_ways():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)], name="inner")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = inner(a) * 2.0 + keras.ops.relu(inner(b)) - a
    x = keras.ops.concatenate([x, keras.ops.mean(x, axis=-1, keepdims=True)], axis=-1)
    theirs = keras.Model([a, b], x)
    ours = from_keras(theirs)
    assert len(ours.weights) == len(theirs.weights) == 2
    same(theirs, ours, X, X[::-1])
    same(to_keras(ours), ours, X, X[::-1])


def test_a_layer_in_two_models_stays_one():
    shared = layers.Dense(4, "tanh", name="shared")
    one = Sequential([Input((4,)), shared, layers.Dense(4)], name="one")
    two = Sequential([Input((4,)), shared], name="two")
    x = Input((4,))
    ours = Model(x, layers.Add()([one(x), two(x)]))
    theirs = to_keras(ours)
    assert len(theirs.weights) == len(ours.weights) == 4
    same(theirs, ours, X)


@saving.register_keras_serializable("tests")
class Ours(Model):
    """Layers in attributes, in a list and in a dictionary."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.zeta = layers.Dense(3, "tanh")
        self._inside = layers.Dense(4)
        self.several = [layers.Dense(4), {"a": layers.Dense(4), "b": [layers.LayerNormalization()]}]

    def call(self, x):
        for layer in (self._inside, self.several[0], self.several[1]["a"], *self.several[1]["b"]):
            x = layer(x)
        return self.zeta(x)


@keras.saving.register_keras_serializable("tests", "Ours")
class Theirs(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.zeta = keras.layers.Dense(3, "tanh")
        self._inside = keras.layers.Dense(4)
        norm = keras.layers.LayerNormalization()
        self.several = [keras.layers.Dense(4), {"a": keras.layers.Dense(4), "b": [norm]}]

    def call(self, x):
        for layer in (self._inside, self.several[0], self.several[1]["a"], *self.several[1]["b"]):
            x = layer(x)
        return self.zeta(x)


def test_a_model_of_ones_own_keeps_its_layers_where_keras_looks(tmp_path):
    ours, theirs = Ours(), Theirs()
    ours(X)
    theirs(X)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    same(theirs, ours, X)
    ours.set_weights([w + 0.1 for w in ours.get_weights()])
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    same(theirs, ours, X)


def test_weights_alone_bring_the_optimizers_state(tmp_path):
    def network(library, made):
        model = made([library.Input((4,)), library.layers.Dense(2)])
        model.compile("adam", "mse")
        return model

    theirs = network(keras, keras.Sequential)
    theirs.fit(X, X[:, :2], verbose=0)
    theirs.save_weights(tmp_path / "w.weights.h5")
    ours = network(myelin, Sequential)
    ours.load_weights(tmp_path / "w.weights.h5")
    same(theirs, ours, X)
    assert int(ours.optimizer.iterations) == 1
    ours.save_weights(tmp_path / "o.weights.h5")
    again = network(keras, keras.Sequential)
    again.optimizer.build(again.trainable_variables)
    again.load_weights(tmp_path / "o.weights.h5")
    for a, b in zip(again.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)


def test_short_floats_go_both_ways():
    ours = Sequential([Input((4,)), layers.Dense(3, dtype="bfloat16")])
    theirs = to_keras(ours)
    assert theirs.weights[0].dtype == "bfloat16"
    back = from_keras(theirs)
    for a, b in zip(ours.get_weights(), back.get_weights(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_training_as_keras_notes_it_for_each_call_does_not_stick():
    inputs = keras.Input((4,))
    outputs = keras.layers.Dropout(0.5)(keras.layers.GaussianNoise(1.0)(inputs))
    ours = from_keras(keras.Model(inputs, outputs))
    assert not np.array_equal(ours(X, training=True), X)
    np.testing.assert_array_equal(ours(X, training=False), X)


def test_lambdas_load_only_where_the_reader_trusts_the_file(tmp_path):
    shift = 3.0
    theirs = keras.Sequential(
        [keras.Input((4,)), keras.layers.Lambda(lambda x, by=2.0: x * by + shift)]
    )
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(FileFormatError, match=r"holds a lambda.*safe_mode=False"):
        saving.load_model(tmp_path / "m.keras")
    same(theirs, saving.load_model(tmp_path / "m.keras", safe_mode=False), X)
    same(theirs, from_keras(theirs), X)


def test_parts_of_ones_own_are_named_where_they_are_not_known(tmp_path):
    def thirded(x):
        return x / 3

    theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=thirded)])
    theirs.compile("sgd", loss=keras.losses.MeanSquaredError())
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(UnknownNameError, match="thirded"):
        saving.load_model(tmp_path / "m.keras")
    same(theirs, saving.load_model(tmp_path / "m.keras", custom_objects={"thirded": thirded}), X)


def test_what_keras_has_no_word_for_is_refused_before_anything_is_written(tmp_path):
    model = Sequential([Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse", metrics=[metrics.ConfusionMatrix(2)])
    with pytest.raises(InputError, match="ConfusionMatrix"):
        model.save(tmp_path / "m.keras")
    x = Input((4,))
    with pytest.raises(InputError, match='"rearrange"'):
        Model(x, myelin.ops.rearrange(x, "b (i j) -> b i j", i=2)).save(tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())
    for wrong in (3, None):
        with pytest.raises(InputError, match="wants a model"):
            to_keras(wrong)
        with pytest.raises(InputError, match="wants a model"):
            from_keras(wrong)


def test_without_the_optimizers_state(tmp_path):
    model = Sequential([Input((4,)), layers.Dense(2)])
    model.compile("adam", losses.MeanSquaredError())
    model.train_on_batch(X, X[:, :2])
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name, include_optimizer=False)
        assert (
            saving.load_model(tmp_path / name).optimizer is None
            or not saving.load_model(tmp_path / name).optimizer.built
        )
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert json.loads(archive.read("config.json"))["compile_config"]["loss"]
