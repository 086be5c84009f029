import hashlib
import os
from pathlib import Path

import pytest

from myelin import errors
from myelin.utils import get_file
from tests.utils.test_download import tar_of, zip_of

DATA = b"contents" * 1000


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_downloads_once_into_the_cache_of_keras(site, home, capsys):
    site.files["/a.npz"] = DATA
    path = get_file("b.npz", site.url + "/a.npz")
    assert path == str(home / "datasets" / "b.npz")
    assert Path(path).read_bytes() == DATA
    assert f"Downloading data from {site.url}/a.npz" in capsys.readouterr().out
    get_file("b.npz", site.url + "/a.npz")
    assert len(site.requests) == 1
    get_file("b.npz", site.url + "/a.npz", force_download=True)
    assert len(site.requests) == 2


def test_takes_the_name_from_the_url(site, tmp_path):
    site.files["/folder/a.npz?version=2"] = DATA
    path = get_file(origin=site.url + "/folder/a.npz?version=2", cache_dir=tmp_path)
    assert path == str(tmp_path / "datasets" / "a.npz")


def test_a_cached_file_with_another_hash_is_fetched_again(site, home):
    site.files["/a.npz"] = DATA
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "a.npz").write_bytes(b"damaged")
    path = get_file("a.npz", site.url + "/a.npz", file_hash=hashlib.sha256(DATA).hexdigest())
    assert Path(path).read_bytes() == DATA
    with pytest.raises(errors.DownloadError, match="hash"):
        get_file("b.npz", site.url + "/a.npz", md5_hash="0" * 32)
    assert os.listdir(home / "datasets") == ["a.npz"]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
@pytest.mark.parametrize("name", ["files", "files.tar.gz", None])
def test_extracts(site, home, pack, name):
    site.files["/files.tar.gz"] = pack({"in/a.txt": b"a"})
    expected = {"files": "files", "files.tar.gz": "files_extracted", None: "files.tar.gz"}[name]
    for _ in range(2):
        path = get_file(name, site.url + "/files.tar.gz", extract=True)
        assert path == str(home / "datasets" / expected)
        assert (Path(path) / "in" / "a.txt").read_bytes() == b"a"
    assert len(site.requests) == 1


def test_warns_of_what_cannot_be_extracted(site, home):
    site.files["/a.txt"] = DATA
    with pytest.warns(UserWarning, match="no archive"):
        get_file("a.txt", site.url + "/a.txt", untar=True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"fname": "a"}, "origin"),
        ({"fname": "a/b", "origin": "file:///x"}, "without folders"),
        ({"fname": "..", "origin": "file:///x"}, "without folders"),
        ({"origin": "http://host/"}, "pass fname"),
        ({"fname": "a", "origin": "file:///x", "file_hash": "12"}, "hexadecimal digits"),
        (
            {"fname": "a", "origin": "file:///x", "file_hash": "0" * 32,
             "hash_algorithm": "sha256"},
            "no sha256 hash",
        ),
        (
            {"fname": "a", "origin": "file:///x", "file_hash": "0", "hash_algorithm": "sha1"},
            "hash_algorithm",
        ),
    ],
)  # fmt: skip
def test_arguments(home, arguments, says):
    with pytest.raises(errors.InputError, match=says):
        get_file(**arguments)


@pytest.mark.parametrize("name", [None, "files", "files.tar.gz"])
@pytest.mark.parametrize("extract", [False, True])
def test_lies_where_keras_would_put_it(keras, site, tmp_path, name, extract):
    site.files["/files.tar.gz"] = tar_of({"in/a.txt": b"a"})
    url = site.url + "/files.tar.gz"
    ours = get_file(name, url, extract=extract, cache_dir=tmp_path)
    asked = len(site.requests)
    theirs = keras.utils.get_file(name, url, extract=extract, cache_dir=str(tmp_path))
    assert ours == theirs
    assert len(site.requests) == asked
