"""A folder is the old one or the new one, but for the moment between two renames."""

import os

import pytest

from myelin.errors import InputError
from myelin.saving.atomic import folder_of, replacing_folder


def made(folder, text="new"):
    with replacing_folder(folder) as temporary:
        (temporary / "sign").write_text(text)
        (temporary / "inner").mkdir()
        (temporary / "inner" / "more").write_text(text)


def test_a_folder_takes_the_place_of_an_older_one(tmp_path):
    for text in ("old", "new"):
        made(folder_of(tmp_path / "a", "sign"), text)
        assert (tmp_path / "a" / "inner" / "more").read_text() == text
        assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_failure_leaves_the_old_folder_and_no_other(tmp_path, monkeypatch):
    made(tmp_path / "a", "old")

    def broken(*_):
        raise OSError("no room")

    for name in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, broken)
            with pytest.raises(OSError, match="no room"):
                made(tmp_path / "a")
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "sign").read_text() == "old"


def test_only_a_folder_of_the_same_kind_is_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("")
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    made(tmp_path / "a")
    assert folder_of(tmp_path / "empty", "sign", overwrite=False) == tmp_path / "empty"
    with pytest.raises(InputError, match="other files"):
        folder_of(tmp_path / "thesis", "sign")
    with pytest.raises(InputError, match="is a file"):
        folder_of(tmp_path / "file", "sign")
    with pytest.raises(FileExistsError):
        folder_of(tmp_path / "a", "sign", overwrite=False)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        folder_of(tmp_path / "none" / "a", "sign")
