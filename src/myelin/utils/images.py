"""Images from files to arrays and back, with Pillow."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError, ShapeError

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
# Grey images of more than 8 bits keep their values.
_GREY_MODES = ("L", "I;16", "I")
_RESAMPLING = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Reads an image file.

    Args:
        path: the file, or an `io.BytesIO` with its bytes.
        color_mode: "grayscale", "rgb" or "rgba"; other images are converted.
        target_size: `(height, width)` to resize to; None keeps the size.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: cuts the longer side off, equally at both ends, before resizing, so
            that nothing is distorted.

    Returns:
        A Pillow image.

    Raises:
        InputError: an unknown mode or interpolation.
        FileFormatError: the file is no image, or damaged.
    """
    if color_mode not in _MODES:
        raise InputError(f'color_mode wants "grayscale", "rgb" or "rgba", got {color_mode!r}')
    image = _in_mode(_open(path), color_mode)
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    if interpolation not in _RESAMPLING:
        raise InputError(
            f"interpolation wants one of {', '.join(_RESAMPLING)}, got {interpolation!r}"
        )
    from PIL import Image

    size = (target_size[1], target_size[0])
    box = _centre(image.size, size) if keep_aspect_ratio else None
    return image.resize(size, Image.Resampling[interpolation.upper()], box=box)


def _open(path: Any) -> Any:
    """The image, fully read, so that damage shows here and no file stays open."""
    from PIL import Image, UnidentifiedImageError

    if not isinstance(path, str | bytes | os.PathLike | io.BytesIO):
        raise TypeError(f"load_img wants a path or io.BytesIO, got {type(path).__name__}")
    if isinstance(path, io.BytesIO):
        name, source = "the bytes", path
    else:
        name = os.fsdecode(path)
        source = io.BytesIO(Path(name).read_bytes())
    try:
        image = Image.open(source)
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise FileFormatError(f"{name}: no image that can be read, or damaged: {error}") from error
    return image


def _in_mode(image: Any, color_mode: str) -> Any:
    wanted = _MODES[color_mode]
    if image.mode == wanted or (color_mode == "grayscale" and image.mode in _GREY_MODES):
        return image
    return image.convert(wanted)


def _centre(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest box in the middle of an image with the proportions of `wanted`."""
    width, height = size
    crop_height = min(height, width * wanted[1] // wanted[0])
    crop_width = min(width, height * wanted[0] // wanted[1])
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    return left, top, left + crop_width, top + crop_height


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A Pillow image as an array.

    Args:
        img: the image.
        data_format: "channels_last", the default, or "channels_first".
        dtype: of the array; None takes the default float type.

    Returns:
        An array `(height, width, channels)`, or `(channels, height, width)`.
    """
    first = _channels_first(data_format)
    array = np.asarray(img, dtype=dtype or _floatx())
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ShapeError(f"img_to_array wants one image, got an array of shape {array.shape}")
    return array.transpose(2, 0, 1) if first else array


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """An array as a Pillow image.

    Args:
        x: `(height, width, channels)` with 1, 3 or 4 channels.
        data_format: "channels_last", the default, or "channels_first".
        scale: stretches the values so that the smallest becomes 0 and the largest 255.
        dtype: to compute in; None takes the default float type.

    Returns:
        A Pillow image.

    Raises:
        ShapeError: an array that is no single image.
    """
    from PIL import Image

    first = _channels_first(data_format)
    array = np.asarray(x, dtype=dtype or _floatx())
    if array.ndim != 3:
        raise ShapeError(
            f"array_to_img wants one image, (height, width, channels), got the shape {array.shape}"
        )
    if first:
        array = array.transpose(1, 2, 0)
    if array.shape[2] not in (1, 3, 4):
        raise ShapeError(f"an image has 1, 3 or 4 channels, not {array.shape[2]}")
    if scale:
        array = array - array.min()
        largest = array.max()
        array = array * (255 / largest) if largest else array
    if array.shape[2] > 1:
        return Image.fromarray(array.astype("uint8"))
    # Grey values that 8 bits cannot hold go into an image of 32 bits.
    return Image.fromarray(array[:, :, 0].astype("int32" if array.max() > 255 else "uint8"))


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Writes an array to an image file.

    Args:
        path: the file, or an open one.
        x: `(height, width, channels)` with 1, 3 or 4 channels.
        data_format: "channels_last", the default, or "channels_first".
        file_format: such as "png"; None goes by the ending of the name.
        scale: stretches the values to 0 to 255.
        **kwargs: for Pillow's `Image.save`.
    """
    if file_format is None and isinstance(path, str | os.PathLike):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and (file_format or "").lower() == "jpeg":
        warnings.warn("JPEG has no transparency: the fourth channel is left out", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=file_format or None, **kwargs)


def _channels_first(data_format: str | None) -> bool:
    if data_format not in (None, "channels_first", "channels_last"):
        raise InputError(
            f'data_format wants "channels_last" or "channels_first", got {data_format!r}'
        )
    return data_format == "channels_first"


def _floatx() -> str:
    from myelin.dtypes import floatx

    return floatx()
