"""HDF5 files as h5py writes them, read without its library."""

import io

import h5py
import jax.numpy as jnp
import numpy as np
import pytest

from myelin.errors import FileFormatError
from myelin.interop.keras import hdf5


def written(fill, **arguments):
    content = io.BytesIO()
    with h5py.File(content, "w", **arguments) as file:
        fill(file)
    return hdf5.opened(content.getvalue(), "the file")


VALUES = {
    "float32": np.random.default_rng(0).normal(size=(3, 4)).astype("f4"),
    "float16": np.ones((2, 1, 3), "f2"),
    "a scalar": np.float64(3.5),
    "bytes": np.arange(7, dtype="u1"),
    "whole numbers": np.arange(-5, 5),
    "the other byte order": np.arange(5, dtype=">f8"),
    "truths": np.array([True, False, True]),
    "nothing": np.zeros((2, 0), "i4"),
}


@pytest.mark.parametrize("arguments", [{}, {"libver": "latest"}])
@pytest.mark.parametrize("name", VALUES)
def test_arrays(name, arguments):
    root = written(lambda file: file.create_dataset("a/b", data=VALUES[name]), **arguments)
    found = root.get("a", "b").read()
    np.testing.assert_array_equal(found, VALUES[name])
    assert found.dtype == np.asarray(VALUES[name]).dtype.newbyteorder("=")
    assert root.get("a", "c") is None
    assert root.get("a", "b", "c") is None


def test_short_floats_are_so_many_bytes():
    values = jnp.arange(5, dtype=jnp.bfloat16)
    root = written(lambda file: file.create_dataset("a", data=np.asarray(values)))
    np.testing.assert_array_equal(root.get("a").read().view(jnp.bfloat16), values)


@pytest.mark.parametrize(
    "packing", [{}, {"compression": "gzip", "shuffle": True}, {"fletcher32": True}]
)
def test_arrays_in_chunks(packing):
    values = np.random.default_rng(1).normal(size=(37, 11)).astype("f4")
    root = written(lambda file: file.create_dataset("a", data=values, chunks=(10, 4), **packing))
    np.testing.assert_array_equal(root.get("a").read(), values)


def test_attributes():
    given = {
        "bytes": b"abc", "text": "ä" * 70_000, "a list": ["a", "bc"],
        "fixed": np.array([b"ab", b"c"]),
        "number": 3, "float": np.float32(2.5), "array": np.arange(4.0), "nothing": np.zeros(0),
    } | {f"number {i}": f"text {i}" for i in range(30)}  # fmt: skip

    def fill(file):
        for name, value in given.items():
            file.attrs[name] = value

    found = written(fill).attributes()
    assert list(found) == list(given)
    assert found["bytes"] == "abc"
    assert found["text"] == given["text"]
    assert found["number"] == 3
    assert found["a list"] == ["a", "bc"]
    assert found["fixed"] == ["ab", "c"]
    assert found["float"] == 2.5
    assert found["number 29"] == "text 29"
    np.testing.assert_array_equal(found["array"], np.arange(4.0))


def test_hundreds_of_names_in_a_group_and_all_arrays_of_a_file():
    def fill(file):
        for i in range(300):
            file[f"layers/layer_{i}/vars/0"] = np.float32(i)

    root = written(fill)
    assert len(root.group("layers").names()) == 300
    assert float(root.get("layers", "layer_217", "vars", "0").read()) == 217
    assert sorted(float(array.read()) for array in hdf5.walk(root)) == list(range(300))


def test_what_is_not_read_is_named():
    def many(file):
        for i in range(20):
            file[f"x{i}"] = np.float32(i)

    with pytest.raises(FileFormatError, match="default libver"):
        written(many, libver="latest").names()
    values = np.zeros((4, 4), "f4")
    with pytest.raises(FileFormatError, match="filter 32000"):
        written(lambda f: f.create_dataset("a", data=values, compression="lzf")).get("a").read()
    for value in (1 + 2j, np.array([(1, 2.0)], [("a", "i4"), ("b", "f4")])):
        with pytest.raises(FileFormatError, match="records"):
            written(lambda file, value=value: file.create_dataset("a", data=value)).get("a")
    for content in (b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes([9]) * 90, b"x" * 200):
        with pytest.raises(FileFormatError, match="HDF5"):
            hdf5.opened(content, "the file")


def test_groups_that_lead_to_each_other_end():
    def fill(file):
        file["a/b/x"] = np.zeros(2)
        file["a/b/c"] = file["a"]
        file["again"] = file["a/b/x"]

    root = written(fill)
    assert len(list(hdf5.walk(root))) == 1
    with pytest.raises(FileFormatError, match="too deep"):
        root.get(*["a", "b", "c"] + ["b", "c"] * 100)
