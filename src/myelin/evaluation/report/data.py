"""What the data look like: their shape, what each part holds, and pictures of rows."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# Fewer pixels a side are no picture; a picture on the page has at most so many.
_LEAST_SIDE, _LARGEST_PICTURE = 8, 96
# So many rows say what numbers look like.
_SAMPLE = 500


@dataclass(frozen=True)
class Part:
    """Rows of one use.

    Attributes:
        name: "training", "validation" or "test".
        rows: how many there are.
        y: class numbers or values, for the balance; None where they are not known.
        learned, chose, judged: whether they trained the weights, chose the epoch, and give the
            scores of this page; None where that is not known.
    """

    name: str
    rows: int
    y: np.ndarray | None
    learned: bool | None
    chose: bool | None
    judged: bool


def describe(x: Any) -> list[tuple[str, str]]:
    """The inputs in words: a line for each array, its name first.

    Args:
        x: an array, a frame, or a tree of arrays.
    """
    arrays = list(_leaves("", x))
    return [(name or "Inputs", _words(array)) for name, array in arrays]


def _leaves(name: str, x: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of a tree, each with its way in it."""
    if isinstance(x, Mapping):
        for key, value in x.items():
            yield from _leaves(f"{name} {key}".strip(), value)
    elif isinstance(x, list | tuple) and x and all(getattr(part, "ndim", 0) > 0 for part in x):
        for index, value in enumerate(x):
            yield from _leaves(f"{name or 'Input'} {index + 1}", value)
    else:
        yield name, np.asarray(x)


def _words(array: np.ndarray) -> str:
    sample = array[:: max(1, len(array) // _SAMPLE)]
    span = ""
    if sample.dtype.kind in "iufb" and sample.size:
        low, high = (f"{float(end):.4g}".replace("-", "\u2212") for end in _ends(sample))
        span = f", values from {low} to {high}"
    typed = f"{array.dtype}{span}"
    if shows_images(array):
        height, width = array.shape[1:3]
        channels = array.shape[3] if array.ndim == 4 else 1
        kind = {1: "gray", 3: "coloured", 4: "coloured, with opacity"}[channels]
        return f"images of {width} × {height} pixels, {kind}; {typed}"
    if array.ndim <= 2:
        features = 1 if array.ndim < 2 else array.shape[1]
        return f"{features:,} {'feature' if features == 1 else 'features'} an example; {typed}"
    return f"arrays of {' × '.join(map(str, array.shape[1:]))} an example; {typed}"


def _ends(sample: np.ndarray) -> tuple[float, float]:
    return float(np.nanmin(sample)), float(np.nanmax(sample))


def shows_images(x: Any) -> bool:
    """Whether inputs are images that a person can look at."""
    shape: tuple[int, ...] = getattr(x, "shape", ())
    if len(shape) == 3:
        return x.dtype.kind in "iu" and min(shape[1:]) >= _LEAST_SIDE
    return len(shape) == 4 and shape[3] in (1, 3, 4) and min(shape[1:3]) >= _LEAST_SIDE


def pictures(x: Any, rows: list[int]) -> list[str | None]:
    """A `data:` address with a small PNG for each row; None where inputs are no images."""
    if not rows or not shows_images(x):
        return [None] * len(rows)
    sample = np.asarray(x[:: max(1, len(x) // _SAMPLE)])
    chosen = np.asarray(x)[rows].astype(np.float64)
    low = min(_ends(sample)[0], chosen.min())
    high = max(_ends(sample)[1], chosen.max())
    # Bytes and shares keep their brightness; other ranges are stretched to black and white.
    dark = 0.0 if low >= 0 else low
    bright = 1.0 if low >= 0 and high <= 1 else 255.0 if low >= 0 and 64 < high <= 255 else high
    scaled = (chosen - dark) / max(bright - dark, 1e-12)
    return [_png(np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)) for image in scaled]


def _png(image: np.ndarray) -> str:
    from PIL import Image

    pixels = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    picture = Image.fromarray(pixels)
    picture.thumbnail((_LARGEST_PICTURE, _LARGEST_PICTURE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def as_table(x: Any) -> np.ndarray | None:
    """All numbers or words of each row side by side, `(n, …)`; None where rows cannot be so laid.

    Args:
        x: an array, a frame, or a tree of arrays.
    """
    arrays = [array.reshape(len(array), -1) for _, array in _leaves("", x) if array.ndim]
    if not arrays or len({len(array) for array in arrays}) > 1:
        return None
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, 1)


def take(x: Any, rows: np.ndarray) -> Any:
    """These rows of an array or a tree of arrays, by number or by mask."""
    if isinstance(x, Mapping):
        return {key: take(value, rows) for key, value in x.items()}
    if isinstance(x, list | tuple) and x and all(getattr(part, "ndim", 0) > 0 for part in x):
        return [take(value, rows) for value in x]
    return np.asarray(x)[rows]
