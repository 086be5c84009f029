"""Models of calls: sharing, nesting, several inputs and outputs, cutting off, files, refusals."""

import json

import numpy as np
import pytest

import myelin as mn
from myelin import layers
from myelin.errors import InputError, NotBuiltError, ShapeError

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(6, 8)).astype("float32"), RNG.normal(size=(6, 4)).astype("float32")


def two_towers(k=mn):
    """Two inputs, two outputs, a shared layer, operators, a model inside the model."""
    a, b = k.Input((8,), name="a"), k.Input((4,), name="b")
    shared = k.layers.Dense(5, activation="tanh", name="shared")
    left = shared(k.layers.Dense(3, name="left")(a))
    right = shared(k.layers.Dense(3, name="right")(b))
    i = k.Input((5,))
    inner = k.Model(i, k.layers.Dense(5, name="deep")(i), name="inner")
    joined = k.layers.Concatenate(name="joined")([inner(left), right * 2.0 - 1.0])
    first = k.layers.Dense(1, name="first")(joined)
    second = k.layers.Dense(2, name="second")(left[:, :3] / 2.0 + 1.0)
    return k.Model([a, b], [first, second], name="towers")


def operators(k):
    a = k.Input((8,), name="a")
    x = a[:, :4]
    y = a[..., 4:]
    outputs = [
        x + y, 1.0 + x, x - y, 1.0 - x, x * y, 2 * x, x / (y + 9.0), 1.0 / (x + 9.0),
        (x + 9.0) ** 2, -x, abs(x), x // 0.5, x % 0.5, x @ np.ones((4, 3), "float32"),
        x < y, x <= y, x > y, x >= y, a[:, 2], a[:, None, 1:3],
    ]  # fmt: skip
    return k.Model(a, outputs)


def same_weights(ours, theirs):
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    values = [RNG.normal(size=w.shape).astype("float32") * 0.3 for w in ours.weights]
    ours.set_weights(values), theirs.set_weights(values)
    return ours, theirs


def both(keras, make):
    mn.backend.clear_session(), keras.backend.clear_session()
    return same_weights(make(mn), make(keras))


class TestAgainstKeras:
    def test_what_it_says_of_itself(self, keras):
        ours, theirs = both(keras, two_towers)
        for name in ("name", "input_shape", "output_shape", "output_names"):
            assert getattr(ours, name) == getattr(theirs, name), name
        assert [x.name for x in ours.layers] == [x.name for x in theirs.layers]
        assert [tuple(t.shape) for t in ours.inputs] == [tuple(t.shape) for t in theirs.inputs]
        assert ours.count_params() == theirs.count_params()

    def test_outputs(self, keras):
        ours, theirs = both(keras, two_towers)
        for got, wanted in zip(ours([A, B]), theirs([A, B]), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)

    def test_operators(self, keras):
        ours, theirs = operators(mn), operators(keras)
        for got, wanted in zip(ours(A), theirs(A), strict=True):
            assert got.dtype == wanted.dtype
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
        assert [t.dtype for t in ours.outputs] == [t.dtype for t in theirs.outputs]
        assert ours.output_shape == theirs.output_shape

    def test_the_table(self, keras, monkeypatch):
        monkeypatch.setenv("COLUMNS", "120")
        ours, theirs = both(keras, two_towers)
        for options in ({}, {"show_trainable": True}, {"expand_nested": True}):
            got, wanted = [], []
            ours.summary(print_fn=got.append, **options)
            theirs.summary(print_fn=wanted.append, **options)
            assert "\n".join(got).strip() == "\n".join(wanted).strip()

    def test_configurations_go_both_ways(self, keras):
        for make in (two_towers, operators):
            ours, theirs = both(keras, make)
            again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
            there = type(theirs).from_config(json.loads(json.dumps(ours.get_config())))
            again.set_weights(ours.get_weights()), there.set_weights(ours.get_weights())
            data = A if make is operators else [A, B]
            for got, wanted, other in zip(ours(data), again(data), there(data), strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6)
                np.testing.assert_allclose(got, other, rtol=1e-5, atol=1e-6)

    def test_one_step_of_training(self, keras):
        ours, theirs = both(keras, two_towers)
        y = [np.ones((6, 1), "float32"), np.zeros((6, 2), "float32")]
        for model in (ours, theirs):
            model.compile("sgd", ["mse", "mse"], loss_weights=[1.0, 0.5])
            model.fit([A, B], y, batch_size=6, epochs=1, verbose=0, shuffle=False)
        for got, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)

    def test_an_inner_promise_as_input(self, keras):
        ours, theirs = both(keras, two_towers)
        for name in ("shared", "joined"):
            tail, their_tail = (
                type(m)(m.get_layer(name).output, m.output[0]) if name == "joined"
                else type(m)(m.inputs[0], m.get_layer(name).output)
                for m in (ours, theirs)
            )  # fmt: skip
            x = RNG.normal(size=(2, *tail.input_shape[1:])).astype("float32")
            np.testing.assert_allclose(tail(x), their_tail(x), rtol=1e-5, atol=1e-6)


class TestForms:
    def test_inputs_come_as_a_list_or_by_name(self):
        model = two_towers()
        wanted = model([A, B])
        for given in ((A, B), {"a": A, "b": B}, {"b": B, "a": A}):
            for got, expected in zip(model(given), wanted, strict=True):
                np.testing.assert_array_equal(got, expected)

    def test_dictionaries_in_and_out(self):
        a, b = mn.Input((8,), name="p"), mn.Input((4,), name="q")
        out = layers.Dense(2)(layers.Concatenate()([a, b]))
        model = mn.Model({"x": a, "y": b}, {"sum": out, "double": out * 2.0})
        assert model.input_names == ["x", "y"]
        got = model({"y": B, "x": A})
        assert set(got) == {"sum", "double"}
        np.testing.assert_allclose(got["double"], 2 * got["sum"], rtol=1e-6)
        np.testing.assert_array_equal(model({"p": A, "q": B})["sum"], got["sum"])

    def test_a_layer_called_twice_has_its_weights_once(self):
        i = mn.Input((3,))
        dense = layers.Dense(3)
        model = mn.Model(i, dense(dense(i)))
        assert len(model.weights) == 2
        x = RNG.normal(size=(2, 3)).astype("float32")
        kernel, bias = dense.get_weights()
        np.testing.assert_allclose(model(x), (x @ kernel + bias) @ kernel + bias, rtol=1e-5)

    def test_a_model_shared_between_two_inputs(self):
        i = mn.Input((3,))
        encoder = mn.Model(i, layers.Dense(2, name="code")(i), name="encoder")
        left, right = mn.Input((3,)), mn.Input((3,))
        model = mn.Model([left, right], encoder(left) - encoder(right))
        x = RNG.normal(size=(4, 3)).astype("float32")
        np.testing.assert_allclose(model([x, x]), np.zeros((4, 2)), atol=1e-6)
        assert [w.path for w in model.weights] == ["encoder/code/kernel", "encoder/code/bias"]

    def test_layers_of_a_sequential_promise_too(self):
        row = mn.Sequential([mn.Input((3,)), layers.Dense(4, name="in"), layers.Dense(2)])
        model = mn.Model(row.inputs, [row.get_layer("in").output, row.output])
        x = RNG.normal(size=(4, 3)).astype("float32")
        hidden, out = model(x)
        np.testing.assert_allclose(row.layers[1](hidden), out, rtol=1e-6)
        row.add(layers.Dense(7))
        assert row.output.shape == (None, 7)
        assert len(row.get_layer("in")._nodes) == 1

    def test_a_subclass_that_hands_its_graph_on(self):
        class Mine(mn.Model):
            def __init__(self):
                i = mn.Input((3,))
                super().__init__(inputs=i, outputs=layers.Dense(2)(i))

        model = Mine()
        assert model.built
        assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 2)
        assert model.output_shape == (None, 2)

    def test_a_last_axis_of_one_may_be_missing_or_too_many(self):
        a, b = mn.Input((1,), name="a"), mn.Input((3,), name="b")
        model = mn.Model([a, b], layers.Concatenate()([a, b]))
        wanted = model([A[:, :1], A[:, :3]])
        np.testing.assert_array_equal(model([A[:, 0], A[:, :3, None]]), wanted)
        np.testing.assert_array_equal(model.predict([A[:, 0], A[:, :3]], verbose=0), wanted)

    def test_training_reaches_the_layers(self):
        i = mn.Input((50,))
        model = mn.Model(i, layers.Dropout(0.5)(i))
        x = np.ones((2, 50), "float32")
        np.testing.assert_array_equal(model(x), x)
        assert 0 in np.asarray(model(x, training=True))

    def test_training_said_at_the_call_stays(self):
        i = mn.Input((50,))
        model = mn.Model(i, layers.Dropout(0.5)(i, training=True))
        assert 0 in np.asarray(model(np.ones((2, 50), "float32")))

    def test_an_input_that_leads_nowhere(self):
        a, b = mn.Input((2,), name="used"), mn.Input((3,), name="unused")
        model = mn.Model([a, b], layers.Dense(1)(a))
        assert model([A[:, :2], A[:, :3]]).shape == (6, 1)

    def test_any_batch_size_and_any_picture_size(self):
        i = mn.Input((None, None, 3))
        model = mn.Model(i, layers.Dense(2)(i * 2.0))
        assert model.output_shape == (None, None, None, 2)
        assert model.compute_output_shape((4, 5, 6, 3)) == (4, 5, 6, 2)
        assert model(np.ones((1, 5, 6, 3))).shape == (1, 5, 6, 2)


class TestFiles:
    def test_a_file_and_a_clone(self, tmp_path):
        model = two_towers()
        model.save(tmp_path / "m.myelin")
        again = mn.load_model(tmp_path / "m.myelin")
        for got, wanted in zip(again([A, B]), model([A, B]), strict=True):
            np.testing.assert_array_equal(got, wanted)
        clone = mn.models.clone_model(model)
        assert [w.path for w in clone.weights] == [w.path for w in model.weights]
        assert not {id(w) for w in clone.weights} & {id(w) for w in model.weights}
        clone.set_weights(model.get_weights())
        np.testing.assert_array_equal(clone([A, B])[0], model([A, B])[0])

    def test_cloning_with_functions_and_inputs(self):
        model, seen = two_towers(), []

        def call(layer, *args, **kwargs):
            seen.append(layer.name)
            return layer(*args, **kwargs)

        inputs = [mn.Input((8,), name="a2"), mn.Input((4,), name="b2")]
        clone = mn.models.clone_model(model, input_tensors=inputs, call_function=call)
        assert clone.inputs == inputs
        assert seen.count("shared") == 2
        with pytest.raises(InputError, match="wants 2 Inputs"):
            mn.models.clone_model(model, input_tensors=inputs[:1])

    def test_json(self):
        model = two_towers()
        again = mn.models.model_from_json(model.to_json())
        assert [w.path for w in again.weights] == [w.path for w in model.weights]


class TestRefusals:
    def test_what_is_no_promise(self):
        i = mn.Input((3,))
        with pytest.raises(InputError, match="inputs wants what Input"):
            mn.Model(np.ones((2, 3)), i)
        with pytest.raises(InputError, match="outputs wants"):
            mn.Model(i, layers.Dense(2))
        with pytest.raises(InputError, match="or neither of them"):
            mn.Model(inputs=i)

    def test_an_input_that_is_missing(self):
        a, b = mn.Input((3,), name="here"), mn.Input((3,), name="forgotten")
        with pytest.raises(InputError, match='"forgotten"'):
            mn.Model(a, layers.Add()([a, b]))

    def test_two_layers_of_one_name(self):
        i = mn.Input((3,))
        with pytest.raises(InputError, match='two layers are called "twin"'):
            mn.Model(i, layers.Dense(2, name="twin")(layers.Dense(2, name="twin")(i)))

    def test_shapes_that_do_not_fit_name_the_layer(self):
        i = mn.Input((3,))
        dense = layers.Dense(2, name="scores")
        dense(i)
        with pytest.raises(ShapeError, match='Dense "scores": wants a last axis of 3'):
            dense(mn.Input((7,)))
        model = mn.Model(i, dense(i))
        with pytest.raises(ShapeError, match=r"wants inputs of shape \(None, 3\).*\(2, 7\)"):
            model(np.ones((2, 7)))

    def test_inputs_of_another_number_or_name(self):
        model = two_towers()
        with pytest.raises(InputError, match=r"wants 2 inputs \(a, b\), got 1"):
            model(A)
        with pytest.raises(InputError, match="wants the inputs a, b, got a, c"):
            model({"a": A, "c": B})

    def test_a_promise_has_no_numbers(self):
        i = mn.Input((3,))
        for use in (np.sin, bool, len, list):
            with pytest.raises((InputError, TypeError)):
                use(i)
        with pytest.raises(InputError, match="Lambda"):
            np.asarray(i)

    def test_a_layer_in_no_model_has_no_output(self):
        with pytest.raises(NotBuiltError, match=r"Input\(shape"):
            layers.Dense(2).output  # noqa: B018

    def test_a_broken_configuration(self):
        config = two_towers().get_config()
        config["layers"] = [x for x in config["layers"] if x["name"] != "left"]
        with pytest.raises(InputError, match="what nothing makes"):
            mn.Model.from_config(config)


class Maybe(layers.Layer):
    """A sum, of what there is."""

    def call(self, x, y=None):
        return x if y is None else x + y

    def compute_output_shape(self, x_shape, y_shape=None):
        return x_shape


def test_an_optional_input_may_be_none():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    a, b = layers.Input((3,), name="a"), layers.Input((3,), optional=True, name="b")
    model = mn.Model([a, b], layers.Dense(1, kernel_initializer="ones")(Maybe()(a, b)))
    model.compile("sgd", "mse")
    alone = x.sum(1, keepdims=True)
    np.testing.assert_allclose(model([x, None]), alone)
    np.testing.assert_allclose(model.predict([x, None], verbose=0), alone)
    np.testing.assert_allclose(model.predict({"a": x, "b": x}, verbose=0), 2 * alone)
    first = model.fit({"a": x, "b": None}, alone + 1, verbose=0).history["loss"][0]
    np.testing.assert_allclose(first, 1, rtol=1e-5)
    assert model.get_layer("b").get_config()["optional"] is True
    with pytest.raises(InputError, match='None for the input "a"'):
        model.predict([None, x], verbose=0)


def test_a_promise_becomes_an_input():
    before = layers.Dense(4)(layers.Input((3,)))
    given = layers.Input(tensor=before)
    assert given is before
    model = mn.Model(given, layers.Dense(2)(given))
    assert model.input_shape == (None, 4)
    assert model.count_params() == 10
    with pytest.raises(InputError, match="shape is not that of the tensor"):
        layers.Input((5,), tensor=given)
    with pytest.raises(InputError, match="wants a promise"):
        layers.Input(tensor=np.ones(3))
