"""A whole model to a file and back: the same outputs, the same training from there on."""

import json
import zipfile

import jax
import numpy as np
import optax
import pytest

import myelin
from myelin import Sequential, callbacks, layers, losses, metrics, optimizers, random, saving
from myelin.errors import FileFormatError, InputError, UnknownNameError

X = np.random.default_rng(0).normal(size=(48, 4)).astype("float32")
Y = np.arange(48) % 3


def classifier(optimizer="adam", **kwargs):
    model = Sequential(
        [
            layers.Input((4,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    kwargs = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **kwargs}
    model.compile(optimizer, **kwargs)
    return model


def steps(*models):
    """A few steps of the optimizer, the same for each model, without compiling an epoch."""
    for model in models:
        for scale in (0.1, -0.3, 0.2):
            gradients = [
                scale * np.cos(np.arange(v.size, dtype="float32")).reshape(v.shape)
                for v in model.trainable_variables
            ]
            model.optimizer.apply(gradients, model.trainable_variables)


def same_arrays(one, two):
    assert jax.tree.structure(one) == jax.tree.structure(two)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


OPTIMIZERS = {
    "adam": lambda: "adam",
    "sgd": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "plain sgd": lambda: optimizers.SGD(0.1),
    "averaging": lambda: optimizers.AdamW(use_ema=True, ema_overwrite_frequency=3),
    "accumulating": lambda: optimizers.RMSprop(gradient_accumulation_steps=2, clipnorm=1.0),
    "scheduled": lambda: optimizers.Nadam(optimizers.schedules.ExponentialDecay(0.01, 5, 0.5)),
    "factored": lambda: optimizers.Adafactor(),
}


def test_training_goes_on_as_if_never_stopped(tmp_path):
    model = classifier()
    model.fit(X, Y, epochs=2, batch_size=16, verbose=0)
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert again is not model
    np.testing.assert_array_equal(again(X), model(X))
    same_arrays(again.optimizer.state, model.optimizer.state)
    histories = []
    for one in (model, again):
        random.set_random_seed(5)
        histories.append(one.fit(X, Y, epochs=2, batch_size=16, verbose=0).history)
    same_arrays(again.get_weights(), model.get_weights())
    same_arrays(again.optimizer.state, model.optimizer.state)
    assert histories[0] == histories[1]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_every_kind_of_optimizer_comes_back(tmp_path, name):
    model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.compile(OPTIMIZERS[name](), "mse")
    steps(model)
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    same_arrays(again.optimizer.state, model.optimizer.state)
    steps(model, again)
    same_arrays(again.get_weights(), model.get_weights())
    same_arrays(again.optimizer.state, model.optimizer.state)


def test_it_comes_back_compiled_as_it_was(tmp_path):
    model = classifier(
        optimizers.Adam(0.005, beta_1=0.8),
        loss=losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy", metrics.SparseTopKCategoricalAccuracy(2)],
    )
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert again.compile_config() == model.compile_config()
    assert float(again.optimizer.learning_rate) == pytest.approx(0.005)
    assert again.get_config() == model.get_config()


def test_without_compile(tmp_path):
    model = classifier()
    steps(model)
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin", compile=False)
    assert not again.compiled
    np.testing.assert_array_equal(again(X), model(X))
    bare = Sequential([layers.Input((4,)), layers.Dense(1)])
    bare.save(tmp_path / "bare.myelin")
    assert not saving.load_model(tmp_path / "bare.myelin").compiled


def test_without_the_optimizers_state(tmp_path):
    model = classifier()
    steps(model)
    model.save(tmp_path / "m.myelin", include_optimizer=False)
    assert saving.load_model(tmp_path / "m.myelin").optimizer.state is None


@pytest.mark.parametrize("ending", ["m.keras", "m.h5", "m", "m.what"])
def test_reading_goes_by_the_content(tmp_path, ending):
    """As a Myelin that had one format wrote it, under any name."""
    model = classifier()
    model.save(tmp_path / "m.myelin")
    (tmp_path / "m.myelin").rename(tmp_path / ending)
    np.testing.assert_array_equal(myelin.load_model(str(tmp_path / ending))(X), model(X))


def test_a_state_for_layers_that_are_gone_is_left_out_with_a_warning(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.compile("adam", "mse")
    steps(model)
    model.pop()
    with pytest.warns(UserWarning, match="no more"):
        model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert again.optimizer.state is None
    np.testing.assert_array_equal(again(X), model(X))


def test_frozen_layers_stay_frozen(tmp_path):
    model = classifier()
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    steps(model)
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert [v.path for v in again.trainable_variables] == [
        v.path for v in model.trainable_variables
    ]
    before = again.layers[0].get_weights()
    steps(again)
    same_arrays(again.layers[0].get_weights(), before)


def test_a_model_that_is_not_built(tmp_path):
    model = Sequential([layers.Dense(2)])
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert not again.built
    assert again(X).shape == (48, 2)


def test_short_floats_and_adapted_statistics(tmp_path):
    normalization = layers.Normalization()
    normalization.adapt(X)
    model = Sequential([layers.Input((4,)), normalization, layers.Dense(2, dtype="bfloat16")])
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert again.weights[-1].dtype == "bfloat16"
    same_arrays(again.get_weights(), model.get_weights())
    np.testing.assert_array_equal(again(X), model(X))


def test_a_model_inside_a_model(tmp_path):
    inner = Sequential([layers.Input((4,)), layers.Dense(5, activation="tanh")])
    model = Sequential([layers.Input((4,)), inner, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    steps(model)
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    np.testing.assert_array_equal(again(X), model(X))
    same_arrays(again.optimizer.state, model.optimizer.state)


def test_checkpoints_of_a_run_can_be_loaded(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Dense(4)])
    model.compile("adam", "mse")
    path = str(tmp_path / "at-{epoch}.keras")
    model.fit(X, X, epochs=2, verbose=0, callbacks=[callbacks.ModelCheckpoint(path)])
    again = saving.load_model(tmp_path / "at-2.keras")
    np.testing.assert_array_equal(again(X), model(X))
    same_arrays(again.optimizer.state, model.optimizer.state)
    first = saving.load_model(tmp_path / "at-1.keras")
    assert int(first.optimizer.iterations) * 2 == int(model.optimizer.iterations)


# The user's own parts.


class Scale(layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.inner = layers.Dense(4)

    def build(self, input_shape):
        self.inner.build(input_shape)
        self.inner.built = True
        self.shift = self.add_weight((), "zeros", name="shift")

    def call(self, x):
        return self.inner(x) * self.factor + self.shift

    def get_config(self):
        return {**super().get_config(), "factor": np.float32(self.factor)}


def test_a_layer_of_ones_own(tmp_path):
    model = Sequential([layers.Input((4,)), Scale(3.0)])
    model.compile("adam", "mse")
    steps(model)
    model.save(tmp_path / "m.myelin")
    with pytest.raises(UnknownNameError, match=r'"Scale".*custom_objects'):
        saving.load_model(tmp_path / "m.myelin")
    # The Dense inside counts on: dense_1, where the file has dense.
    again = saving.load_model(tmp_path / "m.myelin", custom_objects={"Scale": Scale})
    np.testing.assert_array_equal(again(X), model(X))
    assert again.layers[0].factor == 3.0
    steps(model, again)
    same_arrays(again.get_weights(), model.get_weights())
    with saving.CustomObjectScope({"Scale": Scale}):
        saving.load_model(tmp_path / "m.myelin")


@saving.register_keras_serializable(package="tests")
def halved(x):
    return x / 2


@saving.register_keras_serializable(package="tests")
def own_loss(y_true, y_pred):
    return jax.numpy.abs(y_true - y_pred).mean(-1)


def test_registered_functions_come_back_by_name(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Lambda(halved), layers.Dense(4, halved)])
    model.compile("sgd", own_loss)
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert again.layers[0].function is halved
    assert again.layers[1].activation is halved
    assert again.loss is own_loss
    np.testing.assert_array_equal(again(X), model(X))


def test_a_lambda_cannot_be_saved(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Lambda(lambda x: x * 2)])
    with pytest.raises(InputError, match=r"register_keras_serializable.*lambda"):
        model.save(tmp_path / "m.myelin")
    assert not (tmp_path / "m.myelin").exists()


def test_a_transformation_of_optax_is_left_out_with_a_warning(tmp_path):
    model = classifier(optax.adam(1e-3))
    steps(model)
    with pytest.warns(UserWarning, match="Compile it again"):
        model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert not again.compiled
    np.testing.assert_array_equal(again(X), model(X))


def test_a_loss_that_is_not_known_when_loading(tmp_path):
    def passing_loss(y_true, y_pred):
        return jax.numpy.abs(y_true - y_pred).mean(-1)

    model = Sequential([layers.Input((4,)), layers.Dense(4)])
    model.compile("sgd", passing_loss)
    with saving.custom_object_scope({"passing_loss": passing_loss}):
        model.save(tmp_path / "m.myelin")
    with pytest.raises(UnknownNameError, match=r"passing_loss.*custom_objects.*compile=False"):
        saving.load_model(tmp_path / "m.myelin")
    assert not saving.load_model(tmp_path / "m.myelin", compile=False).compiled
    again = saving.load_model(tmp_path / "m.myelin", custom_objects={"passing_loss": passing_loss})
    assert again.loss is passing_loss


# Arguments, and what is in the file.


def test_arguments(tmp_path):
    model = classifier()
    model.save(tmp_path / "m.myelin", zipped=True, save_format="myelin")
    for wrong in ({"zipped": False}, {"save_format": "json"}, {"overwrit": True}):
        with pytest.raises(InputError):
            model.save(tmp_path / "m.myelin", **wrong)
    with pytest.raises(InputError, match="wants a model"):
        saving.save_model(3, tmp_path / "m.myelin")


def test_the_file_is_an_open_book(tmp_path):
    from safetensors.numpy import load

    model = classifier()
    steps(model)
    model.save(tmp_path / "m.myelin")
    with zipfile.ZipFile(tmp_path / "m.myelin") as archive:
        assert json.loads(archive.read("metadata.json")) == {
            "format": "myelin",
            "format_version": 1,
            "myelin_version": myelin.__version__,
        }
        weights = load(archive.read("weights.safetensors"))
        state = load(archive.read("optimizer.safetensors"))
    names = [v.path for v in model.weights]
    assert sorted(weights) == sorted(names)
    for v in model.weights:
        np.testing.assert_array_equal(weights[v.path], v.numpy())
    assert int(state["iterations"]) == 3


def test_model_from_json():
    model = classifier()
    again = saving.model_from_json(model.to_json())
    assert not again.compiled
    assert again.get_config() == model.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]
    scaled = Sequential([layers.Input((4,)), Scale(3)])
    text = json.dumps(saving.serialize_keras_object(saving.serialize_keras_object(scaled)))
    with pytest.raises(UnknownNameError, match="Scale"):
        saving.model_from_json(text)
    assert saving.model_from_json(text, {"Scale": Scale}).layers[0].factor == 3
    for wrong in (
        "",
        "[",
        "[]",
        "{}",
        '{"class_name": "Dense", "config": {"units": 3}}',
        "{" * 9999,
    ):
        with pytest.raises(FileFormatError):
            saving.model_from_json(wrong)


def test_objects_by_name():
    assert saving.get_registered_object("tests>halved") is halved
    assert saving.get_registered_object("nothing") is None
    assert saving.get_registered_object("nothing", {"nothing": 3}) == 3
    assert saving.get_registered_name(halved) == "tests>halved"
    assert saving.get_custom_objects()["tests>halved"] is halved
    dense = saving.deserialize_keras_object(saving.serialize_keras_object(layers.Dense(3)))
    assert dense.units == 3


def test_a_layer_in_two_models_stays_one(tmp_path):
    shared = layers.Dense(4, "tanh", name="shared")
    one = Sequential([layers.Input((4,)), shared, layers.Dense(4)], name="one")
    two = Sequential([layers.Input((4,)), shared], name="two")
    x = layers.Input((4,))
    model = myelin.Model(x, layers.Add()([one(x), two(x)]))
    model.save(tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert len(again.weights) == 4
    np.testing.assert_array_equal(again(X), model(X))
