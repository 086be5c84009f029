import numpy as np
import pytest
from PIL import Image

from myelin.cli.data.images import read_folder, read_images
from myelin.errors import InputError
from tests.cli.conftest import write_images


def test_gray_images_have_one_channel(tmp_path):
    rows, test, notes = read_folder(write_images(tmp_path / "d"), None, None)
    assert rows.x.shape == (16, 12, 10, 1)
    assert rows.x.dtype == np.uint8
    assert rows.y.tolist() == ["bright"] * 8 + ["dark"] * 8
    assert rows.names[0] == "bright/0.png"
    assert (test, notes) == (None, [])
    with Image.open(tmp_path / "d" / "bright" / "0.png") as image:
        np.testing.assert_array_equal(rows.x[0, ..., 0], np.asarray(image))


def test_gray_pictures_in_colour_files_are_gray(tmp_path):
    write_images(tmp_path / "d")
    for path in tmp_path.rglob("*.png"):
        with Image.open(path) as image:
            image.convert("RGB").save(path)
    assert read_folder(tmp_path / "d", None, None)[0].x.shape[-1] == 1


def test_colour_images_and_a_size(tmp_path):
    folder = write_images(tmp_path / "d", mode="RGB")
    assert read_folder(folder, None, None)[0].x.shape == (16, 12, 10, 3)
    assert read_folder(folder, (6, 5), None)[0].x.shape == (16, 6, 5, 3)
    assert read_folder(folder, None, 1)[0].x.shape == (16, 12, 10, 1)


def test_the_most_common_size_unless_it_is_large(tmp_path):
    folder = write_images(tmp_path / "d")
    Image.new("L", (99, 33)).save(folder / "dark" / "odd.png")
    assert read_folder(folder, None, None)[0].x.shape[1:3] == (12, 10)
    large = write_images(tmp_path / "e", size=(100, 80))
    assert read_folder(large, None, None)[0].x.shape[1:3] == (64, 64)


@pytest.mark.parametrize("mode", ["1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_kind_of_image(tmp_path, mode):
    base = Image.new("L", (4, 4), 200)
    if mode == "I;16":
        image = Image.fromarray(np.full((4, 4), 60000, np.uint16))
    else:
        image = base.convert("RGB").convert(mode) if mode != "LA" else base.convert("LA")
    path = tmp_path / "a.tif"
    image.save(path)
    pixels, _ = read_images([path], tmp_path, None, None)
    assert pixels.shape[:3] == (1, 4, 4)
    assert 190 < pixels.mean() < 250


def test_train_and_test_folders(tmp_path):
    write_images(tmp_path / "d" / "train")
    write_images(tmp_path / "d" / "test", n=3, size=(5, 5))
    train, test, notes = read_folder(tmp_path / "d", None, None)
    assert train.x.shape == (16, 12, 10, 1)
    assert test.x.shape == (6, 12, 10, 1)
    assert notes == ["test/ is the test part."]


def test_other_files_are_passed_over_and_said(tmp_path):
    folder = write_images(tmp_path / "d")
    (folder / "dark" / "readme.txt").write_text("hello")
    (folder / ".hidden").mkdir()
    (folder / "dark" / ".x.png").write_bytes(b"no image")
    rows, _, notes = read_folder(folder, None, None)
    assert len(rows) == 16
    assert notes == ["Files passed over because they are no images: 1, such as readme.txt."]


def test_damaged_images_are_named(tmp_path):
    folder = write_images(tmp_path / "d")
    whole = (folder / "dark" / "3.png").read_bytes()
    for content in (whole[: len(whole) // 2], b"no image at all", b""):
        (folder / "dark" / "3.png").write_bytes(content)
        with pytest.raises(InputError, match=r"dark/3\.png: is no image that can be read"):
            read_folder(folder, None, None)


def test_folders_without_images(tmp_path):
    with pytest.raises(InputError, match="one sub-folder of images a class"):
        read_folder(tmp_path, None, None)
    Image.new("L", (4, 4)).save(tmp_path / "loose.png")
    with pytest.raises(InputError, match="not in sub-folders"):
        read_folder(tmp_path, None, None)
    write_images(tmp_path / "d")
    (tmp_path / "d" / "empty").mkdir()
    with pytest.raises(InputError, match="empty: has no images"):
        read_folder(tmp_path / "d", None, None)
