import subprocess
import sys

import pytest

from myelin import errors, registry, utils


def test_importing_it_loads_nothing_heavy():
    program = (
        "import sys, myelin.utils, myelin.datasets\n"
        "heavy = {'jax', 'numpy', 'PIL', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", utils.__all__)
def test_every_name_is_there(name):
    assert callable(getattr(utils, name))
    assert name in dir(utils)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match='Did you mean "to_categorical"'):
        _ = utils.to_categoricals
    assert utils.numerical_utils.to_categorical is utils.to_categorical


def test_names_are_those_of_keras(keras):
    assert set(utils.__all__) <= set(dir(keras.utils)) | {"Dataset", "numerical_utils"}


def test_get_registered_object():
    @utils.register_keras_serializable(package="tests_of_utils")
    def doubled(x):
        return 2 * x

    assert utils.get_registered_object("tests_of_utils>doubled") is doubled
    assert utils.get_registered_name(doubled) == "tests_of_utils>doubled"
    assert utils.get_registered_object("nothing") is None
    assert utils.get_registered_object("a", {"a": 1}, {"a": 2, "b": 3}) == 1
    assert utils.get_registered_object("b", {"a": 1}, {"a": 2, "b": 3}) == 3
    with utils.CustomObjectScope({"scoped": doubled}):
        assert utils.get_registered_object("scoped") is doubled
    assert utils.get_registered_object("scoped") is None
    assert utils.deserialize_keras_object(utils.serialize_keras_object(doubled)) is doubled
    del registry._registered["tests_of_utils>doubled"]


def test_pack_and_unpack(keras):
    for given in [(1,), (1, 2), (1, 2, 3), ([1],), ((1, 2),)]:
        packed = utils.pack_x_y_sample_weight(*given)
        assert packed == keras.utils.pack_x_y_sample_weight(*given)
        unpacked = utils.unpack_x_y_sample_weight(packed)
        assert unpacked == keras.utils.unpack_x_y_sample_weight(packed)
        assert unpacked == (*given, None, None)[:3]
    assert utils.unpack_x_y_sample_weight([1, 2]) == (1, 2, None)
    for wrong in [(), (1, 2, 3, 4)]:
        with pytest.raises(errors.InputError, match="sample_weight"):
            utils.unpack_x_y_sample_weight(wrong)
