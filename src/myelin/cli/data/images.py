"""Folders of images, a sub-folder a class."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from myelin.cli.data.rows import Rows
from myelin.errors import InputError

ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
# A dense network on larger images has more weights than most folders have pixels to teach them.
LARGEST_DEFAULT = 64
Size = tuple[int, int]


def read_images(
    files: list[Path], root: Path, size: Size | None, channels: int | None
) -> tuple[np.ndarray, Size]:
    """Images of one size, as bytes.

    Args:
        files: the images.
        root: what the names in errors are relative to.
        size: height and width; None takes the most common size of the files, or 64 by 64 where
            that is larger.
        channels: 1 or 3; None gives 1 where all images are gray.

    Returns:
        uint8 `(n, height, width, channels)`, and the size.

    Raises:
        InputError: a file that is no image, or is damaged.
    """
    with ThreadPoolExecutor() as pool:
        if size is None:
            size = _common_size(list(pool.map(_size, files)))
        images = np.stack(list(pool.map(partial(_read, size=size), files)))
    if channels is None:
        gray = np.array_equal(images[..., :-1], images[..., 1:])
        channels = 1 if gray else 3
    if channels == 1:
        # The weights of ITU-R BT.601, as Pillow's own conversion has them.
        weighed = images.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        images = np.rint(weighed)[..., None].astype(np.uint8)
    return images, size


def _common_size(sizes: list[Size]) -> Size:
    size = Counter(sizes).most_common(1)[0][0]
    return size if max(size) <= LARGEST_DEFAULT else (LARGEST_DEFAULT, LARGEST_DEFAULT)


def _size(path: Path) -> Size:
    with _opened(path) as image:
        return image.height, image.width


def _read(path: Path, size: Size) -> np.ndarray:
    from PIL import Image, ImageOps

    with _opened(path) as image:
        try:
            image.draft("RGB", (size[1], size[0]))
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I") or upright.mode == "F":
                upright = Image.fromarray(_to_bytes(np.asarray(upright), upright.mode))
            elif "A" in upright.mode or "transparency" in upright.info:
                white = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(white, upright.convert("RGBA"))
            fitted = upright.convert("RGB").resize((size[1], size[0]), Image.Resampling.BILINEAR)
            return np.asarray(fitted)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise _damaged(path, error) from None


def _to_bytes(pixels: np.ndarray, mode: str) -> np.ndarray:
    """Whole numbers of 16 bits, or floats from 0 to 1 or to 255, as bytes."""
    if mode == "F":
        wide = pixels * (255 if pixels.max() <= 1 else 1)
        return np.clip(wide, 0, 255).astype(np.uint8)
    return (np.clip(pixels, 0, 65535) // 257).astype(np.uint8)


def _opened(path: Path) -> Any:
    from PIL import Image

    try:
        return Image.open(path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    reason = str(error).replace(str(path), path.name)
    return InputError(f"{path}: is no image that can be read ({reason})")


def find_images(folder: Path) -> list[Path]:
    """All images in a folder and below, in the order of their names, without hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def class_folders(root: Path) -> dict[str, list[Path]]:
    """The images of each sub-folder.

    Raises:
        InputError: no sub-folders, one alone, or one without images.
    """
    folders = sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith("."))
    found = {folder.name: find_images(folder) for folder in folders}
    if not any(found.values()):
        loose = " It holds images, but not in sub-folders." if find_images(root) else ""
        endings = " ".join(sorted(ENDINGS))
        raise InputError(
            f"{root}: wants one sub-folder of images a class, and has none.{loose} "
            f"Images end in {endings}"
        )
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise InputError(f"{root / empty[0]}: has no images; fill it or remove it")
    return found


_TEST_NAMES = ("test", "val", "valid", "validation")


def read_folder(
    root: Path, size: Size | None, channels: int | None
) -> tuple[Rows, Rows | None, list[str]]:
    """The images of a folder with their classes, its test part where it has one, and notes.

    A folder with `train` and `test` (or `val`) in it is read as those two parts.

    Raises:
        InputError: a folder without images in sub-folders, or an image that is damaged.
    """
    parts = {f.name.lower(): f for f in root.iterdir() if f.is_dir()}
    test = next((parts[name] for name in _TEST_NAMES if name in parts), None)
    if "train" not in parts or test is None or find_classless(parts["train"]):
        rows = _labelled(root, root, size, channels)
        return rows, None, _notes(root)
    train = _labelled(parts["train"], root, size, channels)
    assert isinstance(train.x, np.ndarray)
    shape = train.x.shape
    held = _labelled(test, root, (shape[1], shape[2]), shape[3])
    return train, held, [f"{test.name}/ is the test part.", *_notes(root)]


def find_classless(folder: Path) -> bool:
    """Whether a folder has no sub-folders, so that it is a class itself."""
    return not any(f.is_dir() for f in folder.iterdir())


def _labelled(folder: Path, root: Path, size: Size | None, channels: int | None) -> Rows:
    found = class_folders(folder)
    files = [file for images in found.values() for file in images]
    labels = [name for name, images in found.items() for _ in images]
    images, _ = read_images(files, root, size, channels)
    return Rows(images, np.array(labels, object), [str(f.relative_to(root)) for f in files])


def _notes(root: Path) -> list[str]:
    others = [
        path
        for path in root.rglob("*")
        if path.is_file()
        and path.suffix.lower() not in ENDINGS
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]
    if not others:
        return []
    return [
        f"Files passed over because they are no images: {len(others)}, such as {others[0].name}."
    ]


def folder_fingerprint(root: Path) -> str:
    """Of the names and sizes of all images."""
    digest = hashlib.sha256()
    for path in find_images(root):
        digest.update(f"{path.relative_to(root)}|{path.stat().st_size}\n".encode())
    return digest.hexdigest()
