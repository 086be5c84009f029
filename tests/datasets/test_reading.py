import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from myelin import errors
from myelin.datasets import reading


class Harmful:
    """An object whose pickle would run a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_arrays_of_all_kinds(tmp_path):
    kinds = {
        "numbers": np.arange(6.0).reshape(2, 3),
        "bytes": np.arange(4, dtype="uint8"),
        "lists": np.array([[1, 2], [3]], dtype=object),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **kinds)
        for name, array in zip(kinds, reading.arrays(tmp_path / "a.npz", list(kinds)), strict=True):
            assert array.dtype == kinds[name].dtype
            np.testing.assert_array_equal(array, kinds[name])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_data(protocol):
    data = {
        "list": [1, 2.5, None, True, "text", b"\x00\xff"],
        "array": np.arange(4, dtype="int16"),
        "lists": np.array([[1], [2, 3]], dtype=object),
        "scalar": np.float32(0.5),
    }
    read = reading.unpickle(io.BytesIO(pickle.dumps(data, protocol)), "here")
    assert read["list"] == data["list"]
    np.testing.assert_array_equal(read["array"], data["array"])
    assert read["lists"].tolist() == data["lists"].tolist()
    assert read["scalar"] == data["scalar"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_cannot_run_anything(tmp_path, protocol):
    data = pickle.dumps([Harmful(tmp_path / "made")], protocol)
    with pytest.raises(errors.FileFormatError, match="mkdir"):
        reading.unpickle(io.BytesIO(data), "here")
    assert not (tmp_path / "made").exists()
    pickle.loads(data)
    assert (tmp_path / "made").exists()  # what it would have done


def test_an_array_file_cannot_run_anything(tmp_path):
    harmful = np.array([Harmful(tmp_path / "made"), 1], dtype=object)
    np.savez(tmp_path / "a.npz", x=harmful)
    with pytest.raises(errors.FileFormatError, match="mkdir"):
        reading.arrays(tmp_path / "a.npz", ["x"])
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["builtins eval", "os system", "numpy load", "codecs decode"])
def test_other_names_are_refused(name):
    module, function = name.split()
    data = f"c{module}\n{function}\n.".encode()
    with pytest.raises(errors.FileFormatError, match=rf"{module}\.{function}"):
        reading.unpickle(io.BytesIO(data), "here")


def test_a_missing_array(tmp_path):
    np.savez(tmp_path / "a.npz", x=[1], other=[2])
    with pytest.raises(errors.FileFormatError, match=r"holds no y, but other, x"):
        reading.arrays(tmp_path / "a.npz", ["x", "y"])


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "wrong member"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damaged_files(tmp_path, damage, save):
    path = tmp_path / "a.npz"
    save(path, x=np.random.default_rng(0).integers(100, size=2000))
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        middle = len(data) // 2
        path.write_bytes(
            data[:middle] + bytes(b ^ 255 for b in data[middle:][:8]) + data[middle + 8 :]
        )
    elif damage == "wrong member":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", b"no array")
    else:
        path.write_bytes(b"" if damage == "empty" else b"text" * 100)
    with pytest.raises(errors.FileFormatError, match=r"a\.npz"):
        reading.arrays(path, ["x"])


def test_a_file_that_is_gone_is_no_damage(tmp_path):
    with pytest.raises(FileNotFoundError):
        reading.arrays(tmp_path / "none.npz", ["x"])


def test_a_pickle_that_is_no_array(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|O", "fortran_order": False, "shape": (1,)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + pickle.dumps("text"))
    with pytest.raises(errors.FileFormatError, match="no array"):
        reading.arrays(tmp_path / "a.npz", ["x"])


def test_lengths_that_differ(tmp_path):
    x = np.zeros((3, 2))
    reading.same_length(tmp_path, (x, np.zeros(3)))
    for y in (np.zeros(2), np.zeros(())):
        with pytest.raises(errors.FileFormatError, match="one label for each"):
            reading.same_length(tmp_path, (x, y))
    with pytest.raises(errors.FileFormatError):
        reading.same_length(tmp_path, (x[:0], x[:0]))
