"""`get_file`: a file from the network, kept in Keras's cache."""

from __future__ import annotations

import contextlib
import os
import tempfile
import urllib.parse
import warnings
from pathlib import Path
from typing import Any

from myelin.errors import InputError
from myelin.utils.download import algorithm_of, download, extract, matches


def keras_home() -> Path:
    """Keras's own folder: `KERAS_HOME`, or `~/.keras`."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Downloads a file once, and gives the path where it lies.

    It lies where Keras would put it, so neither fetches what the other has. A fetch that breaks
    off leaves no half file behind, and nothing in an archive can lie outside its folder.

    Args:
        fname: its name here, without folders; None takes the name in `origin`.
        origin: the URL.
        untar: an older word for `extract=True, archive_format="tar"`.
        md5_hash: an older word for `file_hash` with `hash_algorithm="md5"`.
        file_hash: SHA-256 or MD5 in hexadecimal; a file with another one is refused.
        cache_subdir: the folder inside `cache_dir`; an absolute one stands by itself.
        hash_algorithm: "sha256", "md5", or "auto" to go by the length.
        extract: unpacks a tar or zip file.
        archive_format: "auto", "tar", "zip", a list of these, or None.
        cache_dir: the cache; by default `KERAS_HOME`, or `~/.keras`.
        force_download: fetches it although it is here.

    Returns:
        The path of the file, or of the folder with what was unpacked.

    Raises:
        InputError: no `origin`, or a name with folders in it.
        DownloadError: it could not be fetched, or has another hash.
        FileFormatError: an archive that is damaged or leads out of its folder.
    """
    if not origin:
        raise InputError("get_file wants origin, the URL of the file")
    digest = _checked_digest(file_hash or md5_hash, hash_algorithm, md5_hash, file_hash)
    given = os.fspath(fname) if fname else None
    name = given or os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise InputError(f"{origin} ends in no file name: pass fname")
    if os.path.basename(name) != name or name in (".", ".."):
        raise InputError(f"fname wants a name without folders (those go to cache_dir): {name!r}")
    folder = _folder(cache_dir) / cache_subdir
    unpack = extract or untar
    target = folder / name
    unpacked = folder / name
    if unpack and given and "." in given:
        unpacked = folder / f"{given.partition('.')[0]}_extracted"
    elif unpack:
        target = folder / f"{name}_archive"
    fresh = force_download or not target.exists() or not matches(target, digest)
    if fresh:
        print(f"Downloading data from {origin}")
        download(origin, target, digest)
    if not unpack:
        return str(target)
    if fresh or not unpacked.is_dir():
        _unpack(target, unpacked, "tar" if untar else archive_format)
    return str(unpacked)


def _unpack(archive: Path, folder: Path, archive_format: Any) -> None:
    if not extract(archive, folder, archive_format):
        warnings.warn(f"{archive} is no archive that could be unpacked", stacklevel=3)


def _checked_digest(
    digest: str | None, algorithm: str, md5_hash: str | None, file_hash: str | None
) -> str | None:
    if digest is None:
        return None
    if algorithm not in ("auto", "md5", "sha256"):
        raise InputError(f'hash_algorithm wants "auto", "sha256" or "md5", got {algorithm!r}')
    wanted = "md5" if md5_hash and not file_hash else algorithm
    if wanted not in ("auto", algorithm_of(digest)):
        raise InputError(f"{digest!r} is no {wanted} hash: it has {len(digest)} digits")
    return digest


def _folder(cache_dir: str | os.PathLike[str] | None) -> Path:
    folder = keras_home() if cache_dir is None else Path(cache_dir).expanduser()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if os.access(folder, os.W_OK):
        return folder
    # A fixed name under the shared temporary folder could be prepared by somebody else.
    return Path(tempfile.mkdtemp(prefix="myelin-"))
