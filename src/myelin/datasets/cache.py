"""Where data files are looked for, and where they are fetched to.

In this order: a file in the folder `MYELIN_DATASETS` is the user's own and is used as it is; a
file in Myelin's own cache `~/.cache/myelin/datasets` or in Keras's (`KERAS_HOME`, or
`~/.keras`, and `datasets` in it) is used if it has the right hash; else it is fetched, into
`MYELIN_DATASETS` if that can be written to, or Myelin's own cache.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from myelin.errors import DownloadError, InputError
from myelin.utils.download import algorithm_of, download, matches
from myelin.utils.files import keras_home

# Where Keras keeps the files of most of its data sets.
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True)
class Source:
    """A file that a data set is made of.

    Attributes:
        name: of the file.
        url: where it is published.
        digest: SHA-256 in hexadecimal, or MD5 where Keras knows no other.
        folder: inside the caches, for names that several data sets have.
        in_keras: the names that Keras gives it in its cache; by default `name`.
    """

    name: str
    url: str
    digest: str
    folder: str = ""
    in_keras: tuple[str, ...] = ()


def users_folder() -> Path | None:
    """`MYELIN_DATASETS`, or None where it is not set."""
    named = os.environ.get("MYELIN_DATASETS")
    return Path(named).expanduser() if named else None


def own_folder() -> Path:
    """The cache that Myelin makes for itself."""
    return Path("~/.cache/myelin/datasets").expanduser()


def users_file(name: str) -> Path | None:
    """The file `name` that the user put into `MYELIN_DATASETS`, or None."""
    folder = users_folder()
    return folder / name if folder is not None and (folder / name).is_file() else None


def named(path: str | os.PathLike[str], source: Source) -> Source:
    """`source` under the file name that a user gave to `load_data(path=…)`.

    Raises:
        InputError: a name with folders in it.
    """
    name = os.fspath(path)
    if not name or os.path.basename(name) != name or name in (".", ".."):
        raise InputError(
            f"path wants a file name without folders, got {name!r}: to use a file from a folder "
            "of your own, set the environment variable MYELIN_DATASETS to that folder"
        )
    return Source(name, source.url, source.digest, source.folder)


def locate(source: Source) -> Path:
    """The file, fetched if it is nowhere on this machine.

    Raises:
        DownloadError: it could not be fetched; says which file to put where.
    """
    inside = os.path.join(source.folder, source.name)
    found = users_file(inside)
    if found is not None:
        return found
    for path in (own_folder() / inside, *_keras_paths(source)):
        if path.is_file() and matches(path, source.digest):
            return path
    folder = users_folder()
    if folder is None or not _writable(folder):
        folder = own_folder()
    print(f"Downloading data from {source.url}", flush=True)
    try:
        return download(source.url, folder / inside, source.digest)
    except DownloadError as error:
        raise DownloadError(f"{error}\n{_advice(source)}") from error


def _keras_paths(source: Source) -> list[Path]:
    folder = keras_home() / "datasets" / source.folder
    return [folder / name for name in source.in_keras or (source.name,)]


def _writable(folder: Path) -> bool:
    """Whether a file can be made there, which is more than what its permissions say."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _advice(source: Source) -> str:
    kind = {"sha256": "SHA-256", "md5": "MD5"}[algorithm_of(source.digest)]
    users = users_folder()
    if users is not None:
        where = f"{users / source.folder}, where it is used as it is"
    else:
        where = (
            f"{own_folder() / source.folder}, or into a folder that the environment variable "
            "MYELIN_DATASETS names" + (f", there inside {source.folder}" if source.folder else "")
        )
    return (
        f"Without a network: fetch that file elsewhere ({kind} {source.digest}) and put it, "
        f"named {source.name}, into {where}."
    )
