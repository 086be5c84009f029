"""Files from the network: fetched in full or not at all, checked, and safely unpacked."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from myelin.errors import DownloadError, FileFormatError, InputError
from myelin.utils.progress import Progbar

_BLOCK = 1 << 18
_ATTEMPTS = 3
_TIMEOUT = 30.0


def digest_of(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """The hash of a file, in hexadecimal; `algorithm` is "sha256" or "md5"."""
    with open(path, "rb") as file:
        # MD5 is only here because some publishers give nothing else.
        return hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        ).hexdigest()


def algorithm_of(digest: str) -> str:
    """Which hash a hexadecimal `digest` is, by its length.

    Raises:
        InputError: it is neither SHA-256 nor MD5.
    """
    try:
        return {64: "sha256", 32: "md5"}[len(digest)]
    except KeyError:
        raise InputError(
            f"a hash wants 64 (SHA-256) or 32 (MD5) hexadecimal digits, got {digest!r}"
        ) from None


def matches(path: str | os.PathLike[str], digest: str | None) -> bool:
    """Whether the file has this hash; None matches every file."""
    return digest is None or digest_of(path, algorithm_of(digest)) == digest.lower()


def download(url: str, target: Path, digest: str | None = None, verbose: int = 1) -> Path:
    """Fetches `url` into the file `target`, which is there whole and checked, or not at all.

    The bytes gather in `target` with `.part` added. With a digest, a fetch that broke off goes
    on from there the next time (HTTP Range); without one nothing could tell two versions of the
    file apart, so it starts anew. Where two processes want the same file, the second waits, and
    takes what the first has fetched.

    Args:
        url: http, https or file.
        target: where to put it; its folder is made.
        digest: SHA-256 or MD5 in hexadecimal, or None for no check.
        verbose: of the progress bar.

    Raises:
        DownloadError: the file could not be fetched whole, or has another hash.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        before = _version(target)
        with _only_writer(part) as file:
            if digest and _version(target) != before and matches(target, digest):
                part.unlink()
                return target
            resumed = digest is not None and os.path.getsize(part) > 0
            _fetch(url, file, resume=digest is not None, verbose=verbose)
            if resumed and not matches(part, digest):
                # The beginning may come from an older version of the file, or be damaged.
                _fetch(url, file, resume=False, verbose=verbose)
            if not matches(part, digest):
                part.unlink()
                raise DownloadError(f"{url}: the file does not have the hash {digest}")
            os.fsync(file.fileno())
            os.replace(part, target)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, DownloadError):
            raise
        raise DownloadError(f"{url}: {_reason(error)}") from error
    return target


def _version(path: Path) -> tuple[int, int] | None:
    """What changes when a file is replaced; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


@contextlib.contextmanager
def _only_writer(part: Path) -> Iterator[IO[bytes]]:
    """The unfinished file, open at its end; a second process waits until the first is done."""
    try:
        import fcntl
    except ImportError:  # no such lock on Windows
        with open(part, "ab") as file:
            yield file
        return
    while True:
        with open(part, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                if os.path.samestat(os.fstat(file.fileno()), os.stat(part)):
                    yield file
                    return
            except FileNotFoundError:
                # Whoever held the lock has finished, and the name leads to no file now.
                continue


def _fetch(url: str, file: IO[bytes], resume: bool, verbose: int) -> None:
    """Brings the open file to the full length, over at most three connections."""
    if not resume:
        file.truncate(0)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _fetch_rest(url, file, verbose)
            return
        except urllib.error.HTTPError as error:
            if error.code == 416 and file.tell():
                # What is there is as long as the file, or longer: the hash decides.
                if error.headers.get("Content-Range", "").rpartition("/")[2] == str(file.tell()):
                    return
                file.truncate(0)
                continue
            raise
        except (http.client.IncompleteRead, ConnectionError, TimeoutError):
            if attempt == _ATTEMPTS:
                raise
            if not resume:
                file.truncate(0)
    raise DownloadError(f"{url}: the server does not say how long the file is")


def _fetch_rest(url: str, file: IO[bytes], verbose: int) -> None:
    file.flush()
    have = file.seek(0, os.SEEK_END)
    request = urllib.request.Request(url, headers={"User-Agent": "myelin"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
        if have and not _continues(response, have):
            file.truncate(0)
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        bar = Progbar(total, verbose=verbose, unit_name="byte")
        done = have
        try:
            while block := response.read(_BLOCK):
                file.write(block)
                done += len(block)
                bar.update(done, finalize=done == total)
        finally:
            file.flush()
        if total is not None and done < total:
            raise http.client.IncompleteRead(b"", total - done)
        if total is None:
            bar.update(done, finalize=True)


def _continues(response: Any, start: int) -> bool:
    given: str = response.headers.get("Content-Range", "")
    return bool(response.status == 206) and given.startswith(f"bytes {start}-")


def _reason(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return f"the connection ended {error.expected} bytes too early; run again to go on"
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return f"no connection ({error.reason})"
    return str(error) or type(error).__name__


def extract(archive: Path, folder: Path, archive_format: Any = "auto") -> bool:
    """Unpacks a tar or zip file into `folder`, which is there whole or not at all.

    Only files and folders are made, all inside `folder`: a name that leads out of it, a link
    that does, or a device is refused, and nothing is unpacked.

    Args:
        archive: the file.
        folder: where to; what a former call put there is replaced.
        archive_format: "auto", "tar", "zip", a list of these, or None.

    Returns:
        Whether the file was such an archive.

    Raises:
        FileFormatError: the archive is damaged, or holds what would lie outside `folder`.
        InputError: an unknown format.
    """
    formats = {"auto": ["tar", "zip"], None: []}.get(archive_format, archive_format)
    formats = [formats] if isinstance(formats, str) else list(formats)
    if unknown := set(formats) - {"tar", "zip"}:
        raise InputError(f'archive_format wants "auto", "tar" or "zip", got {sorted(unknown)}')
    kinds = {"tar": (tarfile.is_tarfile, _untar), "zip": (zipfile.is_zipfile, _unzip)}
    for kind in formats:
        recognizes, unpack = kinds[kind]
        if not recognizes(archive):
            continue
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking-") as scratch:
            inside = Path(scratch) / "inside"
            inside.mkdir()
            try:
                unpack(archive, inside)
            except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
                raise FileFormatError(f"{archive}: cannot be unpacked: {error}") from error
            if folder.is_dir():
                shutil.rmtree(folder)
            os.replace(inside, folder)
        return True
    return False


def _untar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        # Python's own "data" filter refuses absolute names, "..", links out, and devices.
        tar.extractall(folder, filter="data")


def _unzip(archive: Path, folder: Path) -> None:
    root = folder.resolve()
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            # zipfile would drop the ".." and carry on; a file that tries it is not to be trusted.
            if not (root / name).resolve().is_relative_to(root):
                raise FileFormatError(f"{archive}: {name!r} would lie outside the folder")
        packed.extractall(folder)
