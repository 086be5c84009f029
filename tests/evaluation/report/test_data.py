import base64
import io

import numpy as np
import pytest
from PIL import Image

from myelin.evaluation.report import data

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (
            np.zeros((5, 28, 28), np.uint8),
            "images of 28 × 28 pixels, gray; uint8, values from 0 to 0",
        ),
        (np.ones((5, 32, 48, 3), np.float32), "images of 48 × 32 pixels, coloured; float32"),
        (np.zeros((5, 4)), "4 features an example; float64"),
        (np.zeros(5), "1 feature an example"),
        (np.zeros((5, 7, 3)), "arrays of 7 × 3 an example"),
        ([[1.0, 2.0], [3.0, -4.5]], "2 features an example; float64, values from −4.5 to 3"),
    ],
)
def test_inputs_in_words(x, words):
    ((name, said),) = data.describe(x)
    assert name == "Inputs"
    assert said.startswith(words)


def test_trees_have_a_line_each():
    tree = {"left": np.zeros((3, 2)), "right": np.zeros((3, 4))}
    assert [name for name, _ in data.describe(tree)] == ["left", "right"]
    assert len(data.describe([np.zeros((3, 2)), np.zeros((3, 4))])) == 2
    assert data.as_table(tree).shape == (3, 6)
    assert data.take(tree, np.array([True, False, True]))["right"].shape == (2, 4)


def decoded(address):
    head, _, body = address.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(body))))


@pytest.mark.parametrize(
    ("x", "scale"),
    [
        (RNG.integers(0, 256, (6, 9, 12)).astype(np.uint8), 1.0),
        (RNG.integers(0, 256, (6, 9, 12, 3)).astype(np.float32), 1.0),
        (RNG.random((6, 9, 12, 1)), 255.0),
    ],
)
def test_pictures_keep_their_pixels(x, scale):
    x.reshape(-1)[:2] = (0, 255 / scale)
    for row, address in zip((4, 0), data.pictures(x, [4, 0]), strict=True):
        expected = np.rint(np.asarray(x[row], np.float64).squeeze() * scale)
        np.testing.assert_array_equal(decoded(address), expected)


def test_other_ranges_are_stretched_and_large_pictures_shrunk():
    x = RNG.normal(size=(3, 200, 300, 3))
    image = decoded(data.pictures(x, [1])[0])
    assert image.shape == (64, 96, 3)
    digits = RNG.integers(0, 17, (4, 8, 8, 1))
    digits[0, 0, 0] = 16
    assert decoded(data.pictures(digits, [0])[0]).max() == 255


def test_tables_have_no_pictures():
    assert data.pictures(np.zeros((4, 3)), [0, 1]) == [None, None]
    assert data.pictures(None, [0]) == [None]
