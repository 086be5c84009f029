import gzip
import inspect
import json
import os
from pathlib import Path

import numpy as np
import pytest

from myelin import datasets, errors
from tests.datasets import fakes

SHAPES = {
    "digits": ((8, 8), 1797, 10),
    "iris": ((4,), 150, 3),
    "wine": ((13,), 178, 3),
    "breast_cancer": ((30,), 569, 2),
    "diabetes": ((10,), 442, None),
}


@pytest.mark.parametrize("name", datasets.__all__)
def test_every_name_has_a_loader(name):
    loader = getattr(datasets, name).load_data
    assert inspect.getdoc(loader).startswith("Loads ")
    assert name in dir(datasets)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match='Did you mean "mnist"'):
        _ = datasets.minst


@pytest.mark.parametrize("name", SHAPES)
def test_bundled(name):
    shape, count, classes = SHAPES[name]
    load = getattr(datasets, name).load_data
    (x_train, y_train), (x_test, y_test) = load()
    assert x_train.shape == (len(y_train), *shape)
    assert x_test.shape == (len(y_test), *shape)
    assert len(y_train) + len(y_test) == count
    assert len(y_test) == pytest.approx(0.2 * count, abs=1)
    assert x_train.dtype == (np.uint8 if name == "digits" else np.float32)
    assert y_train.dtype == (np.int64 if classes else np.float32)
    for again, first in zip(load(), ((x_train, y_train), (x_test, y_test)), strict=True):
        np.testing.assert_array_equal(again[0], first[0])
        np.testing.assert_array_equal(again[1], first[1])
    assert not np.array_equal(load(seed=1)[0][1], y_train)
    if classes:
        shares = [np.bincount(y, minlength=classes) / len(y) for y in (y_train, y_test)]
        np.testing.assert_allclose(shares[0], shares[1], atol=0.02)


@pytest.mark.parametrize("name", SHAPES)
def test_bundled_has_every_example_once(name):
    from sklearn import datasets as published

    x, y = getattr(published, f"load_{name}")(return_X_y=True)
    for share in (0.0, 0.5):
        (x_train, y_train), (x_test, y_test) = getattr(datasets, name).load_data(share)
        rows = np.concatenate([x_train, x_test]).reshape(len(x), -1)
        labels = np.concatenate([y_train, y_test])
        ours = sorted((*row, label) for row, label in zip(rows.tolist(), labels, strict=True))
        expected = x.astype(np.float32).tolist()
        assert ours == sorted((*row, label) for row, label in zip(expected, y, strict=True))
    assert x_test.shape[1:] == x_train.shape[1:]


@pytest.mark.parametrize("share", [-0.1, 1.0, 2])
@pytest.mark.parametrize("name", ["iris", "boston_housing", "california_housing", "reuters"])
def test_shares_out_of_range(folders, name, share):
    with pytest.raises(errors.InputError, match="test_split"):
        getattr(datasets, name).load_data(test_split=share)


def test_a_share_too_small_for_every_class():
    with pytest.raises(errors.InputError, match="test_split"):
        datasets.digits.load_data(test_split=0.001)


def test_other_wrong_arguments(folders):
    with pytest.raises(errors.InputError, match="label_mode"):
        datasets.cifar100.load_data("rough")
    with pytest.raises(errors.InputError, match="version"):
        datasets.california_housing.load_data("medium")
    fakes.write_imdb(folders.users)
    fakes.write_reuters(folders.users)
    for module in (datasets.imdb, datasets.reuters):
        with pytest.raises(errors.InputError, match="maxlen=1"):
            module.load_data(maxlen=1)


def test_words_written_out(folders):
    array = np.empty(4, dtype=object)
    array[:] = [[1, 2, 3], [4], [5, 6], [7]]
    np.savez(folders.users / "reuters.npz", x=array, y=np.arange(4))
    (x_train, y_train), (x_test, y_test) = datasets.reuters.load_data(
        num_words=8, skip_top=5, test_split=0.25
    )
    known = {0: [1, 4, 5, 6], 1: [1, 7], 2: [1, 8, 9], 3: [1, 10]}
    for text, label in zip([*x_train, *x_test], [*y_train, *y_test], strict=True):
        assert text == [word if 5 <= word < 8 else 2 for word in known[label]]
    assert len(x_test) == 1


@pytest.mark.parametrize(
    ("name", "shape"),
    [("cifar10", (32, 32, 3)), ("cifar100", (32, 32, 3)), ("fashion_mnist", (28, 28))],
)
def test_an_npz_of_the_users_takes_the_place_of_the_archive(folders, name, shape):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(256, size=(6, *shape), dtype=np.uint8), "y_train": np.arange(6),
        "x_test": rng.integers(256, size=(2, *shape), dtype=np.uint8), "y_test": np.arange(2),
    }  # fmt: skip
    np.savez(folders.users / f"{name}.npz", **arrays)
    (x_train, y_train), (x_test, y_test) = getattr(datasets, name).load_data()
    np.testing.assert_array_equal(x_train, arrays["x_train"])
    np.testing.assert_array_equal(x_test, arrays["x_test"])
    np.testing.assert_array_equal(y_train.ravel(), np.arange(6))
    assert y_test.ndim == (2 if name.startswith("cifar") else 1)


def test_cifar_of_another_shape(folders):
    np.savez(
        folders.users / "cifar10.npz",
        x_train=np.zeros((2, 3, 32, 32)), y_train=[0, 1], x_test=np.zeros((1, 3)), y_test=[0],
    )  # fmt: skip
    with pytest.raises(errors.FileFormatError, match="32, 32, 3"):
        datasets.cifar10.load_data()


def test_cifar_archive(folders):
    (folders.users / "cifar-10-python.tar.gz").write_bytes(fakes.cifar10_archive(4))
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert x_train.shape == (20, 32, 32, 3)
    assert (y_train.shape, y_test.shape) == ((20, 1), (4, 1))
    assert {x_train.dtype, y_train.dtype, x_test.dtype, y_test.dtype} == {np.dtype("uint8")}
    first = np.random.default_rng(0).integers(256, size=(4, 3072), dtype=np.uint8)
    np.testing.assert_array_equal(x_train[1, :, :, 2].ravel(), first[1, 2048:])


def wrong_archives():
    good = fakes.cifar100_archive()
    yield "cut", good[: len(good) // 2], "damaged"
    yield "text", b"text", "damaged"
    yield "another", fakes.cifar10_archive(1), "holds no cifar-100-python/test"
    counts = {"train": 3, "test": 2}
    yield "no labels", fakes.cifar_archive("cifar-100-python", counts, {"x": 2}), "no batch"


@pytest.mark.parametrize(
    ("archive", "says"), [pytest.param(a, s, id=i) for i, a, s in wrong_archives()]
)
def test_wrong_archives(folders, archive, says):
    (folders.users / "cifar-100-python.tar.gz").write_bytes(archive)
    with pytest.raises(errors.FileFormatError, match=says):
        datasets.cifar100.load_data()


def spoil(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def test_damaged_files_of_the_user(folders):
    users = folders.users
    fakes.write_mnist(users)
    fakes.write_imdb(users)
    fakes.write_reuters(users)
    fakes.write_fashion_mnist(users)
    fakes.write_housing(users, "boston_housing.npz", 13, "float64")
    fakes.write_housing(users, "california_housing.npz", 8, "float32")
    for path in users.rglob("*.*"):
        spoil(path)
    for name in ("mnist", "imdb", "reuters", "fashion_mnist", "boston_housing",
                 "california_housing"):  # fmt: skip
        with pytest.raises(errors.FileFormatError, match=str(users)):
            getattr(datasets, name).load_data()
    for module in (datasets.imdb, datasets.reuters):
        with pytest.raises(errors.FileFormatError, match="word_index"):
            module.get_word_index()
    (users / "imdb_word_index.json").write_text(json.dumps([1, 2]))
    with pytest.raises(errors.FileFormatError, match="dictionary"):
        datasets.imdb.get_word_index()


def test_labels_that_do_not_match_the_images(folders):
    np.savez(
        folders.users / "mnist.npz",
        x_train=np.zeros((3, 28, 28)), y_train=[1, 2], x_test=np.zeros((1, 28, 28)), y_test=[1],
    )  # fmt: skip
    with pytest.raises(errors.FileFormatError, match="one label for each"):
        datasets.mnist.load_data()
    fakes.write_fashion_mnist(folders.users)
    images = folders.users / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    labels = folders.users / "fashion-mnist" / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(images.read_bytes())
    with pytest.raises(errors.FileFormatError, match="IDX file of bytes with 1 axes"):
        datasets.fashion_mnist.load_data()
    images.write_bytes(gzip.compress(gzip.decompress(images.read_bytes())[:-5]))
    with pytest.raises(errors.FileFormatError, match="damaged"):
        datasets.fashion_mnist.load_data()


def _real(name):
    folder = os.environ.get("MYELIN_DATASETS")
    return bool(folder) and (Path(folder) / name).is_file()


@pytest.mark.dataset
@pytest.mark.skipif(not _real("mnist.npz"), reason="no mnist.npz in MYELIN_DATASETS")
def test_the_real_mnist():
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    assert (x_train.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert {x_train.dtype, y_train.dtype, x_test.dtype, y_test.dtype} == {np.dtype("uint8")}
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(y_test).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


@pytest.mark.dataset
@pytest.mark.skipif(not _real("cifar10.npz"), reason="no cifar10.npz in MYELIN_DATASETS")
def test_the_real_cifar10():
    (x_train, y_train), (_, y_test) = datasets.cifar10.load_data()
    assert x_train.shape == (len(y_train), 32, 32, 3)
    assert y_train[:5].tolist() == [[6], [9], [9], [4], [1]]
    assert y_test[:5].tolist() == [[3], [8], [8], [0], [6]]
    assert set(np.unique(y_train)) == set(range(10))
