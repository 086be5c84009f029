"""Each loader against Keras's own, on one made-up file that both are given."""

import hashlib
import itertools
import tarfile

import numpy as np
import pytest

from myelin import datasets
from tests.datasets import fakes

keras = pytest.importorskip("keras")


@pytest.fixture
def given(folders, monkeypatch):
    """Makes Keras take the file it finds in its cache, whatever its hash.

    Myelin finds the same file in the folder of the user.
    """
    monkeypatch.setenv("MYELIN_DATASETS", str(folders.keras))
    monkeypatch.setattr("keras.src.utils.file_utils.validate_file", lambda *_, **__: True)
    monkeypatch.setattr(
        "keras.src.utils.file_utils.config.keras_home", lambda: str(folders.keras.parent)
    )
    return folders.keras


def check_same(ours, theirs):
    for mine, its in zip(ours, theirs, strict=True):
        for a, b in zip(mine, its, strict=True):
            assert isinstance(a, np.ndarray)
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            assert a.tolist() == b.tolist()


def test_mnist(given):
    fakes.write_mnist(given)
    check_same(datasets.mnist.load_data(), keras.datasets.mnist.load_data())
    (given / "mnist.npz").rename(given / "other.npz")
    check_same(datasets.mnist.load_data("other.npz"), keras.datasets.mnist.load_data("other.npz"))


def test_fashion_mnist(given):
    fakes.write_fashion_mnist(given)
    check_same(datasets.fashion_mnist.load_data(), keras.datasets.fashion_mnist.load_data())


def test_cifar10(given):
    """Keras's loader wants 10,000 images a batch; this goes by what it reads each batch with."""
    from keras.src.datasets.cifar import load_batch

    archive = given / "cifar-10-python.tar.gz"
    archive.write_bytes(fakes.cifar10_archive())
    with tarfile.open(archive) as packed:
        packed.extractall(given, filter="data")
    folder = given / "cifar-10-batches-py"
    train = [load_batch(folder / f"data_batch_{number}") for number in range(1, 6)]
    x_test, y_test = load_batch(folder / "test_batch")
    x_train = np.concatenate([x for x, _ in train])
    y_train = np.concatenate([y for _, y in train])
    expected = [
        (x.transpose(0, 2, 3, 1), np.array(y, dtype=np.uint8)[:, None])
        for x, y in ((x_train, y_train), (x_test, y_test))
    ]
    check_same(datasets.cifar10.load_data(), expected)


@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100(given, label_mode):
    archive = fakes.cifar100_archive()
    (given / "cifar-100-python.tar.gz").write_bytes(archive)
    (given / "cifar-100-python-target_archive").write_bytes(archive)
    check_same(
        datasets.cifar100.load_data(label_mode), keras.datasets.cifar100.load_data(label_mode)
    )


SPLITS = list(itertools.product([0.2, 0.0, 0.33], [113, 7]))


@pytest.mark.parametrize(("test_split", "seed"), SPLITS)
def test_boston_housing(given, test_split, seed):
    fakes.write_housing(given, "boston_housing.npz", 13, "float64")
    arguments = {"test_split": test_split, "seed": seed}
    check_same(
        datasets.boston_housing.load_data(**arguments),
        keras.datasets.boston_housing.load_data(**arguments),
    )


@pytest.mark.parametrize("version", ["large", "small"])
@pytest.mark.parametrize(("test_split", "seed"), SPLITS)
def test_california_housing(given, version, test_split, seed):
    fakes.write_housing(given, "california_housing.npz", 8, "float32")
    arguments = {"version": version, "test_split": test_split, "seed": seed}
    check_same(
        datasets.california_housing.load_data(**arguments),
        keras.datasets.california_housing.load_data(**arguments),
    )


TEXT_ARGUMENTS = [
    {}, {"num_words": 30}, {"num_words": 30, "skip_top": 10}, {"maxlen": 10},
    {"maxlen": 10, "start_char": None}, {"start_char": None, "index_from": 0},
    {"start_char": None, "index_from": None}, {"start_char": 5, "index_from": 9},
    {"num_words": 20, "oov_char": None}, {"num_words": 20, "oov_char": 7, "seed": 3},
    {"skip_top": 100},
]  # fmt: skip


@pytest.mark.parametrize("arguments", TEXT_ARGUMENTS, ids=str)
def test_imdb(given, arguments):
    fakes.write_imdb(given)
    check_same(datasets.imdb.load_data(**arguments), keras.datasets.imdb.load_data(**arguments))


@pytest.mark.parametrize("arguments", [*TEXT_ARGUMENTS, {"test_split": 0.5}], ids=str)
def test_reuters(given, arguments):
    fakes.write_reuters(given)
    check_same(
        datasets.reuters.load_data(**arguments), keras.datasets.reuters.load_data(**arguments)
    )


def test_words(given):
    fakes.write_imdb(given)
    fakes.write_reuters(given)
    for name in ("imdb", "reuters"):
        ours, theirs = getattr(datasets, name), getattr(keras.datasets, name)
        assert ours.get_word_index() == theirs.get_word_index()
    assert datasets.reuters.get_label_names() == keras.datasets.reuters.get_label_names()


def test_files_urls_and_hashes_are_kerass(monkeypatch):
    """What Keras asks `get_file` for is what the sources say."""
    from myelin.datasets import cache, cifar10, cifar100

    asked = {}

    def get_file(fname=None, origin=None, file_hash=None, **_):
        asked[origin] = file_hash
        raise InterruptedError

    names = ("boston_housing", "california_housing", "cifar10", "cifar100", "imdb", "mnist",
             "reuters")  # fmt: skip
    for name in names:
        module = getattr(keras.datasets, name)
        inside = __import__(f"keras.src.datasets.{name}", fromlist=["get_file"])
        monkeypatch.setattr(inside, "get_file", get_file)
        for function in ("load_data", "get_word_index"):
            if hasattr(module, function):
                with pytest.raises(InterruptedError):
                    getattr(module, function)()
    sources = [cifar10.SOURCE, cifar100.SOURCE]
    for name in set(names) - {"cifar10", "cifar100"}:
        module = getattr(datasets, name)
        sources += [getattr(module, n) for n in ("SOURCE", "WORD_INDEX") if hasattr(module, n)]
    assert {source.url: source.digest for source in sources} == asked
    assert all(isinstance(source, cache.Source) for source in sources)


def test_a_file_that_keras_fetched_is_found(folders, monkeypatch):
    """Keras puts the archive where Myelin looks for it."""
    archive = fakes.cifar100_archive()
    published = folders.users / "published.tar.gz"
    published.write_bytes(archive)
    digest = hashlib.sha256(archive).hexdigest()
    keras.utils.get_file(
        fname="cifar-100-python-target", origin=published.as_uri(), extract=True,
        file_hash=digest, cache_dir=str(folders.keras.parent),
    )  # fmt: skip
    known = datasets.cifar100.SOURCE
    monkeypatch.setattr(
        datasets.cifar100,
        "SOURCE",
        type(known)(known.name, "http://127.0.0.1:9/", digest, in_keras=known.in_keras),
    )
    (x_train, _), (x_test, _) = datasets.cifar100.load_data()
    assert (len(x_train), len(x_test)) == (30, 8)
