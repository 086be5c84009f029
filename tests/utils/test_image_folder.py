import os

import numpy as np
import pytest

from myelin import errors
from myelin.utils import Dataset, image_dataset_from_directory, img_to_array, load_img, save_img


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten images of two classes, one of them in a folder inside, and files that are no images."""
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    names = [f"cats/{n}.png" for n in range(4)] + [f"dogs/{n}.PNG" for n in range(5)]
    for name in [*names, "dogs/more/9.png"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with open(root / name, "wb") as file:
            save_img(file, rng.integers(256, size=(6, 8, 3)), file_format="png", scale=False)
    (root / "cats" / "notes.txt").write_text("no image")
    (root / ".hidden").mkdir()
    return root


def read(folder, **arguments):
    settings = {"image_size": (6, 8), "seed": 1, "verbose": False, "batch_size": 4}
    return image_dataset_from_directory(folder, **(settings | arguments))


def test_batches(folder, capsys):
    dataset = read(folder, shuffle=False, verbose=True)
    assert capsys.readouterr().out == "Found 10 files belonging to 2 classes.\n"
    assert isinstance(dataset, Dataset)
    assert len(dataset) == 3
    assert dataset.class_names == ["cats", "dogs"]
    assert [os.path.relpath(path, folder) for path in dataset.file_paths[3:5]] == [
        "cats/3.png",
        "dogs/0.PNG",
    ]
    batches = list(dataset)
    assert [x.shape for x, _ in batches] == [(4, 6, 8, 3), (4, 6, 8, 3), (2, 6, 8, 3)]
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    assert (x.dtype, y.dtype) == (np.float32, np.int32)
    np.testing.assert_array_equal(y, [0] * 4 + [1] * 6)
    for image, path in zip(x, dataset.file_paths, strict=True):
        np.testing.assert_array_equal(image, img_to_array(load_img(path)))
    assert len(list(dataset.take(2))) == 2


def test_label_modes(folder):
    assert next(iter(read(folder, label_mode="binary")))[1].shape == (4, 1)
    assert next(iter(read(folder, label_mode="binary")))[1].dtype == np.float32
    x, y = list(read(folder, label_mode="categorical", shuffle=False))[1]
    np.testing.assert_array_equal(y, [[0, 1]] * 4)
    assert y.dtype == np.float32
    for without in (read(folder, label_mode=None), read(folder, labels=None)):
        assert next(iter(without)).shape == (4, 6, 8, 3)
    x, y = list(read(folder, labels=list(range(10)), shuffle=False))[2]
    np.testing.assert_array_equal(y, [8, 9])
    assert next(iter(read(folder, class_names=["dogs", "cats"], shuffle=False)))[1][0] == 0
    x, y = list(read(folder, batch_size=None, shuffle=False))[9]
    assert (x.shape, y) == ((6, 8, 3), 1)


def order(dataset):
    return np.concatenate([x for x, _ in dataset])[:, 0, 0, 0].tolist()


def test_shuffles_anew_in_each_epoch_and_repeats_with_the_seed(folder):
    dataset = read(folder)
    epochs = [order(dataset) for _ in range(4)]
    assert sorted(epochs[0]) == sorted(epochs[1])
    assert len(set(map(tuple, epochs))) == 4
    again = read(folder)
    assert [order(again) for _ in range(4)] == epochs
    assert order(read(folder, seed=2)) != epochs[0]


def test_labels_stay_with_their_images(folder):
    sorted_ = read(folder, shuffle=False, batch_size=10)
    known = {image.tobytes(): label for image, label in zip(*next(iter(sorted_)), strict=True)}
    for x, y in read(folder):
        assert [known[image.tobytes()] for image in x] == y.tolist()


def test_split(folder):
    train, validation = read(folder, validation_split=0.3, subset="both")
    assert (len(train.file_paths), len(validation.file_paths)) == (7, 3)
    assert not set(train.file_paths) & set(validation.file_paths)
    alone = read(folder, validation_split=0.3, subset="validation")
    assert alone.file_paths == validation.file_paths
    assert order(validation) == order(validation)
    assert order(train) != order(train)


def test_sizes_and_colours(folder):
    assert next(iter(read(folder, color_mode="grayscale")))[0].shape == (4, 6, 8, 1)
    assert next(iter(read(folder, color_mode="rgba")))[0].shape == (4, 6, 8, 4)
    assert next(iter(read(folder, image_size=5)))[0].shape == (4, 5, 5, 3)
    assert next(iter(read(folder, data_format="channels_first")))[0].shape == (4, 3, 6, 8)
    padded = next(iter(read(folder, image_size=(8, 8), pad_to_aspect_ratio=True)))[0]
    assert not padded[:, [0, -1]].any()
    assert padded[:, 1:-1].any()


@pytest.mark.parametrize(
    "arguments",
    [
        {"shuffle": False},
        {"shuffle": False, "image_size": (9, 5), "color_mode": "rgba"},
        {"shuffle": False, "image_size": (9, 5), "crop_to_aspect_ratio": True},
        {"shuffle": False, "image_size": (9, 5), "pad_to_aspect_ratio": True},
        {"shuffle": False, "label_mode": "categorical"},
        {"shuffle": False, "label_mode": "binary", "batch_size": None},
        {"shuffle": False, "labels": list(range(10))},
        {"shuffle": False, "label_mode": None},
        {"validation_split": 0.3, "subset": "validation"},
        {"validation_split": 0.3, "subset": "training"},
    ],
    ids=str,
)
def test_is_kerass(keras, folder, arguments, capsys):
    pytest.importorskip("tensorflow")
    keras.utils.enable_interactive_logging()
    ours = read(folder, verbose=True, **arguments)
    said = capsys.readouterr().out
    settings = {"image_size": (6, 8), "seed": 1, "batch_size": 4} | arguments
    theirs = keras.utils.image_dataset_from_directory(str(folder), **settings)
    assert capsys.readouterr().out == said
    assert ours.file_paths == list(theirs.file_paths)
    assert ours.class_names == theirs.class_names
    assert len(ours) == len(theirs)
    if arguments.get("shuffle", True):
        return  # the files are the same, in another order
    for mine, its in zip(ours, theirs, strict=True):
        mine, its = (item if isinstance(item, tuple) else (item,) for item in (mine, its))
        for a, b in zip(mine, its, strict=True):
            assert np.asarray(a).dtype == b.numpy().dtype
            np.testing.assert_allclose(a, b.numpy(), atol=1e-2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"label_mode": "many"}, "label_mode"),
        ({"color_mode": "bgr"}, "color_mode"),
        ({"interpolation": "cubic"}, "interpolation"),
        ({"format": "torch"}, "format"),
        ({"data_format": "NHWC"}, "data_format"),
        ({"image_size": (6, 8, 3)}, "image_size"),
        ({"labels": "folders"}, "labels"),
        ({"labels": [1, 2]}, "holds 10 images"),
        ({"labels": None, "class_names": ["cats"]}, "class_names"),
        ({"class_names": ["cows"]}, "cows"),
        ({"class_names": ["cats"], "label_mode": "binary"}, "2 classes"),
        ({"validation_split": 0.5}, "go together"),
        ({"subset": "training"}, "go together"),
        ({"validation_split": 1.5, "subset": "training"}, "validation_split"),
        ({"validation_split": 0.5, "subset": "test"}, "subset"),
        ({"validation_split": 0.5, "subset": "both", "seed": None}, "seed"),
        ({"validation_split": 0.01, "subset": "both"}, "no validation images"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "not both"),
    ],
    ids=str,
)
def test_wrong_arguments(folder, arguments, says):
    with pytest.raises(errors.InputError, match=says):
        read(folder, **arguments)


def test_wrong_folders(folder, tmp_path):
    with pytest.raises(errors.InputError, match="no such folder"):
        read(tmp_path / "none")
    with pytest.raises(errors.InputError, match="no images"):
        read(tmp_path)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "bad.png").write_bytes(b"text")
    with pytest.raises(errors.FileFormatError, match=r"bad\.png"):
        next(iter(read(tmp_path)))
