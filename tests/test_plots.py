"""The contact sheet shows the originals, what was drawn, and the labels."""

import numpy as np
import pytest

import myelin
from myelin import Sequential, layers
from myelin.errors import InputError, ShapeError

pyplot = pytest.importorskip("matplotlib.pyplot")
IMAGES = np.random.default_rng(0).integers(0, 256, size=(3, 8, 6, 3)).astype("uint8")


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def sheet(*args, **kwargs):
    figure = myelin.plots.augmentations(*args, **kwargs)
    figure.canvas.draw()
    axes = figure.axes[0]
    return axes, np.asarray(axes.get_images()[0].get_array())


def cell(picture, row, column, height=8, width=6):
    top, left = row * (height + 2), column * (width + 2)
    return picture[top : top + height, left : left + width]


def test_the_original_comes_first_and_the_draws_after_it():
    axes, picture = sheet(layers.RandomFlip("horizontal"), IMAGES, list("abc"), columns=9, seed=0)
    assert picture.shape == (3 * 10, 9 * 8, 3)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b", "c"]
    drawn = set()
    for row, image in enumerate(IMAGES / 255):
        np.testing.assert_allclose(cell(picture, row, 0), image, atol=1e-6)
        for column in range(1, 9):
            got = cell(picture, row, column)
            mirrored = not np.allclose(got, image)
            drawn.add(mirrored)
            np.testing.assert_allclose(got, image[:, ::-1] if mirrored else image, atol=1e-6)
    assert drawn == {False, True}


@pytest.mark.parametrize(
    "pipeline",
    [
        [layers.RandomFlip("horizontal"), layers.RandomFlip("vertical")],
        Sequential([layers.RandomFlip("horizontal"), layers.RandomFlip("vertical")]),
    ],
    ids=["list", "Sequential"],
)
def test_a_list_and_a_model_draw_the_same_again_with_the_same_seed(pipeline):
    _, one = sheet(pipeline, IMAGES, columns=3, seed=1)
    _, same = sheet(pipeline, IMAGES, columns=3, seed=1)
    _, other = sheet(pipeline, IMAGES, columns=3, seed=2)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_floats_gray_images_and_another_size_are_drawn():
    images = (IMAGES[..., 0] / 255).astype("float32")
    _, picture = sheet(layers.RandomCrop(4, 4), images, columns=2)
    assert picture.shape == (30, 16)
    np.testing.assert_allclose(cell(picture, 0, 0), images[0], atol=1e-6)


@pytest.mark.parametrize(
    ("images", "arguments", "error"),
    [
        (IMAGES[0, 0], {}, ShapeError),
        (IMAGES[:0], {}, ShapeError),
        (np.zeros((2, 4, 4, 2)), {}, ShapeError),
        (IMAGES, {"labels": [1]}, ShapeError),
        (IMAGES, {"columns": 1}, InputError),
    ],
)
def test_what_cannot_be_drawn_is_refused(images, arguments, error):
    with pytest.raises(error, match="augmentations"):
        myelin.plots.augmentations(layers.RandomFlip(), images, **arguments)
