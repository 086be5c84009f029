"""Small files in the formats of the published ones."""

import gzip
import io
import json
import pickle
import tarfile

import numpy as np

WORDS = 60


def texts(rng, count):
    made = [rng.integers(1, WORDS, size=rng.integers(1, 20)).tolist() for _ in range(count)]
    array = np.empty(count, dtype=object)
    array[:] = made
    return array


def write_mnist(folder):
    rng = np.random.default_rng(0)
    np.savez(
        folder / "mnist.npz",
        x_train=rng.integers(256, size=(30, 28, 28), dtype=np.uint8),
        y_train=rng.integers(10, size=30, dtype=np.uint8),
        x_test=rng.integers(256, size=(8, 28, 28), dtype=np.uint8),
        y_test=rng.integers(10, size=8, dtype=np.uint8),
    )


def write_housing(folder, name, features, dtype):
    rng = np.random.default_rng(0)
    np.savez(
        folder / name,
        x=rng.normal(size=(1000, features)).astype(dtype),
        y=rng.normal(size=1000).astype(dtype),
    )


def write_imdb(folder):
    rng = np.random.default_rng(0)
    np.savez(
        folder / "imdb.npz",
        x_train=texts(rng, 40), y_train=rng.integers(2, size=40),
        x_test=texts(rng, 30), y_test=rng.integers(2, size=30),
    )  # fmt: skip
    index = {f"word{n}": n for n in range(1, WORDS)} | {"élan": WORDS}
    (folder / "imdb_word_index.json").write_text(json.dumps(index))


def write_reuters(folder):
    rng = np.random.default_rng(0)
    np.savez(folder / "reuters.npz", x=texts(rng, 57), y=rng.integers(46, size=57))
    (folder / "reuters_word_index.json").write_text(json.dumps({"the": 1, "of": 2}))


def write_fashion_mnist(folder):
    rng = np.random.default_rng(0)
    (folder / "fashion-mnist").mkdir(parents=True, exist_ok=True)
    for stem, count in (("train", 30), ("t10k", 8)):
        for kind, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
            data = rng.integers(10, size=shape, dtype=np.uint8).tobytes()
            path = folder / "fashion-mnist" / f"{stem}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(header + data))


def cifar_archive(folder, counts, labels):
    """The archive with pickles as Python 2 wrote them: the keys are bytes.

    Args:
        folder: the one in the archive.
        counts: batch to how many images it has.
        labels: name of the labels to how many classes there are.
    """
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, count in counts.items():
            batch = {b"data": rng.integers(256, size=(count, 3072), dtype=np.uint8)}
            for key, classes in labels.items():
                batch[key.encode()] = rng.integers(classes, size=count).tolist()
            data = pickle.dumps(batch, protocol=4)
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def cifar10_archive(count=6):
    batches = {f"data_batch_{number}": count for number in range(1, 6)} | {"test_batch": count}
    return cifar_archive("cifar-10-batches-py", batches, {"labels": 10})


def cifar100_archive():
    labels = {"fine_labels": 100, "coarse_labels": 20}
    return cifar_archive("cifar-100-python", {"train": 30, "test": 8}, labels)
