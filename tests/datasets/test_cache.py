import pytest

from myelin import errors
from myelin.datasets import cache, mnist

DATA = b"contents" * 5000


def test_downloads_into_the_folder_of_the_user(folders, source, site, capsys):
    path = cache.locate(source)
    assert path == folders.users / "data.npz"
    assert path.read_bytes() == DATA
    shown = capsys.readouterr().out
    assert f"Downloading data from {source.url}" in shown
    assert f"{len(DATA)}/{len(DATA)}" in shown
    assert cache.locate(source) == path
    assert len(site.requests) == 1
    assert capsys.readouterr().out == ""


def test_makes_the_folder_of_the_user(folders, source):
    folders.users.rmdir()
    assert cache.locate(source) == folders.users / "data.npz"


def test_downloads_into_its_own_cache_without_such_a_folder(folders, source, monkeypatch):
    monkeypatch.delenv("MYELIN_DATASETS")
    folders.own.rmdir()
    assert cache.locate(source) == folders.own / "data.npz"


def test_downloads_into_its_own_cache_if_the_folder_cannot_be_written(folders, source, monkeypatch):
    (folders.users / "file").write_bytes(b"")
    monkeypatch.setenv("MYELIN_DATASETS", str(folders.users / "file"))
    assert cache.locate(source) == folders.own / "data.npz"


def test_the_users_own_file_is_used_as_it_is(folders, source, site):
    (folders.users / "data.npz").write_bytes(b"of the user")
    (folders.own / "data.npz").write_bytes(DATA)
    assert cache.locate(source) == folders.users / "data.npz"
    assert site.requests == []


@pytest.mark.parametrize("where", ["own", "keras"])
@pytest.mark.parametrize("folder", ["", "inner"])
def test_finds_a_file_with_the_right_hash(folders, source, site, where, folder):
    source = cache.Source(source.name, source.url, source.digest, folder)
    path = getattr(folders, where) / folder / "data.npz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(DATA)
    assert cache.locate(source) == path
    assert site.requests == []


@pytest.mark.parametrize("where", ["own", "keras"])
def test_a_file_with_another_hash_is_not_used(folders, source, site, where):
    path = getattr(folders, where) / "data.npz"
    path.write_bytes(b"damaged")
    assert cache.locate(source) == folders.users / "data.npz"
    assert path.read_bytes() == b"damaged"


def test_a_damaged_file_in_its_own_cache_is_replaced(folders, source, monkeypatch):
    monkeypatch.delenv("MYELIN_DATASETS")
    (folders.own / "data.npz").write_bytes(b"damaged")
    assert cache.locate(source).read_bytes() == DATA


def test_finds_it_under_the_name_it_has_in_keras(folders, source, site):
    source = cache.Source(source.name, source.url, source.digest, in_keras=("a", "b_archive"))
    (folders.keras / "a").write_bytes(b"something else")
    (folders.keras / "b_archive").write_bytes(DATA)
    assert cache.locate(source) == folders.keras / "b_archive"
    assert site.requests == []


def test_goes_on_where_a_download_broke_off(folders, source, site):
    (folders.users / "data.npz.part").write_bytes(DATA[:1000])
    cache.locate(source)
    assert site.requests == [("/data.npz", "bytes=1000-")]
    assert [path.name for path in folders.users.iterdir()] == ["data.npz"]


def test_a_published_file_that_changed_is_refused(folders, source, site):
    site.files["/data.npz"] = b"another"
    with pytest.raises(errors.DownloadError, match=source.digest):
        cache.locate(source)
    assert list(folders.users.iterdir()) == []


@pytest.mark.parametrize("set_by_user", [True, False])
@pytest.mark.parametrize("folder", ["", "inner"])
def test_offline_it_says_which_file_to_put_where(folders, monkeypatch, set_by_user, folder):
    if not set_by_user:
        monkeypatch.delenv("MYELIN_DATASETS")
    source = cache.Source("data.npz", "http://127.0.0.1:9/data.npz", "0" * 64, folder)
    with pytest.raises(errors.DownloadError) as caught:
        cache.locate(source)
    said = str(caught.value)
    assert "http://127.0.0.1:9/data.npz" in said
    assert "no connection" in said
    assert "named data.npz" in said
    assert "SHA-256 " + "0" * 64 in said
    where = folders.users if set_by_user else folders.own
    assert f"into {where / folder}," in said
    assert "MYELIN_DATASETS" in said or set_by_user


def test_what_it_says_offline_is_true(folders, source, site):
    """Following the advice, the file is found without a network."""
    site.files.clear()
    with pytest.raises(errors.DownloadError) as caught:
        cache.locate(source)
    assert str(folders.users) in str(caught.value)
    (folders.users / source.name).write_bytes(DATA)
    assert cache.locate(source).read_bytes() == DATA


@pytest.mark.parametrize("path", ["a/b.npz", "/tmp/b.npz", "..", ""])
def test_path_is_a_name(folders, path):
    with pytest.raises(errors.InputError, match="MYELIN_DATASETS"):
        mnist.load_data(path)


def test_path_names_the_file(folders):
    assert cache.named("my.npz", mnist.SOURCE).name == "my.npz"
    assert cache.named("my.npz", mnist.SOURCE).digest == mnist.SOURCE.digest
