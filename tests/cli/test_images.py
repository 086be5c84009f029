"""Networks for images: convolutions, unless dense layers are asked for, and `--augment`."""

import json

import numpy as np
import pytest

import myelin
from myelin.cli import augmentation, networks
from myelin.cli.data.rows import Rows
from myelin.cli.data.targets import Target
from myelin.cli.preparation import Preparation, learn
from tests.cli.conftest import QUICK, write_images
from tests.cli.test_train import options

PHOTOS = Preparation("images", Target(("cat", "dog")), (16, 24, 3))
DIGITS = Preparation("arrays", Target(tuple("0123456789")), (8, 8, 1))


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(
    ("array", "shape", "images"),
    [
        (np.zeros((3, 8, 9), np.uint8), (8, 9, 1), True),
        (np.zeros((3, 28, 28, 1), np.float32), (28, 28, 1), True),
        (np.zeros((3, 32, 32, 3), np.uint8), (32, 32, 3), True),
        (np.zeros((3, 8, 9), np.float32), (8, 9), False),
        (np.full((3, 8, 9), -1), (8, 9), False),
        (np.zeros((3, 7, 9), np.uint8), (7, 9), False),
        (np.zeros((3, 3, 32, 32), np.uint8), (3, 32, 32), False),
        (np.zeros((3, 16), np.uint8), (16,), False),
    ],
)
def test_what_is_taken_for_images(array, shape, images):
    prepared, _ = learn(Rows(array), "arrays", Target(None), None)
    assert (prepared.input_shape, prepared.shows_images) == (shape, images)
    assert prepared.inputs(Rows(array), "arrays")[0].shape == (3, *shape)


@pytest.mark.parametrize(
    ("shape", "widths"),
    [((8, 8, 1), [32, 64]), ((28, 28, 1), [32, 64]), ((32, 32, 3), [32, 64, 128]),
     ((64, 48, 3), [32, 64, 128]), ((224, 224, 3), [32, 64, 128, 256, 256])],
)  # fmt: skip
def test_larger_images_get_more_convolutions(shape, widths):
    assert networks.widths(Preparation("images", Target(None), shape)) == widths


def test_convolutions_for_images_and_dense_layers_when_asked():
    x = np.random.default_rng(0).integers(0, 256, (4, 16, 24, 3)).astype(np.uint8)
    model = networks.make_network(x, PHOTOS, options(hidden=None, l2=0.1))
    assert kinds(model).count("Conv2D") == 2
    assert model.layers[1].kernel_regularizer is not None
    outputs = model.predict(x, verbose=0)
    np.testing.assert_allclose(outputs.sum(-1), 1, rtol=1e-5)
    dense = networks.make_network(x, PHOTOS, options(hidden=(8,)))
    assert kinds(dense) == ["Rescaling", "Flatten", "Dense", "Dense"]


@pytest.mark.parametrize(
    ("level", "prepared", "wanted"),
    [
        ("off", PHOTOS, []),
        ("light", DIGITS, ["Translation", "Rotation", "Zoom"]),
        ("light", PHOTOS, ["Flip", "Translation", "Rotation", "Zoom"]),
        ("strong", DIGITS, ["Translation", "Rotation", "Zoom", "Brightness", "Contrast",
                            "Erasing"]),
        ("strong", PHOTOS, ["Flip", "Translation", "Rotation", "Zoom", "Brightness", "Contrast",
                            "Saturation", "Hue", "Erasing"]),
    ],
)  # fmt: skip
def test_what_each_level_does(level, prepared, wanted):
    made = augmentation.augmentation(level, prepared, (0.0, 1.0))
    assert [type(layer).__name__ for layer in made] == [f"Random{name}" for name in wanted]
    if level != "off":
        assert ("not flipped" in augmentation.described(level, prepared)) == (prepared is DIGITS)


def test_augmentation_acts_in_training_alone_and_keeps_the_range():
    x = np.random.default_rng(0).uniform(0, 1, (8, 16, 24, 3)).astype(np.float32)
    for layer in augmentation.augmentation("strong", PHOTOS, (0.0, 1.0)):
        np.testing.assert_array_equal(layer(x, training=False), x)
        changed = np.asarray(layer(x, training=True))
        assert changed.shape == x.shape
        assert changed.min() >= -1e-6
        assert changed.max() <= 1 + 1e-6
        assert np.abs(changed - x).max() > 1e-3, layer.name


def test_augment_from_the_command(command, tmp_path):
    write_images(tmp_path / "pictures", n=20, mode="RGB")
    ended = command(
        "train", "pictures", "--augment", "strong", "--batch-size", 4, "--epochs", 4, "-o", "out",
        *QUICK,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "Network: convolutions 32-64, dense 2" in ended.out
    assert "Augmentation, in training only: flipped, shifted, turned" in ended.out
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["options"]["augment"] == (
        "strong"
    )
    model = myelin.load_model(tmp_path / "out" / "model.myelin")
    assert "RandomErasing" in kinds(model)
    once, twice = (command("predict", "out", "pictures").out for _ in range(2))
    assert once == twice
    assert once.count("\n") == 41


def test_augment_for_images_alone(fails):
    assert "--augment is for images, and iris has none" in fails(
        "train", "iris", "--augment", "light"
    )
    assert 'Did you mean "light"' in fails("train", "digits", "--augment", "ligth")
