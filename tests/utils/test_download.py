import hashlib
import io
import tarfile
import threading
import zipfile

import pytest

from myelin import errors
from myelin.utils import download as module
from myelin.utils.download import algorithm_of, digest_of, download, extract, matches

DATA = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA).hexdigest()


def test_digests(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(DATA)
    assert digest_of(path) == SHA256
    assert digest_of(path, "md5") == MD5
    assert matches(path, SHA256.upper())
    assert matches(path, MD5)
    assert matches(path, None)
    assert not matches(path, "0" * 64)
    with pytest.raises(errors.InputError, match=r"64 \(SHA-256\) or 32"):
        algorithm_of("abc")


@pytest.mark.parametrize("digest", [None, SHA256, MD5])
def test_fetches_a_file_whole(site, tmp_path, digest):
    site.files["/a"] = DATA
    target = tmp_path / "new" / "folder" / "a"
    assert download(site.url + "/a", target, digest, verbose=0) == target
    assert target.read_bytes() == DATA
    assert [path.name for path in target.parent.iterdir()] == ["a"]


def test_shows_how_far_it_is(site, tmp_path, capsys):
    site.files["/a"] = DATA
    download(site.url + "/a", tmp_path / "a", SHA256)
    shown = capsys.readouterr().out
    assert f"{len(DATA)}/{len(DATA)}" in shown
    assert "/byte" in shown


def test_goes_on_where_it_broke_off(site, tmp_path):
    site.files["/a"] = DATA
    (tmp_path / "a.part").write_bytes(DATA[:1000])
    download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert (tmp_path / "a").read_bytes() == DATA
    assert site.requests == [("/a", "bytes=1000-")]


def test_resumes_by_itself_when_the_connection_ends(site, tmp_path):
    site.files["/a"] = DATA
    site.cut = len(DATA) // 2
    download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert (tmp_path / "a").read_bytes() == DATA
    assert site.requests == [("/a", None), ("/a", f"bytes={len(DATA) // 2}-")]


def test_a_later_call_goes_on_after_connections_that_kept_ending(site, tmp_path):
    site.files["/a"] = DATA
    site.cut = 1000
    with pytest.raises(errors.DownloadError, match="too early"):
        download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "a.part").read_bytes() == DATA[:3000]
    site.cut = None
    download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert (tmp_path / "a").read_bytes() == DATA
    assert site.requests[-1] == ("/a", "bytes=3000-")


def test_without_a_digest_it_starts_anew(site, tmp_path):
    site.files["/a"] = DATA
    (tmp_path / "a.part").write_bytes(b"of another version")
    download(site.url + "/a", tmp_path / "a", verbose=0)
    assert (tmp_path / "a").read_bytes() == DATA
    assert site.requests == [("/a", None)]


def test_a_server_without_ranges_is_asked_for_all(site, tmp_path):
    site.files["/a"] = DATA
    site.ranges = False
    (tmp_path / "a.part").write_bytes(DATA[:1000])
    download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert (tmp_path / "a").read_bytes() == DATA


def test_a_whole_part_is_only_checked(site, tmp_path):
    site.files["/a"] = DATA
    (tmp_path / "a.part").write_bytes(DATA)
    download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert (tmp_path / "a").read_bytes() == DATA


@pytest.mark.parametrize("wrong", [b"x" * 1000, b"x" * len(DATA), b"x" * (len(DATA) + 1)])
def test_a_wrong_beginning_is_fetched_again(site, tmp_path, wrong):
    site.files["/a"] = DATA
    (tmp_path / "a.part").write_bytes(wrong)
    download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert (tmp_path / "a").read_bytes() == DATA


def test_another_hash_is_refused_and_nothing_is_left(site, tmp_path):
    site.files["/a"] = b"not what was wanted"
    with pytest.raises(errors.DownloadError, match=SHA256):
        download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_file_leaves_the_old_one(site, tmp_path):
    site.files["/a"] = b"not what was wanted"
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(errors.DownloadError):
        download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
    assert (tmp_path / "a").read_bytes() == b"old"


def test_no_such_file(site, tmp_path):
    with pytest.raises(errors.DownloadError, match="404"):
        download(site.url + "/none", tmp_path / "a", SHA256, verbose=0)


def test_no_connection(site, tmp_path):
    with pytest.raises(errors.DownloadError, match="no connection"):
        download("http://127.0.0.1:9/a", tmp_path / "a", SHA256, verbose=0)


def test_a_folder_that_cannot_be_made(site, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(errors.DownloadError, match="file"):
        download(site.url + "/a", tmp_path / "file" / "a", SHA256, verbose=0)


def test_two_at_once_end_with_one_whole_file(site, tmp_path):
    pytest.importorskip("fcntl")
    site.files["/a"] = DATA
    failures = []

    def fetch():
        try:
            download(site.url + "/a", tmp_path / "a", SHA256, verbose=0)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (tmp_path / "a").read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_who_waited_takes_what_the_other_fetched(site, tmp_path, monkeypatch):
    target = tmp_path / "a"
    waited = module._only_writer

    def meanwhile(part):
        target.write_bytes(DATA)
        return waited(part)

    monkeypatch.setattr(module, "_only_writer", meanwhile)
    download(site.url + "/a", target, SHA256, verbose=0)
    assert site.requests == []
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def tar_of(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            if data is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data or b""))
    return buffer.getvalue()


def zip_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_extract(tmp_path, pack):
    (tmp_path / "archive").write_bytes(pack({"in/a.txt": b"a", "b.txt": b"b"}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_bytes(b"old")
    assert extract(tmp_path / "archive", tmp_path / "out")
    assert (tmp_path / "out" / "in" / "a.txt").read_bytes() == b"a"
    assert (tmp_path / "out" / "b.txt").read_bytes() == b"b"
    assert not (tmp_path / "out" / "old.txt").exists()


@pytest.mark.parametrize(
    "archive",
    [
        tar_of({"good.txt": b"a", "../bad.txt": b"b"}),
        tar_of({"good.txt": b"a", "/../bad.txt": b"b"}),
        tar_of({"good.txt": b"a", "link": None}),
        zip_of({"good.txt": b"a", "../bad.txt": b"b"}),
    ],
)
def test_nothing_leaves_the_folder(tmp_path, archive):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "archive").write_bytes(archive)
    with pytest.raises(errors.FileFormatError):
        extract(inside / "archive", inside / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "archive"]


def test_extract_a_damaged_archive(tmp_path):
    data = tar_of({"a.txt": bytes(range(256)) * 1000, "b.txt": b"b" * 5000})
    (tmp_path / "archive").write_bytes(data[: len(data) // 2])
    with pytest.raises(errors.FileFormatError, match="cannot be unpacked"):
        extract(tmp_path / "archive", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_extract_what_is_no_archive(tmp_path):
    (tmp_path / "archive").write_bytes(b"text")
    assert not extract(tmp_path / "archive", tmp_path / "out")
    (tmp_path / "archive").write_bytes(zip_of({"a": b"a"}))
    assert not extract(tmp_path / "archive", tmp_path / "out", None)
    assert not extract(tmp_path / "archive", tmp_path / "out", "tar")
    with pytest.raises(errors.InputError, match="archive_format"):
        extract(tmp_path / "archive", tmp_path / "out", "rar")
