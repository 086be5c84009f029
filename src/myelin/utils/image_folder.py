"""`image_dataset_from_directory`: batches of images from a folder with a folder per class."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.utils.image_index import index_images, split_files
from myelin.utils.images import load_img
from myelin.utils.py_dataset import PyDataset
from myelin.utils.resizing import crop_to, pad_to, resize

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


class ImageFolder(PyDataset):
    """Batches `(images, labels)`, or `images` alone, read from files when they are wanted.

    Attributes:
        file_paths: the files, in the order of the first listing.
        class_names: the classes, by their number; None without labels.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        read: _Reading,
        batch_size: int | None,
        shuffle: bool,
        seed: int | None,
    ) -> None:
        super().__init__()
        self.file_paths = file_paths
        self.class_names = class_names
        self._labels = labels
        self._read = read
        self._batch_size = batch_size
        self._random = np.random.default_rng(seed) if shuffle else None
        self._order = np.arange(len(file_paths))
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`; without a batch size, one image and its label."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        if self._batch_size is None:
            chosen = self._order[index]
            image = self._read(self.file_paths[chosen])
            return image if self._labels is None else (image, self._labels[chosen])
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        # Pillow lets go of the interpreter while it decodes.
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
            images = np.stack(list(threads.map(self._read, [self.file_paths[i] for i in rows])))
        return images if self._labels is None else (images, self._labels[rows])

    def __iter__(self) -> Iterator[Any]:
        yield from super().__iter__()
        self.on_epoch_end()

    def take(self, count: int) -> Iterator[Any]:
        """The first `count` batches."""
        return itertools.islice(iter(self), count)

    def on_epoch_end(self) -> None:
        """Mixes the files anew."""
        if self._random is not None:
            self._random.shuffle(self._order)


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
        An `ImageFolder` with `len()`, `class_names` and `file_paths`; for `subset="both"` the
        training and the validation images.

    Raises:
        InputError: no images, or an argument out of range.
    """
    if labels is None or label_mode is None:
        labels = label_mode = None
    size: Any = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    _check(labels, label_mode, color_mode, size, interpolation.lower(), format)
    _check_split(validation_split, subset, shuffle, seed)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise InputError("choose crop_to_aspect_ratio or pad_to_aspect_ratio, not both")
    if data_format not in (None, "channels_last", "channels_first"):
        raise InputError(f'data_format wants "channels_last", got {data_format!r}')
    if seed is None:
        seed = int(np.random.randint(10**6))
    files, numbers, names = index_images(
        directory, labels, class_names, shuffle, seed, follow_links, verbose
    )
    read = _Reading(
        color_mode, size, interpolation.lower(), crop_to_aspect_ratio, pad_to_aspect_ratio,
        data_format == "channels_first",
    )  # fmt: skip
    encoded = _encode(numbers, label_mode, names)

    def part(which: str | None) -> ImageFolder:
        chosen = split_files(len(files), validation_split, which, verbose)
        # As in Keras, the validation images of a pair keep their order.
        mixed = shuffle and (subset != "both" or which == "training")
        return ImageFolder(
            files[chosen], None if encoded is None else encoded[chosen], names, read,
            batch_size, mixed, seed,
        )  # fmt: skip

    if subset == "both":
        return [part("training"), part("validation")]
    return part(subset)


def _encode(
    numbers: np.ndarray | None, label_mode: str | None, names: list[str] | None
) -> np.ndarray | None:
    if numbers is None or names is None:
        return None
    if label_mode == "binary":
        if len(names) != 2:
            raise InputError(f'label_mode="binary" wants 2 classes, got {len(names)}: {names}')
        return numbers.astype(np.float32)[:, None]
    if label_mode == "categorical":
        return np.asarray(np.eye(len(names), dtype=np.float32)[numbers])
    return numbers


def _check(
    labels: Any, label_mode: Any, color_mode: str, size: Any, interpolation: str, format: str
) -> None:
    if labels not in ("inferred", None) and not isinstance(labels, list | tuple):
        raise InputError(
            'labels wants "inferred", None, or a list of one class number per file, '
            f"got {type(labels).__name__}"
        )
    if len(size) != 2 or not all(isinstance(side, int | np.integer) and side > 0 for side in size):
        raise InputError(f"image_size wants (height, width), whole numbers above 0, got {size}")
    for name, value, known in (
        ("label_mode", label_mode, ("int", "categorical", "binary", None)),
        ("color_mode", color_mode, ("grayscale", "rgb", "rgba")),
        ("interpolation", interpolation, _INTERPOLATIONS),
        ("format", format, ("tf", "grain")),
    ):
        if value not in known:
            raise InputError(f"{name} wants one of {', '.join(map(str, known))}, got {value!r}")


def _check_split(
    validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None
) -> None:
    if validation_split and not 0 < validation_split < 1:
        raise InputError(
            f"validation_split wants a share above 0 and below 1, got {validation_split}"
        )
    if bool(validation_split) != bool(subset):
        raise InputError("validation_split and subset go together: pass both or neither")
    if subset not in ("training", "validation", "both", None):
        raise InputError(f'subset wants "training", "validation" or "both", got {subset!r}')
    if validation_split and shuffle and seed is None:
        raise InputError(
            "validation_split with shuffle wants a seed, so that the training and the "
            "validation images do not overlap"
        )
