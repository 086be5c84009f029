"""`tf.io` and `tf.audio`: files, and the images and sounds in them."""

from __future__ import annotations

import glob as glob_module
import io
import os
import shutil
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError
from myelin.keras_script.tensorflow.calling import tensor
from myelin.utils.audio_folder import decode_wav as decode_wav_file
from myelin.utils.dataset.trees import Element
from myelin.utils.images import load_img

_MODES = {1: "grayscale", 3: "rgb", 4: "rgba"}


def _text(path: Any) -> str:
    """A path out of a string, bytes, or an element of a data set."""
    value = np.asarray(path).item() if isinstance(path, np.ndarray) else path
    return os.fsdecode(value)


def read_file(filename: Any, name: str | None = None) -> Any:
    """The bytes of a file."""
    with open(_text(filename), "rb") as file:
        return _held(file.read())


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Writes bytes to a file, and makes its folder where there is none."""
    path = _text(filename)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(_bytes(contents))


def _held(raw: bytes) -> Any:
    made = np.empty((), object)
    made[()] = raw
    return made.view(Element)


def _bytes(contents: Any) -> bytes:
    value = np.asarray(contents, object).item()
    return value.encode() if isinstance(value, str) else bytes(value)


def decode_image(
    contents: Any, channels: int | None = 0, dtype: Any = "uint8", name: str | None = None,
    expand_animations: bool = True,
) -> Any:  # fmt: skip
    """The pixels of an image file's bytes, `(height, width, channels)`.

    Args:
        contents: what `read_file` gives; BMP, GIF (its first picture), JPEG or PNG.
        channels: 1, 3 or 4; 0 takes those of the file.
        dtype: "uint8", or a float type for numbers from 0 to 1.
        name: taken for TensorFlow's sake, as `expand_animations`.
        expand_animations: only the first picture of a moving one is read.

    Raises:
        InputError: another number of channels.
        FileFormatError: no image, or a damaged one.
    """
    from myelin.keras_script.tensorflow.images import convert_image_dtype

    source = io.BytesIO(_bytes(contents))
    if not channels:
        from PIL import Image

        with Image.open(source) as image:
            bands = len(image.getbands()) if image.mode != "P" else 3
        channels = bands if bands in _MODES else 3
        source.seek(0)
    if channels not in _MODES:
        raise InputError(f"channels wants 0, 1, 3 or 4, got {channels}")
    pixels = np.asarray(load_img(source, _MODES[channels]))
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    return convert_image_dtype(jnp.asarray(pixels), dtype)


def decode_jpeg(contents: Any, channels: int = 0, name: str | None = None, **options: Any) -> Any:
    """The pixels of a JPEG file's bytes; TensorFlow's options of the decoder have no effect."""
    return decode_image(contents, channels)


def decode_png(
    contents: Any, channels: int = 0, dtype: Any = "uint8", name: str | None = None
) -> Any:
    """The pixels of a PNG file's bytes."""
    return decode_image(contents, channels, dtype)


class DecodedWav(NamedTuple):
    """The samples of a sound, `(samples, channels)`, and how many there are in a second."""

    audio: Any
    sample_rate: Any


def decode_wav(
    contents: Any, desired_channels: int = -1, desired_samples: int = -1, name: str | None = None
) -> DecodedWav:
    """The samples of a WAV file's bytes, float32 from -1 to 1, `(samples, channels)`.

    Raises:
        FileFormatError: no WAV file.
    """
    samples, rate = decode_wav_file(io.BytesIO(_bytes(contents)), "decode_wav")
    if desired_channels > 0:
        samples = np.resize(samples, (len(samples), desired_channels)) if (
            samples.shape[1] == desired_channels
        ) else np.repeat(samples[:, :1], desired_channels, 1)  # fmt: skip
    if desired_samples > 0:
        samples = samples[:desired_samples]
        samples = np.pad(samples, ((0, desired_samples - len(samples)), (0, 0)))
    return DecodedWav(jnp.asarray(samples), tensor(rate))


# tf.io.gfile


def exists(path: Any) -> bool:
    """Whether there is a file or folder."""
    return os.path.exists(_text(path))


def isdir(path: Any) -> bool:
    """Whether there is such a folder."""
    return os.path.isdir(_text(path))


def listdir(path: Any) -> list[str]:
    """What a folder holds."""
    return os.listdir(_text(path))


def glob(pattern: Any) -> list[str]:
    """The files that a pattern names."""
    patterns = pattern if isinstance(pattern, list | tuple) else [pattern]
    return [path for each in patterns for path in sorted(glob_module.glob(_text(each)))]


def makedirs(path: Any) -> None:
    """Makes a folder and those above it, where they are missing."""
    os.makedirs(_text(path), exist_ok=True)


def remove(path: Any) -> None:
    """Takes a file away."""
    os.remove(_text(path))


def rmtree(path: Any) -> None:
    """Takes a folder away, with all that it holds."""
    shutil.rmtree(_text(path))


def GFile(name: Any, mode: str = "r") -> Any:
    """An open file."""
    return open(_text(name), mode)
