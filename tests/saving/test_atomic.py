"""A file is the old one or the new one, whatever happens while it is written."""

import os
import stat

import numpy as np
import pytest

from myelin import Sequential, layers
from myelin.errors import InputError
from myelin.saving import load_tree, save_tree


@pytest.fixture
def model():
    return Sequential([layers.Input((3,)), layers.Dense(2)])


def writers(model):
    return {
        "tree": lambda path: save_tree(path, {"a": np.ones(3)}),
        "model": model.save,
        "weights": model.save_weights,
        "npz": lambda path: model.save_weights(path.with_suffix(".npz")),
    }


@pytest.mark.parametrize("what", ["tree", "model", "weights", "npz"])
@pytest.mark.parametrize("fails", ["replace", "fsync"])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, model, what, fails):
    path = tmp_path / "file.npz"
    path.write_bytes(b"old")

    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, fails, fail)
    with pytest.raises(KeyboardInterrupt):
        writers(model)[what](path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.npz"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, model):
    import zipfile

    path = tmp_path / "m.keras"
    model.save(path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space"):
        model.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.keras"]


@pytest.mark.parametrize("what", ["tree", "model", "weights", "npz"])
def test_the_new_file_takes_the_place_of_the_old(tmp_path, model, what):
    path = tmp_path / "file.npz"
    path.write_bytes(b"old")
    writers(model)[what](path)
    assert path.read_bytes() != b"old"
    assert os.listdir(tmp_path) == ["file.npz"]


def test_the_file_has_the_rights_that_the_umask_gives(tmp_path):
    before = os.umask(0o027)
    try:
        save_tree(tmp_path / "t", {})
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(tmp_path / "t").st_mode) == 0o640


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    save_tree(tmp_path / "link", {"a": 1})
    assert (tmp_path / "link").is_symlink()
    assert load_tree(tmp_path / "real")[0] == {"a": 1}


def test_a_name_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("n" * 255)
    save_tree(path, {"a": 1})
    assert load_tree(path)[0] == {"a": 1}


@pytest.mark.parametrize("method", ["save", "save_weights"])
def test_overwrite_false_keeps_what_is_there(tmp_path, model, method):
    path = tmp_path / "m"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        getattr(model, method)(path, overwrite=False)
    assert path.read_bytes() == b"old"
    getattr(model, method)(tmp_path / "new", overwrite=False)
    assert (tmp_path / "new").exists()


@pytest.mark.parametrize("method", ["save", "save_weights"])
def test_places_where_no_file_can_be(tmp_path, model, method):
    write = getattr(model, method)
    with pytest.raises(FileNotFoundError, match="no folder"):
        write(tmp_path / "missing" / "m.keras")
    with pytest.raises(InputError, match="folder"):
        write(tmp_path)
    with pytest.raises(InputError, match="no ordinary file"):
        write("/dev/null")
    for name in (None, 3, "", b""):
        with pytest.raises(InputError, match="filepath wants"):
            write(name)
    assert os.listdir(tmp_path) == []


def test_the_same_model_gives_the_same_bytes(tmp_path, model):
    for method in (model.save, model.save_weights):
        method(tmp_path / "a")
        method(tmp_path / "b")
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
