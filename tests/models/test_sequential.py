"""`Sequential`: how it grows, when it is built, what it says of itself, and what it refuses."""

import json
import warnings
import zipfile

import numpy as np
import pytest

import myelin as mn
from myelin import layers
from myelin.errors import InputError, NotBuiltError, ShapeError

X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def built(k=mn):
    return k.Sequential([k.Input((3,)), k.layers.Dense(4), k.layers.Dense(2)])


def unbuilt(k=mn):
    return k.Sequential([k.layers.Dense(4), k.layers.Dense(2)])


def with_batch_norm(k=mn):
    return k.Sequential(
        [k.Input((3,)), k.layers.Dense(2), k.layers.BatchNormalization(), k.layers.Dense(1)]
    )


def facts(model):
    """What a model says of itself, None where it does not know."""
    shape = lambda name: tuple(getattr(model, name, None) or ())  # noqa: E731
    return {
        "built": model.built,
        "input_shape": shape("input_shape"),
        "output_shape": shape("output_shape"),
        "inputs": [(tuple(t.shape), t.dtype) for t in shape("inputs")],
        "outputs": [(tuple(t.shape), t.dtype) for t in shape("outputs")],
        "layers": [layer.name for layer in model.layers],
        "weights": [tuple(w.shape) for w in model.weights],
    }


def called(k):
    model = unbuilt(k)
    model(X)
    return model


def built_by_hand(k):
    model = unbuilt(k)
    model.build((None, 3))
    return model


def added_to(k):
    model = built(k)
    model.add(k.layers.Dense(7))
    return model


def added_to_unbuilt(k):
    model = k.Sequential()
    model.add(k.layers.Dense(7))
    return model


def popped(k):
    model = built(k)
    model.pop()
    return model


def popped_and_added(k):
    model = built(k)
    model.pop()
    model.add(k.layers.Dense(9))
    return model


WAYS = {
    "Input": built,
    "unbuilt": unbuilt,
    "called": called,
    "built by hand": built_by_hand,
    "added": added_to,
    "added to unbuilt": added_to_unbuilt,
    "popped": popped,
    "popped and added": popped_and_added,
    "empty": lambda k: k.Sequential(),
    "a generator": lambda k: k.Sequential(k.layers.Dense(i + 1) for i in range(3)),
    "Input of integers": lambda k: k.Sequential([k.Input((3,), dtype="int32"), k.layers.Dense(2)]),
    "batch size": lambda k: k.Sequential([k.Input((3,), batch_size=2), k.layers.Dense(2)]),
    "InputLayer": lambda k: k.Sequential([k.layers.InputLayer(shape=(3,)), k.layers.Dense(2)]),
    "input_shape": lambda k: k.Sequential([k.layers.Dense(4, input_shape=(3,))]),
    "input_dim": lambda k: k.Sequential([k.layers.Dense(4, input_dim=3), k.layers.Dense(2)]),
    "Flatten": lambda k: k.Sequential([k.layers.Flatten(input_shape=(28, 28)), k.layers.Dense(2)]),
    "Reshape": lambda k: k.Sequential(
        [k.layers.Reshape((2, 3), input_shape=(6,)), k.layers.Dense(2)]
    ),
    "nested built": lambda k: k.Sequential([built(k), k.layers.Dense(1)]),
    "nested unbuilt": lambda k: k.Sequential([unbuilt(k), k.layers.Dense(1)]),
    "nested with input_shape": lambda k: k.Sequential(
        [k.Sequential([k.layers.Dense(2, input_shape=(3,))]), k.layers.Dense(1)]
    ),
    "mixed precision": lambda k: k.Sequential(
        [k.Input((3,)), k.layers.Dense(2, dtype="mixed_bfloat16")]
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore:Do not pass an:UserWarning")
def test_it_says_of_itself_what_keras_says(way, keras):
    mn.backend.clear_session()
    keras.backend.clear_session()
    assert facts(WAYS[way](mn)) == facts(WAYS[way](keras))


class TestInputShape:
    @pytest.mark.parametrize(
        "argument",
        [{"input_shape": (3,)}, {"input_dim": 3}, {"batch_input_shape": (None, 3)},
         {"input_shape": [3]}],
    )  # fmt: skip
    def test_on_the_first_layer_it_is_taken_without_a_word(self, argument):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = mn.Sequential([layers.Dense(2, **argument)])
        assert model.input_shape == (None, 3)

    def test_elsewhere_it_has_no_effect_and_says_so(self):
        with pytest.warns(UserWarning, match=r'"late": input_shape is for the first') as caught:
            model = mn.Sequential(
                [layers.Dense(2, input_shape=(3,)), layers.Dense(2, input_shape=(9,), name="late")]
            )
        assert caught[0].filename == __file__
        assert model.output_shape == (None, 2)

    def test_beside_input(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            mn.Sequential([mn.Input((3,)), layers.Dense(2, input_shape=(3,))])
        with pytest.warns(UserWarning, match="no effect"):
            mn.Sequential([mn.Input((3,)), layers.Dense(2, input_shape=(4,))])

    def test_the_saved_model_has_it_as_input(self):
        config = mn.Sequential([layers.Dense(2, input_shape=(3,))]).get_config()
        assert config["layers"][0]["config"]["batch_shape"] == [None, 3]
        assert "input_shape" not in config["layers"][1]["config"]


class TestGrowing:
    def test_add_keeps_the_weights_there_are(self):
        model = built()
        before = model.get_weights()
        model.add(layers.Dense(7))
        for old, new in zip(before, model.get_weights(), strict=False):
            np.testing.assert_array_equal(old, new)
        assert model(X).shape == (5, 7)

    def test_pop_gives_the_layer(self):
        model = built()
        last = model.layers[-1]
        assert model.pop() is last
        assert model(X).shape == (5, 4)
        model.pop()
        with pytest.raises(InputError, match="no layer to pop"):
            model.pop()

    def test_what_was_compiled_trains_what_it_is_now(self):
        model = built()
        model.compile("sgd", "mse")
        model.fit(X, np.zeros((5, 2)), verbose=0)
        model.add(layers.Dense(1))
        model.compile("sgd", "mse")
        before = model.get_weights()
        model.fit(X, np.ones((5, 1)), verbose=0)
        assert not np.array_equal(before[-1], model.get_weights()[-1])

    @pytest.mark.parametrize("thing", ["dense", 3, None, np.ones(2), layers.Dense])
    def test_what_is_no_layer(self, thing):
        for add in (lambda: built().add(thing), lambda: mn.Sequential([thing])):
            with pytest.raises(InputError, match="wants layers, got"):
                add()

    def test_a_class_gets_advice(self):
        with pytest.raises(InputError, match=r"write Dense\(…\)"):
            mn.Sequential([layers.Dense])

    def test_a_layer_alone(self):
        with pytest.raises(InputError, match=r"put it in \[ \]"):
            mn.Sequential(layers.Dense(1))

    def test_one_layer_twice_and_one_name_twice(self):
        dense = layers.Dense(3)
        with pytest.raises(InputError, match="in it already"):
            mn.Sequential([dense, dense])
        with pytest.raises(InputError, match='two layers are called "a"'):
            mn.Sequential([layers.Dense(1, name="a"), layers.ReLU(name="a")])

    @pytest.mark.parametrize("make", [built, unbuilt])
    def test_input_comes_first_and_once(self, make):
        with pytest.raises(InputError, match="first"):
            make().add(mn.Input((3,)))

    def test_a_failed_add_changes_nothing(self):
        model = built()
        outputs = model(X)
        with pytest.raises(InputError):
            model.add("dense")
        np.testing.assert_array_equal(model(X), outputs)
        assert len(model.layers) == 2

    def test_a_function_becomes_a_layer(self):
        model = mn.Sequential([mn.Input((3,)), lambda x: x * 2])
        np.testing.assert_array_equal(model(X), X * 2)


class TestBuilding:
    def test_what_is_not_known_yet_is_an_error_that_says_how(self):
        for name in ("input_shape", "output_shape", "inputs", "outputs"):
            with pytest.raises(NotBuiltError, match=r"begin it with Input\(shape="):
                getattr(unbuilt(), name)
            assert not hasattr(unbuilt(), name)

    def test_build_needs_a_shape_or_input(self):
        with pytest.raises(InputError, match="batch axis first"):
            unbuilt().build()
        model = built()
        model.build()
        assert model.input_shape == (None, 3)

    @pytest.mark.parametrize("make", [built, lambda: built_by_hand(mn)])
    @pytest.mark.parametrize("shape", [(None, 5), (None, 3, 3), (3,)])
    def test_another_shape_than_the_known_one(self, make, shape):
        model = make()
        with pytest.raises(InputError, match=r"takes inputs of shape \(None, 3\)"):
            model.build(shape)
        assert model.input_shape == (None, 3)
        assert model(X).shape == (5, 2)

    def test_a_batch_size_seen_once_does_not_bind(self):
        model = called(mn)
        assert model(X[:2]).shape == (2, 2)
        assert model.predict(X[:1], verbose=0).shape == (1, 2)

    @pytest.mark.parametrize("shape", [(2, 5), (3,), (2, 3, 3)])
    def test_data_of_another_shape(self, shape):
        with pytest.raises(ShapeError, match=r'wants inputs of shape \(None, 3\) for Dense "dense'):
            built()(np.zeros(shape))

    def test_integers_are_cast_to_what_input_says(self):
        model = mn.Sequential([mn.Input((3,), dtype="float32"), layers.Identity()])
        assert model(np.ones((2, 3), np.uint8)).dtype == np.float32


class TestGetLayer:
    def test_by_name_and_place(self):
        model = built()
        first, last = model.layers
        assert model.get_layer(first.name) is model.get_layer(index=0) is first
        assert model.get_layer(index=-1) is last

    @pytest.mark.parametrize("arguments", [{}, {"name": "dense", "index": 0}])
    def test_neither_or_both(self, arguments):
        with pytest.raises(InputError, match="a name or an index"):
            built().get_layer(**arguments)

    @pytest.mark.parametrize("index", [2, -3])
    def test_no_such_place(self, index):
        with pytest.raises(InputError, match="there are 2 layers"):
            built().get_layer(index=index)

    def test_no_such_name(self):
        model = mn.Sequential([layers.Dense(1, name="first")])
        with pytest.raises(InputError, match=r'no layer called "fist"\. Layers: first'):
            model.get_layer("fist")

    def test_layers_is_a_copy(self):
        model = built()
        model.layers.clear()
        assert len(model.layers) == 2


class TestWeights:
    def test_order_is_that_of_keras(self, keras):
        model, theirs = with_batch_norm(mn), with_batch_norm(keras)
        for name in ("weights", "trainable_weights", "non_trainable_weights"):
            mine = [(w.name, tuple(w.shape)) for w in getattr(model, name)]
            assert mine == [(w.name, tuple(w.shape)) for w in getattr(theirs, name)]
        assert model.count_params() == theirs.count_params()

    def test_kerass_weights_give_kerass_outputs(self, keras):
        model, theirs = with_batch_norm(mn), with_batch_norm(keras)
        model.set_weights(theirs.get_weights())
        np.testing.assert_allclose(model(X), theirs(X), atol=1e-6)

    def test_paths_say_where_they_stand(self):
        inner = mn.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="b")], name="in")
        model = mn.Sequential([mn.Input((3,)), inner, layers.Dense(1, name="a")])
        assert [w.path for w in model.weights] == [
            "in/a/kernel", "in/a/bias", "in/b/kernel", "in/b/bias", "a/kernel", "a/bias",
        ]  # fmt: skip

    def test_set_weights(self):
        model, other = built(), built()
        other.set_weights(model.get_weights())
        np.testing.assert_array_equal(other(X), model(X))

    def test_set_weights_is_all_or_nothing(self):
        model = built()
        before = model.get_weights()
        with pytest.raises(ShapeError, match="wants 4 arrays of weights, got 1"):
            model.set_weights(before[:1])
        with pytest.raises(ShapeError, match="wants shape"):
            model.set_weights([w + 1 for w in before[:3]] + [np.zeros(9)])
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)

    def test_get_weights_gives_copies(self):
        model = built()
        for array in model.get_weights():
            array += 1
        assert not np.array_equal(model.get_weights()[0], array)


class TestTrainable:
    def toggled(self, k):
        model, seen = with_batch_norm(k), []

        def note():
            flags = [layer.trainable for layer in model.layers]
            counts = len(model.trainable_weights), len(model.non_trainable_weights)
            seen.append((*flags, *counts))

        note()
        model.layers[0].trainable = False
        note()
        model.trainable = False
        note()
        model.trainable = True
        note()
        return seen

    def test_as_in_keras(self, keras):
        assert self.toggled(mn) == self.toggled(keras)

    def test_a_frozen_layer_stays_as_it_is(self):
        model = built()
        model.layers[0].trainable = False
        model.compile("sgd", "mse")
        before = model.get_weights()
        model.fit(X, np.ones((5, 2)), epochs=2, verbose=0)
        same = [np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
        assert same == [True, True, False, False]

    def test_from_the_beginning(self, keras):
        for k in (mn, keras):
            model = k.Sequential([k.Input((3,)), k.layers.Dense(2)], trainable=False)
            assert (model.trainable, len(model.trainable_weights)) == (False, 0)


class TestNested:
    def test_it_computes_as_one_row(self):
        inner = built()
        model = mn.Sequential([mn.Input((3,)), inner, layers.Dense(2)])
        np.testing.assert_allclose(model(X), model.layers[1](inner(X)), atol=1e-6)

    def test_training_reaches_inside(self):
        inner = built()
        before = inner.get_weights()
        model = mn.Sequential([mn.Input((3,)), inner])
        model.compile("sgd", "mse")
        model.fit(X, np.ones((5, 2)), verbose=0)
        assert not any(map(np.array_equal, before, inner.get_weights()))

    def test_what_the_first_model_takes_the_whole_takes(self):
        inner = mn.Sequential([mn.Input((3,), dtype="int32"), layers.Identity()])
        model = mn.Sequential([inner])
        assert (model.input_shape, model.inputs[0].dtype) == ((None, 3), "int32")


class TestConfig:
    def test_the_parts_that_keras_writes(self, keras):
        mn.backend.clear_session()
        keras.backend.clear_session()
        mine, theirs = built(mn).get_config(), built(keras).get_config()
        assert set(mine) == set(theirs) - {"dtype"}
        assert mine["build_input_shape"] == list(theirs["build_input_shape"])
        for one, other in zip(mine["layers"], theirs["layers"], strict=True):
            assert one["class_name"] == other["class_name"]
            assert one["module"] == other["module"]
            assert one["config"]["name"] == other["config"]["name"]

    def test_keras_reads_it(self, keras):
        model = with_batch_norm()
        theirs = keras.models.model_from_json(model.to_json())
        theirs.set_weights(model.get_weights())
        np.testing.assert_allclose(model(X), theirs(X), atol=1e-6)

    @pytest.mark.parametrize("way", [built, unbuilt, built_by_hand, popped, with_batch_norm])
    def test_round_trip(self, way):
        model = way(mn)
        again = mn.Sequential.from_config(json.loads(json.dumps(model.get_config())))
        assert facts(again) == facts(model)
        assert again.name == model.name
        from_text = mn.models.model_from_json(model.to_json(indent=1))
        assert facts(from_text) == facts(model)

    def test_a_batch_size_seen_once_is_forgotten(self):
        again = mn.Sequential.from_config(called(mn).get_config())
        assert (again.input_shape, again.output_shape) == ((None, 3), (None, 2))

    def test_weights_are_fresh(self):
        model = built()
        again = mn.models.model_from_json(model.to_json())
        assert not np.array_equal(again.get_weights()[0], model.get_weights()[0])

    def test_custom_objects(self):
        class Mine(layers.Dense):
            pass

        model = mn.Sequential([mn.Input((3,)), Mine(2)])
        again = mn.Sequential.from_config(model.get_config(), custom_objects={"Mine": Mine})
        assert type(again.layers[0]) is Mine
        with pytest.raises(ValueError, match="Mine"):
            mn.Sequential.from_config(model.get_config())

    def test_a_subclass_comes_back(self):
        class Twice(mn.Sequential):
            def call(self, inputs, training=False, mask=None):
                return 2 * super().call(inputs, training)

        again = mn.models.clone_model(Twice([mn.Input((3,)), layers.Identity()]))
        assert type(again) is Twice
        np.testing.assert_array_equal(again(X), 2 * X)


class TestModel:
    def test_save_writes_what_the_ending_says(self, tmp_path):
        model = built()
        model.save(tmp_path / "a.keras")
        model.save(tmp_path / "b.myelin")
        for name, member in (("a.keras", "model.weights.h5"), ("b.myelin", "weights.safetensors")):
            assert member in zipfile.ZipFile(tmp_path / name).namelist()
        with pytest.raises(FileExistsError):
            model.save(tmp_path / "a.keras", overwrite=False)
        np.testing.assert_array_equal(mn.models.load_model(tmp_path / "a.keras")(X), model(X))

    def test_weights_alone(self, tmp_path):
        model, other = built(), built()
        model.save_weights(tmp_path / "w.safetensors")
        other.layers[0].name, other.layers[1].name = (layer.name for layer in model.layers)
        other.load_weights(tmp_path / "w.safetensors")
        np.testing.assert_array_equal(other(X), model(X))
