"""SavedModels and `.h5` files that Keras 2 itself made, by the package tf_keras."""

import json
import os
import shutil

import numpy as np
import pytest

import myelin
from myelin import Model
from myelin import layers as own
from myelin.errors import FileFormatError, UnknownNameError
from myelin.interop import tensorflow as from_tensorflow

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("tf_keras")
layers = keras.layers

X = np.random.default_rng(0).normal(size=(6, 4)).astype("f4")
WORDS = np.random.default_rng(0).integers(0, 10, (3, 6)).astype("i4")
IMAGES = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype("f4")


def drawn(model):
    """The model with weights that are not as they began."""
    rng = np.random.default_rng(1)
    model.set_weights([w + abs(rng.normal(scale=0.1, size=w.shape)) for w in model.get_weights()])
    return model


def in_a_row():
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, "relu"), layers.Dropout(0.2), layers.Dense(2)]
    )


def two_and_two():
    image, size = keras.Input((8, 8, 3), name="image"), keras.Input((4,), name="size")
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(image)))
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(x)])
    both = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), size])
    return keras.Model(
        [image, size], [layers.Dense(2, "softmax", name="kind")(both), layers.Dense(1)(both)]
    )


def recurrent():
    return keras.Sequential(
        [keras.Input((6,), dtype="int32"), layers.Embedding(10, 4, mask_zero=True),
         layers.LSTM(5, return_sequences=True), layers.Bidirectional(layers.GRU(3)),
         layers.Dense(1, "sigmoid")]
    )  # fmt: skip


def models_in_models():
    """Layers of one shape beside each other, models in a model, called twice."""
    row = keras.Sequential([layers.Dense(4, "tanh"), layers.BatchNormalization(), layers.Dense(4)])
    x = keras.Input((4,))
    inner = keras.Model(x, row(x) + layers.Dense(4, name="z")(x) * layers.Dense(4, name="a")(x))
    x = keras.Input((4,))
    frozen = layers.Dense(4, trainable=False)
    return keras.Model(x, frozen(inner(inner(x))))


@pytest.mark.parametrize(
    ("make", "inputs"),
    [(in_a_row, X), (two_and_two, [IMAGES, X[:3]]), (recurrent, WORDS), (models_in_models, X)],
)
def test_whole_models_predict_the_same(make, inputs, tmp_path):
    theirs = drawn(make())
    # Without traces the folder lists no variables of each layer.
    traces = make in (in_a_row, models_in_models)
    theirs.save(tmp_path / "model", save_format="tf", save_traces=traces)
    model = myelin.load_model(tmp_path / "model")
    found, wanted = model.predict(inputs, verbose=0), theirs.predict(inputs, verbose=0)
    pairs = zip(found, wanted, strict=True) if isinstance(wanted, list) else [(found, wanted)]
    for one, two in pairs:
        assert np.abs(one - two).max() < 1e-6 * np.abs(two).max()
    assert model.name == theirs.name
    assert [v.shape for v in model.trainable_weights] == [
        tuple(v.shape) for v in theirs.trainable_weights
    ]


def test_models_in_models_come_by_h5_files_too(tmp_path):
    theirs = drawn(models_in_models())
    theirs.save(tmp_path / "model.h5")
    model = myelin.load_model(tmp_path / "model.h5")
    np.testing.assert_allclose(model(X), theirs(X), 1e-5, 1e-6)


def test_what_layers_learned_comes_along(tmp_path):
    words = layers.TextVectorization(output_mode="tf_idf")
    words.adapt(["a b c d e", "a b b b e f"])
    scaled, bins = layers.Normalization(), layers.Discretization(num_bins=3)
    scaled.adapt(X)
    bins.adapt(X)
    text, numbers = keras.Input((), dtype="string"), keras.Input((4,))
    both = [words(text), scaled(numbers), layers.Rescaling(1.0)(bins(numbers))]
    theirs = keras.Model([text, numbers], layers.Dense(3)(layers.Concatenate()(both)))
    theirs.save(tmp_path / "model", save_format="tf")
    model = myelin.load_model(tmp_path / "model")
    texts = np.array(["b a q", "f f a"])
    (found,) = [layer for layer in model.layers if hasattr(layer, "get_vocabulary")]
    assert list(found.get_vocabulary()) == words.get_vocabulary()
    np.testing.assert_allclose(
        model.predict([texts, X[:2]], verbose=0), theirs([texts, X[:2]]), 1e-5, 1e-6
    )


ADAM = {"Adam": keras.optimizers.Adam, "legacy Adam": keras.optimizers.legacy.Adam}


# The orders of moments differ, and all weights have one shape: nothing else tells them apart.
@pytest.mark.parametrize("form", ["tf", "h5"])
@pytest.mark.parametrize("optimizer", ADAM)
def test_training_goes_on_as_there(optimizer, form, tmp_path):
    theirs = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, "tanh", use_bias=False),
         layers.Dense(4, use_bias=False)]
    )  # fmt: skip
    rate = 0.01
    if optimizer != "Adam":
        rate = keras.optimizers.schedules.ExponentialDecay(0.01, 5, 0.5)
    theirs.compile(ADAM[optimizer](rate), "mse", metrics=["mae"])
    run = {"epochs": 3, "batch_size": 3, "shuffle": False, "verbose": 0}
    theirs.fit(X, X[:, ::-1], **run)
    path = tmp_path / ("model.h5" if form == "h5" else "model")
    theirs.save(path, save_format=form)
    model = myelin.load_model(path)
    wanted = theirs.fit(X, X[:, ::-1], **run).history
    found = model.fit(X, X[:, ::-1], **run).history
    assert list(found) == list(wanted) == ["loss", "mae"]
    np.testing.assert_allclose(found["loss"], wanted["loss"], 1e-5)
    assert int(model.optimizer.iterations) == 12


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder of a model in a row, and what it predicts."""
    folder = tmp_path_factory.mktemp("keras2") / "model"
    theirs = drawn(in_a_row())
    theirs.save(folder, save_format="tf", save_traces=False)
    return folder, np.asarray(theirs(X))


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved[0], tmp_path / "copy")


def described(folder, change):
    """Puts another text about the model into a folder, and gives the one that was there."""
    from tf_keras.protobuf import saved_metadata_pb2

    message = saved_metadata_pb2.SavedMetadata()
    message.ParseFromString((folder / "keras_metadata.pb").read_bytes())
    was = message.nodes[0].metadata
    message.nodes[0].metadata = change(was)
    (folder / "keras_metadata.pb").write_bytes(message.SerializeToString())
    return was


def test_texts_of_layers_in_the_program_as_up_to_tensorflow_2_4(saved, copied):
    from tensorflow.core.protobuf import saved_model_pb2

    text = described(copied, lambda text: text)
    (copied / "keras_metadata.pb").unlink()
    program = saved_model_pb2.SavedModel()
    program.ParseFromString((copied / "saved_model.pb").read_bytes())
    program.meta_graphs[0].object_graph_def.nodes[0].user_object.metadata = text
    (copied / "saved_model.pb").write_bytes(program.SerializeToString())
    np.testing.assert_allclose(myelin.load_model(copied)(X), saved[1], 1e-5, 1e-6)


class Two(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.last = layers.Dense(3), layers.Dense(2)

    def call(self, inputs):
        return self.last(self.first(inputs))


def test_a_subclass_gives_its_weights_alone(tmp_path):
    theirs = Two()
    wanted = theirs(X)
    theirs.save(tmp_path / "model", save_format="tf")
    with pytest.raises(FileFormatError, match=r"class Two.*load_weights\(model, folder\)"):
        myelin.load_model(tmp_path / "model")

    class Own(Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = own.Dense(3), own.Dense(2)

        def call(self, inputs):
            return self.last(self.first(inputs))

    model = Own()
    model(X)
    from_tensorflow.load_weights(model, tmp_path / "model")
    np.testing.assert_allclose(model(X), wanted, 1e-5, 1e-6)


def test_a_lambda_is_code_and_refused(tmp_path):
    theirs = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])
    theirs.save(tmp_path / "model", save_format="tf", save_traces=False)
    with pytest.raises(FileFormatError, match="safe_mode=False"):
        myelin.load_model(tmp_path / "model")
    model = myelin.load_model(tmp_path / "model", safe_mode=False)
    np.testing.assert_array_equal(model(X), X * 2)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda text: text[: len(text) // 2], FileFormatError, "is damaged"),
        (lambda text: "[" * 100_000, FileFormatError, "is damaged"),
        (lambda text: "[]", FileFormatError, "holds no configuration"),
        (lambda text: "", FileFormatError, "program and variables, but no layers"),
        (lambda text: text.replace('"units": 5', '"units": 6'), FileFormatError, "wants shape"),
        (lambda text: text.replace('"units": 5', '"units": 99999999'), FileFormatError, "be made"),
        (lambda text: text.replace('"Dropout"', '"Dense"'), FileFormatError, "cannot be made"),
        (lambda text: text.replace('"Dropout"', '"Mine"'), UnknownNameError, "Mine"),
    ],
)  # fmt: skip
def test_texts_that_do_not_fit_are_said_to_be_damaged(copied, change, error, match):
    text = described(copied, change)
    assert change(text) != text
    with pytest.raises(error, match=match):
        myelin.load_model(copied)


def test_damaged_folders_are_said_to_be(copied):
    whole = (copied / "keras_metadata.pb").read_bytes()
    (copied / "keras_metadata.pb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileFormatError, match="copy is damaged"):
        myelin.load_model(copied)
    (copied / "keras_metadata.pb").write_bytes(whole)
    (data,) = (copied / "variables").glob("*.data-*")
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(FileFormatError, match="copy is damaged"):
        myelin.load_model(copied)
    shutil.rmtree(copied / "variables")
    with pytest.raises(FileFormatError, match="copy is damaged"):
        myelin.load_model(copied)


def test_a_model_without_its_weights_is_no_model(copied):
    """A configuration with a layer more than the folder has weights for."""

    def with_one_more(text):
        config = json.loads(text)
        rows = config["model_config"]["config"]["layers"]
        inner = {**rows[-1]["config"], "name": "more"}
        rows.append({"class_name": "Dense", "config": inner})
        return json.dumps(config)

    described(copied, with_one_more)
    with pytest.raises(FileFormatError, match="weights of 2 layers, and 3"):
        myelin.load_model(copied)
