"""A file is the old one or the new one, whatever happens while it is written."""

import os
import resource
import stat
import zipfile

import numpy as np
import pytest

from myelin import Sequential, layers
from myelin.errors import InputError
from myelin.saving import load_tree, save_tree


@pytest.fixture
def model():
    return Sequential([layers.Input((3,)), layers.Dense(2)])


def writers(model):
    tree = lambda path: save_tree(path, {"a": np.ones(3)})  # noqa: E731
    whole = dict.fromkeys(("model", "keras", "h5"), model.save)
    return {"tree": tree, **whole} | dict.fromkeys(("weights", "weights.h5", "npz"),
                                                   model.save_weights)  # fmt: skip


ENDINGS = {"tree": "", "model": ".myelin", "keras": ".keras", "h5": ".h5", "npz": ".npz",
           "weights": ".safetensors", "weights.h5": ".weights.h5"}  # fmt: skip


@pytest.mark.parametrize("what", ENDINGS)
@pytest.mark.parametrize("fails", ["replace", "fsync"])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, model, what, fails):
    path = tmp_path / f"file{ENDINGS[what]}"
    path.write_bytes(b"old")

    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, fails, fail)
    with pytest.raises(KeyboardInterrupt):
        writers(model)[what](path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("what", ENDINGS)
def test_a_full_disk_leaves_the_old_file(tmp_path, model, what):
    path = tmp_path / f"file{ENDINGS[what]}"
    writers(model)[what](path)
    before = path.read_bytes()

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            writers(model)[what](path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("what", ENDINGS)
def test_the_new_file_takes_the_place_of_the_old(tmp_path, model, what):
    path = tmp_path / f"file{ENDINGS[what]}"
    path.write_bytes(b"old")
    writers(model)[what](path)
    assert path.read_bytes() != b"old"
    assert os.listdir(tmp_path) == [path.name]


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


METHODS = [("save", ".myelin"), ("save", ".keras"), ("save", ".h5"), ("save_weights", ".npz")]


@pytest.mark.parametrize(("method", "ending"), METHODS)
def test_overwrite_false_keeps_what_is_there(tmp_path, model, method, ending):
    path = tmp_path / f"m{ending}"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        getattr(model, method)(path, overwrite=False)
    assert path.read_bytes() == b"old"
    getattr(model, method)(tmp_path / f"new{ending}", overwrite=False)
    assert (tmp_path / f"new{ending}").exists()


@pytest.mark.parametrize(("method", "ending"), [("save", ".ckpt"), ("save_weights", "")])
def test_an_ending_that_no_format_has_lists_those_there_are(tmp_path, model, method, ending):
    with pytest.raises(InputError, match=r"end in \."):
        getattr(model, method)(tmp_path / f"m{ending}")
    assert os.listdir(tmp_path) == []


def test_an_older_programs_save_format_goes_before_the_ending(tmp_path, model):
    model.save(tmp_path / "m", save_format="h5")
    assert (tmp_path / "m").read_bytes().startswith(b"\x89HDF")
    model.save(tmp_path / "k", save_format="keras")
    assert zipfile.is_zipfile(tmp_path / "k")


@pytest.mark.parametrize("method", ["save", "save_weights"])
def test_places_where_no_file_can_be(tmp_path, model, method):
    write = getattr(model, method)
    with pytest.raises(FileNotFoundError, match="no folder"):
        write(tmp_path / "missing" / "m.keras")
    (tmp_path / "f.npz").mkdir()
    (tmp_path / "f.keras").mkdir()
    with pytest.raises(InputError, match="folder"):
        write(tmp_path / ("f.keras" if method == "save" else "f.npz"))
    with pytest.raises(InputError, match="no ordinary file"):
        write("/dev/null")
    for name in (None, 3, "", b""):
        with pytest.raises(InputError, match="filepath wants"):
            write(name)
    assert sorted(os.listdir(tmp_path)) == ["f.keras", "f.npz"]


@pytest.mark.parametrize("what", ENDINGS)
def test_the_same_model_gives_the_same_bytes(tmp_path, model, what):
    for name in ("a", "b"):
        writers(model)[what](tmp_path / f"{name}{ENDINGS[what]}")
    a, b = (tmp_path / f"{name}{ENDINGS[what]}" for name in ("a", "b"))
    assert a.read_bytes() == b.read_bytes()
