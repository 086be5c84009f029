"""Names of types, the default float, and the policies that layers work by."""

import contextlib

import jax.numpy as jnp
import numpy as np
import pytest

from myelin import dtypes, layers, mixed_precision
from myelin.dtypes import DTypePolicy
from myelin.errors import UnknownNameError

POLICIES = ["float32", "float16", "bfloat16", "float64", "mixed_bfloat16", "mixed_float16"]


@pytest.fixture(autouse=True)
def _as_before():
    yield
    dtypes.set_floatx("float32")
    dtypes._policy = None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("float32", "float32"),
        (np.float16, "float16"),
        (np.dtype("uint8"), "uint8"),
        (jnp.bfloat16, "bfloat16"),
        ("bfloat16", "bfloat16"),
        (bool, "bool"),
        (int, "int32"),
        (float, "float32"),
        ("string", "string"),
    ],
)
def test_names(given, name):
    assert dtypes.name_of(given) == name


@pytest.mark.parametrize("given", ["float31", "flaot32", "", object()])
def test_what_is_no_type_is_refused(given):
    with pytest.raises(UnknownNameError, match="type"):
        dtypes.name_of(given)


def test_a_misspelt_type_names_the_nearest():
    with pytest.raises(UnknownNameError, match='Did you mean "float32"'):
        layers.Input((3,), dtype="flaot32")


def test_floats():
    assert all(map(dtypes.is_float, ["float16", "bfloat16", np.float32, float]))
    assert not any(map(dtypes.is_float, ["int32", "bool", np.uint8, "string"]))


def test_floatx():
    dtypes.set_floatx("float16")
    assert dtypes.floatx() == dtypes.name_of(float) == "float16"
    assert dtypes.dtype_policy().name == "float16"
    with pytest.raises(UnknownNameError, match='Did you mean "float32"'):
        dtypes.set_floatx("float3")
    assert dtypes.floatx() == "float16"


class TestPolicy:
    @pytest.mark.parametrize("name", POLICIES)
    def test_types_are_those_of_keras(self, name, keras):
        theirs, mine = keras.DTypePolicy(name), DTypePolicy(name)
        assert mine.compute_dtype == theirs.compute_dtype
        assert mine.variable_dtype == theirs.variable_dtype
        assert mine.get_config() == theirs.get_config()

    @pytest.mark.parametrize("name", POLICIES)
    def test_equality_and_config(self, name):
        again = DTypePolicy.from_config(DTypePolicy(name).get_config())
        assert again == DTypePolicy(name)
        assert hash(again) == hash(DTypePolicy(name))
        assert again != DTypePolicy("int32")
        assert again != name
        assert name in repr(again)

    def test_an_unknown_name(self):
        with pytest.raises(UnknownNameError, match='Did you mean "mixed_bfloat16"'):
            DTypePolicy("mixed_bfloat1")

    @pytest.mark.parametrize(
        "given",
        [
            "bfloat16",
            jnp.bfloat16,
            DTypePolicy("bfloat16"),
            {"name": "bfloat16"},
            {"class_name": "DTypePolicy", "config": {"name": "bfloat16"}},
        ],
    )
    def test_every_form_that_a_layer_takes(self, given):
        assert dtypes.policy_for(given) == DTypePolicy("bfloat16")
        assert layers.Dense(2, dtype=given).dtype_policy == DTypePolicy("bfloat16")

    def test_global(self):
        mixed_precision.set_global_policy("mixed_bfloat16")
        assert mixed_precision.global_policy() == dtypes.policy_for(None)
        layer = layers.Dense(2)
        layer.build((None, 3))
        assert (layer.compute_dtype, layer.kernel.dtype) == ("bfloat16", "float32")
        assert layer(np.ones((1, 3))).dtype == jnp.bfloat16

    def test_scope_ends_also_after_an_error(self):
        with contextlib.suppress(KeyError), dtypes.policy_scope("float16"):
            assert dtypes.dtype_policy().name == "float16"
            raise KeyError
        assert dtypes.dtype_policy().name == "float32"

    def test_a_wrong_policy_changes_nothing(self):
        with pytest.raises(UnknownNameError):
            dtypes.set_dtype_policy("float99")
        assert dtypes.dtype_policy().name == "float32"
