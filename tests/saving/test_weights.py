"""Weights alone, in two formats, into models that fit and models that do not."""

import zipfile

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from myelin import Sequential, layers
from myelin.errors import FileFormatError, InputError, ShapeError
from myelin.saving import load_weights, save_weights

ENDINGS = ["w.safetensors", "w.weights.h5", "w.npz"]


def network(units=3, head="head", **kwargs):
    return Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, name="body", **kwargs),
            layers.BatchNormalization(name="norm"),
            layers.Dense(units, name=head),
        ]
    )


def unnamed(units=3):
    return Sequential([layers.Input((4,)), layers.Dense(5), layers.Dense(units)])


def same_weights(one, two):
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def differ(one, two):
    return not all(
        np.array_equal(a, b) for a, b in zip(one.get_weights(), two.get_weights(), strict=True)
    )


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_weights_come_back(tmp_path, ending, dtype):
    model, other = network(dtype=dtype), network(dtype=dtype)
    assert differ(model, other)
    model.save_weights(tmp_path / ending)
    other.load_weights(tmp_path / ending)
    same_weights(model, other)


@pytest.mark.parametrize("ending", ENDINGS)
def test_names_that_count_on_do_not_matter(tmp_path, ending):
    model, other = unnamed(), unnamed()
    assert [w.path for w in model.weights] != [w.path for w in other.weights]
    model.save_weights(tmp_path / ending)
    other.load_weights(tmp_path / ending)
    same_weights(model, other)


def test_the_names_decide_where_they_are_the_same(tmp_path):
    def pair(first, second):
        return Sequential(
            [layers.Input((4,)), layers.Dense(4, name=first), layers.Dense(4, name=second)]
        )

    model, turned = pair("a", "b"), pair("b", "a")
    model.save_weights(tmp_path / "w.safetensors")
    turned.load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(turned.get_layer("a").kernel, model.get_layer("a").kernel)


def test_ten_layers_keep_their_order(tmp_path):
    def deep():
        return Sequential([layers.Input((2,)), *(layers.Dense(2) for _ in range(12))])

    model, other = deep(), deep()
    for ending in ENDINGS:
        model.save_weights(tmp_path / ending)
        other.set_weights([w * 0 for w in other.get_weights()])
        other.load_weights(tmp_path / ending)
        same_weights(model, other)


def test_the_weights_of_a_whole_model_file(tmp_path):
    model, other = network(), network()
    model.save(tmp_path / "m.keras")
    other.load_weights(tmp_path / "m.keras")
    same_weights(model, other)


def test_the_files_are_what_the_libraries_read(tmp_path):
    model = network()
    model.save_weights(tmp_path / "w.safetensors")
    model.save_weights(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz", allow_pickle=False) as file:
        as_npz = dict(file)
    for read in (load_file(tmp_path / "w.safetensors"), as_npz):
        assert set(read) == {w.path for w in model.weights}
        for w in model.weights:
            np.testing.assert_array_equal(read[w.path], w.numpy())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_files_that_numpy_wrote(tmp_path, save):
    model, other = network(), network()
    save(tmp_path / "w.npz", **{w.path: np.asfortranarray(w.numpy()) for w in model.weights})
    other.load_weights(tmp_path / "w.npz")
    same_weights(model, other)


def test_files_that_safetensors_wrote(tmp_path):
    model, other = network(), network()
    save_file({w.path: w.numpy() for w in model.weights}, tmp_path / "w.safetensors")
    other.load_weights(tmp_path / "w.safetensors")
    same_weights(model, other)


def test_longer_floats_are_cast(tmp_path):
    model, other = network(), network()
    np.savez(tmp_path / "w.npz", **{w.path: w.numpy().astype("float64") for w in model.weights})
    other.load_weights(tmp_path / "w.npz")
    same_weights(model, other)


@pytest.mark.parametrize("ending", ENDINGS)
def test_another_shape_is_named_and_changes_nothing(tmp_path, ending):
    network(units=7).save_weights(tmp_path / ending)
    model = network(units=3)
    before = model.get_weights()
    with pytest.raises(ShapeError, match=r'"head/kernel" wants shape \(5, 3\).* has \(5, 7\)'):
        model.load_weights(tmp_path / ending)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ending", ENDINGS)
def test_skip_mismatch_takes_what_fits(tmp_path, ending):
    wide, model = network(units=7), network(units=3)
    head = model.get_layer("head").get_weights()
    wide.save_weights(tmp_path / ending)
    with pytest.warns(UserWarning, match=r'left out "head/kernel" wants shape'):
        model.load_weights(tmp_path / ending, skip_mismatch=True)
    np.testing.assert_array_equal(model.get_layer("body").kernel, wide.get_layer("body").kernel)
    for a, b in zip(head, model.get_layer("head").get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_more_or_fewer_variables(tmp_path):
    small = Sequential([layers.Input((4,)), layers.Dense(5, name="body")])
    model = network()
    small.save_weights(tmp_path / "small.npz")
    model.save_weights(tmp_path / "large.npz")
    with pytest.raises(InputError, match='the file has no "norm/gamma"'):
        model.load_weights(tmp_path / "small.npz")
    with pytest.raises(InputError, match='the model has no "norm/gamma"'):
        small.load_weights(tmp_path / "large.npz")
    with pytest.warns(UserWarning, match="norm/gamma"):
        small.load_weights(tmp_path / "large.npz", skip_mismatch=True)
    np.testing.assert_array_equal(small.weights[0], model.weights[0])


def test_another_kind_of_number(tmp_path):
    model = network()
    arrays = {w.path: w.numpy() for w in model.weights}
    np.savez(tmp_path / "w.npz", **{**arrays, "body/bias": np.zeros(5, "complex64")})
    with pytest.raises(ShapeError, match='"body/bias" wants float32, the file has complex64'):
        model.load_weights(tmp_path / "w.npz")
    np.savez(tmp_path / "w.npz", **{**arrays, "body/bias": np.zeros(5, "S3")})
    with pytest.raises(FileFormatError, match="body/bias"):
        model.load_weights(tmp_path / "w.npz")


def test_a_model_that_is_not_built(tmp_path):
    model = Sequential([layers.Dense(3)])
    with pytest.raises(InputError, match="no weights yet"):
        save_weights(model, tmp_path / "w.safetensors")
    network().save_weights(tmp_path / "w.safetensors")
    with pytest.raises(InputError, match="no weights yet"):
        load_weights(model, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match="wants a model"):
        save_weights(3, tmp_path / "w.safetensors")


def test_a_layer_alone(tmp_path):
    one, two = layers.Dense(3), layers.Dense(3)
    one(np.zeros((1, 2))), two(np.zeros((1, 2)))
    save_weights(one, tmp_path / "w.safetensors")
    load_weights(two, tmp_path / "w.safetensors")
    np.testing.assert_array_equal(one.kernel, two.kernel)


def test_an_npz_with_objects_runs_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.savez(tmp_path / "w.npz", **{"body/kernel": np.array([Trap()], object)})
    with pytest.raises(FileFormatError):
        network().load_weights(tmp_path / "w.npz")
    assert not (tmp_path / "sprung").exists()


def test_an_npy_whose_header_claims_more_than_it_has(tmp_path):
    import io

    for shape in [(2**50,), (2**40, 2**40), (-1, -4), (3,)]:
        content = io.BytesIO()
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(content, header)
        content.write(bytes(16))
        with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
            archive.writestr("body/kernel.npy", content.getvalue())
        with pytest.raises(FileFormatError, match="damaged"):
            network().load_weights(tmp_path / "w.npz")
