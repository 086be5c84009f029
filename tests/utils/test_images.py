import io
import pathlib

import numpy as np
import pytest

from myelin import errors
from myelin.utils import array_to_img, img_to_array, load_img, save_img
from myelin.utils.resizing import crop_to, pad_to, resize

RNG = np.random.default_rng(0)
PIXELS = {
    "rgb": RNG.integers(256, size=(6, 9, 3), dtype=np.uint8),
    "rgba": RNG.integers(256, size=(6, 9, 4), dtype=np.uint8),
    "grayscale": RNG.integers(256, size=(6, 9, 1), dtype=np.uint8),
}


@pytest.mark.parametrize("mode", PIXELS)
def test_to_a_file_and_back(tmp_path, mode):
    path = tmp_path / "a.png"
    save_img(path, PIXELS[mode], scale=False)
    for source in (path, str(path), str(path).encode(), io.BytesIO(path.read_bytes())):
        array = img_to_array(load_img(source, color_mode=mode))
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, PIXELS[mode])
    first = img_to_array(load_img(path, mode), data_format="channels_first", dtype="uint8")
    np.testing.assert_array_equal(first, np.moveaxis(PIXELS[mode], -1, 0))
    again = img_to_array(array_to_img(first, data_format="channels_first", scale=False))
    np.testing.assert_array_equal(again, PIXELS[mode])


@pytest.mark.parametrize("stored", PIXELS)
@pytest.mark.parametrize("wanted", PIXELS)
@pytest.mark.parametrize("size", [None, (6, 9), (4, 5), (12, 3)])
@pytest.mark.parametrize("keep", [False, True])
def test_load_img_is_kerass(keras, tmp_path, stored, wanted, size, keep):
    path = tmp_path / "a.png"
    save_img(path, PIXELS[stored], scale=False)
    for interpolation in ("nearest", "bilinear", "lanczos"):
        arguments = (wanted, size, interpolation, keep)
        ours = load_img(path, *arguments)
        theirs = keras.utils.load_img(path, *arguments)
        assert ours.mode == theirs.mode
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
        np.testing.assert_array_equal(img_to_array(ours), keras.utils.img_to_array(theirs))


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("top", [0.0, 1.0, 200.0, 1000.0])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_array_to_img_is_kerass(keras, channels, scale, top):
    x = RNG.uniform(0, top, size=(5, 4, channels))
    if channels > 1 and not scale:
        x = np.minimum(x, 255)
    ours, theirs = array_to_img(x, scale=scale), keras.utils.array_to_img(x, scale=scale)
    assert ours.mode == theirs.mode
    # The scaling multiplies in another order: the last bit may fall to the other side.
    difference = np.asarray(ours).astype(int) - np.asarray(theirs).astype(int)
    assert np.abs(difference).max() <= (1 if scale else 0)


def test_jpeg_has_no_transparency(tmp_path):
    with pytest.warns(UserWarning, match="transparency"):
        save_img(tmp_path / "a.jpg", PIXELS["rgba"])
    assert load_img(tmp_path / "a.jpg").size == (9, 6)
    buffer = io.BytesIO()
    save_img(buffer, PIXELS["rgb"], file_format="jpg")
    assert buffer.getvalue()[:2] == b"\xff\xd8"


def test_wrong_input(tmp_path):
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(errors.FileFormatError, match=r"a\.png"):
        load_img(tmp_path / "a.png")
    save_img(tmp_path / "b.png", RNG.integers(256, size=(60, 90, 3)))
    whole = (tmp_path / "b.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(errors.FileFormatError, match=r"b\.png"):
        load_img(tmp_path / "b.png")
    with pytest.raises(FileNotFoundError):
        load_img(tmp_path / "none.png")
    with pytest.raises(TypeError, match="path"):
        load_img(3)
    save_img(tmp_path / "c.png", PIXELS["rgb"])
    with pytest.raises(errors.InputError, match="color_mode"):
        load_img(tmp_path / "c.png", color_mode="cmyk")
    with pytest.raises(errors.InputError, match="interpolation"):
        load_img(tmp_path / "c.png", target_size=(2, 2), interpolation="cubic")
    for wrong in (np.zeros((2, 2)), np.zeros((2, 2, 2))):
        with pytest.raises(errors.ShapeError):
            array_to_img(wrong)
    with pytest.raises(errors.ShapeError):
        img_to_array(np.zeros((1, 2, 2, 3)))
    with pytest.raises(errors.InputError, match="data_format"):
        img_to_array(np.zeros((2, 2, 3)), data_format="NHWC")
    assert not pathlib.Path(tmp_path / "none.png").exists()


SIZES = [(6, 9), (3, 3), (12, 20), (7, 4), (1, 1), (11, 9)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "interpolation",
    ["nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian",
     "mitchellcubic"],
)  # fmt: skip
def test_resize_is_tensorflows(size, interpolation):
    tf = pytest.importorskip("tensorflow")
    image = PIXELS["rgb"].astype("float32")
    theirs = tf.image.resize(image, size, method=interpolation).numpy()
    ours = resize(image, size, interpolation)
    assert ours.dtype == np.float32
    # TensorFlow looks bicubic weights up in a table of 1024 entries.
    np.testing.assert_allclose(ours, theirs, atol=0.6 if interpolation == "bicubic" else 1e-2)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
def test_resize_is_jaxs(method):
    import jax

    name = {"bilinear": "linear", "bicubic": "cubic"}.get(method, method)
    image = PIXELS["rgb"].astype("float32")
    for size in [(3, 3), (11, 20)]:
        theirs = jax.image.resize(image, (*size, 3), name, antialias=False)
        np.testing.assert_allclose(resize(image, size, method), theirs, atol=1e-3)


def test_resize_keeps_an_even_grey():
    grey = np.full((5, 7, 1), 100.0)
    for method in ("area", "gaussian", "mitchellcubic", "bicubic"):
        np.testing.assert_allclose(resize(grey, (3, 11), method), 100, rtol=1e-5)
    with pytest.raises(errors.InputError, match="interpolation"):
        resize(grey, (3, 3), "cubic")


@pytest.mark.parametrize("size", SIZES)
def test_crop_and_pad_are_tensorflows(keras, size):
    tf = pytest.importorskip("tensorflow")
    image = PIXELS["rgb"].astype("float32")
    theirs = keras.preprocessing.image.smart_resize(image, size)
    np.testing.assert_allclose(resize(crop_to(image, size), size), theirs, atol=1e-3)
    if size == (1, 1):  # TensorFlow has no image of no height
        assert pad_to(image, size, "bilinear").shape == (1, 1, 3)
        return
    theirs = tf.image.resize_with_pad(image, *size).numpy()
    np.testing.assert_allclose(pad_to(image, size, "bilinear"), theirs, atol=1e-2)
