"""Data sets that exist nowhere but here: no test reads the user's caches or the network."""

import hashlib
from types import SimpleNamespace

import pytest

from myelin.datasets import cache
from tests.utils.serving import serving


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """An empty `users` folder and empty caches, `own` and `keras`, in place of the real ones."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("MYELIN_DATASETS", str(tmp_path / "users"))
    made = SimpleNamespace(
        users=tmp_path / "users",
        own=tmp_path / "home" / ".cache" / "myelin" / "datasets",
        keras=tmp_path / "keras" / "datasets",
    )
    for folder in vars(made).values():
        folder.mkdir(parents=True)
    return made


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as running:
        yield running


@pytest.fixture
def source(site):
    """A file that the site has, and that is nowhere else."""
    data = b"contents" * 5000
    site.files["/data.npz"] = data
    return cache.Source("data.npz", site.url + "/data.npz", hashlib.sha256(data).hexdigest())
