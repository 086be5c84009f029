"""`image_dataset_from_directory`: batches of images from a folder with a folder per class."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.utils.dataset import TensorSpec
from myelin.utils.folders import Listing, one_of
from myelin.utils.images import load_img
from myelin.utils.resizing import crop_to, pad_to, resize

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
_INTERPOLATIONS = (
    "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian",
    "mitchellcubic",
)  # fmt: skip


@dataclass(frozen=True)
class _Reading:
    """How a file becomes an array."""

    color_mode: str
    size: tuple[int, int]
    interpolation: str
    crop: bool
    pad: bool
    channels_first: bool

    def __call__(self, path: str) -> np.ndarray:
        """The image, as float32 from 0 to 255."""
        image = np.asarray(load_img(path, self.color_mode), np.float32)
        image = image[:, :, None] if image.ndim == 2 else image
        if self.pad:
            image = pad_to(image, self.size, self.interpolation)
        else:
            image = crop_to(image, self.size) if self.crop else image
            image = resize(image, self.size, self.interpolation)
        return image.transpose(2, 0, 1) if self.channels_first else image


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Batches of the images in a folder, where each folder inside it is a class.

    Files ending in .bmp, .gif, .jpeg, .jpg and .png are read, of a moving one the first
    picture. Classes are numbered by the alphabet.

    Args:
        directory: the folder.
        labels: "inferred" from the folders, None, or a list of one class number per file, files
            sorted by path.
        label_mode: "int" (int32 `(n,)`), "categorical" (float32 `(n, classes)`), "binary"
            (float32 `(n, 1)`), or None for images alone.
        class_names: the classes in the order to number them in.
        color_mode: "grayscale", "rgb" or "rgba".
        batch_size: images a batch; None gives them one by one.
        image_size: `(height, width)` to resize to.
        shuffle: mixes the files, anew in each epoch; otherwise they come sorted by path.
        seed: of that mixing, and of the split.
        validation_split: the share of files that validate, above 0 and below 1.
        subset: "training", "validation" or "both", together with `validation_split`.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5",
            "gaussian" or "mitchellcubic".
        follow_links: goes into linked folders too.
        crop_to_aspect_ratio: cuts the longer side off rather than distort.
        pad_to_aspect_ratio: adds black bars rather than distort.
        data_format: "channels_last", the default, or "channels_first".
        format: taken for the sake of Keras programs ("tf", "grain"); both give the same here.
        verbose: prints how many files and classes there are.

    Returns:
        A `Dataset` with `class_names` and `file_paths`; for `subset="both"` those of the training
        and of the validation images.

    Raises:
        InputError: no images, or an argument out of range.
    """
    size: Any = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    _check(color_mode, size, interpolation.lower(), format)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise InputError("choose crop_to_aspect_ratio or pad_to_aspect_ratio, not both")
    if data_format not in (None, "channels_last", "channels_first"):
        raise InputError(f'data_format wants "channels_last", got {data_format!r}')
    first = data_format == "channels_first"
    read = _Reading(
        color_mode, size, interpolation.lower(), crop_to_aspect_ratio, pad_to_aspect_ratio, first
    )
    channels = _CHANNELS[color_mode]
    shape = (channels, *size) if first else (*size, channels)
    return Listing(
        ENDINGS, "images", directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    ).folders(read, np.stack, TensorSpec(shape, "float32"))  # fmt: skip


def _check(color_mode: str, size: Any, interpolation: str, format: str) -> None:
    if len(size) != 2 or not all(isinstance(side, int | np.integer) and side > 0 for side in size):
        raise InputError(f"image_size wants (height, width), whole numbers above 0, got {size}")
    one_of("color_mode", color_mode, tuple(_CHANNELS))
    one_of("interpolation", interpolation, _INTERPOLATIONS)
    one_of("format", format, ("tf", "grain"))
