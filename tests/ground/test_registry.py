"""Objects become plain configurations and come back, and nothing else does."""

import contextlib
import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import layers, registry
from myelin.errors import InputError, UnknownNameError
from myelin.registry import Configured, custom_object_scope, deserialize, serialize


@pytest.fixture(autouse=True)
def _nothing_stays_registered():
    before = dict(registry._registered)
    yield
    registry._registered.clear()
    registry._registered.update(before)


def through_json(value):
    return json.loads(json.dumps(serialize(value)))


class Point(Configured):
    """One argument of each kind."""

    def __init__(self, x, *rest, y=2, **more):
        self.x = x
        self.rest = rest
        self.more = more


class TestConfigured:
    def test_arguments_and_defaults(self):
        assert Point(1).get_config() == {"x": 1, "y": 2}
        assert Point(1, y=5, z=[3]).get_config() == {"x": 1, "y": 5, "z": [3]}

    def test_the_attribute_counts_where_there_is_one(self):
        point = Point(1, y=5)
        point.x = 7
        assert point.get_config() == {"x": 7, "y": 5}

    def test_round_trip(self):
        again = Point.from_config(Point(np.float32(1.5), z=(1, 2)).get_config())
        assert (again.x, again.more) == (1.5, {"z": [1, 2]})


class TestPlainValues:
    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            (None, None),
            (True, True),
            (np.float32(0.5), 0.5),
            (np.int64(3), 3),
            (np.bool_(True), True),
            ((1, (2, "a")), [1, [2, "a"]]),
            ({"a": (1,), "b": np.int8(2)}, {"a": [1], "b": 2}),
            (np.dtype("float16"), "float16"),
            (np.float64, "float64"),
            (jnp.dtype("bfloat16"), "bfloat16"),
        ],
    )
    def test_become_json(self, given, wanted):
        got = serialize(given)
        assert got == wanted
        assert json.loads(json.dumps(got)) == wanted

    @pytest.mark.parametrize("make", [np.asarray, jnp.asarray])
    def test_arrays_come_back(self, make):
        array = make(np.array([[1.5, 2.0]], np.float32))
        again = deserialize(through_json(array))
        assert again.dtype == np.float32
        np.testing.assert_array_equal(again, array)

    def test_what_is_no_configuration_is_handed_back(self):
        for value in (3, "relu", [1, {"a": 2}], {"class_name": "Dense"}, {"config": {}}):
            assert deserialize(value) == value


class TestObjects:
    def test_written_as_keras_writes_them(self):
        config = serialize(layers.Dense(3, name="d"))
        assert set(config) == {"module", "class_name", "config", "registered_name"}
        assert config["module"] == "keras.layers"
        assert config["class_name"] == "Dense"
        assert config["registered_name"] is None
        assert config["config"]["kernel_initializer"]["module"] == "keras.initializers"

    @pytest.mark.parametrize(
        ("make", "module"),
        [
            (lambda: mn.Sequential([layers.Dense(2)]), "keras"),
            (lambda: mn.losses.MeanSquaredError(), "keras.losses"),
            (lambda: mn.metrics.MeanSquaredError(), "keras.metrics"),
            (lambda: mn.optimizers.Adam(0.5), "keras.optimizers"),
            (lambda: mn.regularizers.L2(0.5), "keras.regularizers"),
            (lambda: mn.constraints.MaxNorm(2), "keras.constraints"),
            (
                lambda: mn.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5),
                "keras.optimizers.schedules",
            ),
        ],
    )
    def test_every_kind_finds_its_own_class(self, make, module):
        made = make()
        config = through_json(made)
        assert config["module"] == module
        assert type(deserialize(config)) is type(made)
        assert through_json(deserialize(config)) == config

    def test_a_value_without_a_name_is_refused(self):
        for value in (lambda x: x, object(), functools.partial(max, 1), Point):
            with pytest.raises(TypeError, match="register_keras_serializable"):
                serialize(value)

    def test_an_unknown_class_names_the_nearest(self):
        with pytest.raises(UnknownNameError, match='Did you mean "Dense"'):
            deserialize({"class_name": "Dens", "config": {}, "module": "keras.layers"})

    def test_a_name_never_imports_a_module(self):
        for module in ("os", "subprocess", "keras.layers.evil", "myelin.keras_script", "builtins"):
            with pytest.raises(UnknownNameError):
                deserialize({"class_name": "Popen", "config": {"args": "ls"}, "module": module})


def squared(x):
    return x * x


class Mine(layers.Dense):
    """A layer of a user's own, not registered."""


class TestFunctions:
    def test_myelins_own_by_name(self):
        assert serialize(mn.activations.relu) == "relu"

    def test_a_users_function_is_written_as_keras_does(self):
        config = through_json(squared)
        assert config == {
            "module": __name__,
            "class_name": "function",
            "config": "squared",
            "registered_name": "squared",
        }
        assert deserialize(config, {"squared": squared}) is squared
        with pytest.raises(UnknownNameError, match="squared"):
            deserialize(config)

    def test_functions_of_jax_and_numpy(self):
        for function in (jax.nn.relu, jnp.tanh, np.tanh):
            config = through_json(function)
            assert deserialize(config, {function.__name__: function}) is function

    def test_registered(self):
        mn.saving.register_keras_serializable("mine", "square")(squared)
        config = through_json(squared)
        assert config["config"] == "mine>square"
        assert deserialize(config) is squared

    def test_kerass_form_is_read(self):
        mn.saving.register_keras_serializable("mine")(squared)
        config = {"module": "builtins", "class_name": "function", "config": "mine>squared"}
        assert deserialize({**config, "registered_name": "function"}) is squared

    def test_a_layer_with_one(self):
        layer = layers.Dense(2, activation=squared, name="d")
        again = deserialize(through_json(layer), {"squared": squared})
        assert again.activation is squared


class TestCustomClasses:
    def test_registered_name(self):
        mn.saving.register_keras_serializable("mine")(Mine)
        config = through_json(Mine(2))
        assert config["registered_name"] == "mine>Mine"
        assert type(deserialize(config)) is Mine
        assert registry.get_registered_name(Mine) == "mine>Mine"
        assert registry.get_registered_name(layers.Dense) == "Dense"

    @pytest.mark.parametrize("scope", [{"Mine": Mine}, {"mine>Mine": Mine}])
    @pytest.mark.parametrize("written", ["mine>Mine", "Mine"])
    def test_with_or_without_the_package(self, scope, written):
        config = {**through_json(Mine(2)), "registered_name": written}
        with custom_object_scope(scope):
            assert type(deserialize(config)) is Mine

    def test_another_package_of_that_name_is_not_taken(self):
        mn.saving.register_keras_serializable("theirs")(Mine)
        with pytest.raises(UnknownNameError, match="mine>Mine"):
            registry.find_registered("mine>Mine")

    def test_a_users_class_never_becomes_myelins_of_the_same_name(self):
        users = type("Dense", (layers.Layer,), {"__module__": "theirs.layers"})
        config = through_json(users())
        with pytest.raises(UnknownNameError, match="Dense"):
            deserialize(config)
        assert type(deserialize(config, {"Dense": users})) is users

    def test_scopes_nest_and_end(self):
        with custom_object_scope({"a": 1}):
            with contextlib.suppress(KeyError), custom_object_scope({"a": 2, "b": 3}):
                assert registry.get_custom_objects()["a"] == 2
                raise KeyError
            assert registry.find_registered("a") == 1
            with pytest.raises(UnknownNameError):
                registry.find_registered("b")

    def test_a_class_without_get_config_is_refused(self):
        with pytest.raises(ValueError, match="get_config"):
            mn.saving.register_keras_serializable()(type("Bare", (), {}))

    def test_a_scoped_object_wins_over_a_registered_one(self):
        mn.saving.register_keras_serializable("mine", "f")(squared)
        other = lambda x: x  # noqa: E731
        with custom_object_scope({"f": other}):
            assert registry.find_registered("f") is other
        assert registry.find_registered("f") is squared


class TestCopied:
    def test_lambdas_and_unregistered_classes(self):
        function = lambda x: x + 1  # noqa: E731
        model = mn.Sequential([layers.Input((3,)), Mine(2, activation=function)])
        again = registry.copied(model)
        assert type(again.layers[0]) is Mine
        assert again.layers[0] is not model.layers[0]
        assert again.layers[0].activation is function
        assert not registry.get_custom_objects().keys() & {"copied>0", "copied>1"}

    def test_two_of_one_name_stay_apart(self):
        def made(add):
            def shift(x):
                return x + add

            return shift

        model = mn.Sequential([layers.Lambda(made(1.0)), layers.Lambda(made(10.0))])
        assert float(registry.copied(model)(np.zeros((1, 1)))[0, 0]) == 11.0

    def test_an_error_ends_it(self):
        with pytest.raises(TypeError):
            registry.copied([object()])
        assert serialize(squared)["config"] == "squared"


NAMES = {"relu": mn.activations.relu, "L2": mn.regularizers.L2}


class TestResolve:
    def resolved(self, identifier):
        return registry.resolve(identifier, NAMES, "part")

    def test_every_form(self):
        one = mn.regularizers.L2(0.5)
        assert self.resolved(None) is None
        assert self.resolved("relu") is mn.activations.relu
        assert self.resolved(one) is one
        assert self.resolved(squared) is squared
        for form in ("L2", mn.regularizers.L2, {"class_name": "L2", "config": {}}):
            assert type(self.resolved(form)) is mn.regularizers.L2
        assert self.resolved(serialize(one)).get_config() == one.get_config()

    def test_what_the_user_registered(self):
        with custom_object_scope({"squared": squared, "Custom>Mine": mn.regularizers.L1}):
            assert self.resolved("squared") is squared
            assert type(self.resolved("Mine")) is mn.regularizers.L1

    def test_an_unknown_name(self):
        with pytest.raises(UnknownNameError, match=r'no part called "rellu". Did you mean "relu"'):
            self.resolved("rellu")

    @pytest.mark.parametrize("value", [3, 1.5, ["relu"], object()])
    def test_what_is_no_part(self, value):
        with pytest.raises(InputError, match="part wants a name"):
            self.resolved(value)
