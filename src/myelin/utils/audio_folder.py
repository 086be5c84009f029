"""`audio_dataset_from_directory`: batches of sounds from a folder with a folder per class."""

from __future__ import annotations

import importlib
import math
import os
import wave
from functools import partial
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError
from myelin.utils.dataset import TensorSpec
from myelin.utils.dataset.padding import padded
from myelin.utils.folders import Listing


def audio_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Batches of the sounds in a folder, where each folder inside it is a class.

    Files ending in .wav are read: whole numbers of 8 to 32 bits with Python's own `wave`, other
    encodings where the package soundfile is installed.

    Args:
        directory, labels, label_mode, class_names, shuffle, seed, validation_split, subset,
            follow_links, verbose: as for `image_dataset_from_directory`.
        batch_size: sounds a batch; None gives them one by one.
        sampling_rate: samples a second to convert to; None keeps those of the file.
        output_sequence_length: samples to cut or fill up to; None fills each batch up to its
            longest sound.
        ragged: only False: arrays have one length here.

    Returns:
        A `Dataset` of `(sounds, labels)`, sounds float32 `(n, samples, channels)` from -1 to 1,
        with `class_names` and `file_paths`; for `subset="both"` those of training and validation.

    Raises:
        InputError: no sounds, or an argument out of range.
        FileFormatError: a file that cannot be read.
    """
    if ragged:
        raise InputError(
            "ragged=True: arrays have one length here. Pass output_sequence_length, or neither to "
            "fill each batch up to its longest sound"
        )
    for name, value in (
        ("sampling_rate", sampling_rate), ("output_sequence_length", output_sequence_length),
    ):  # fmt: skip
        if value is not None and (not isinstance(value, int) or value <= 0):
            raise InputError(f"{name} wants a whole number above 0, got {value!r}")
    return Listing(
        (".wav",), "sounds", directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    ).folders(
        partial(_read, sampling_rate, output_sequence_length), _join,
        TensorSpec((output_sequence_length, None), "float32"),
    )  # fmt: skip


def decode_wav(source: Any, name: str) -> tuple[np.ndarray, int]:
    """The samples of a WAV file, float32 `(samples, channels)` from -1 to 1, and their rate.

    Args:
        source: a path or an open file.
        name: what to call it in an error.

    Raises:
        FileFormatError: a file that cannot be read.
    """
    try:
        with wave.open(source, "rb") as file:
            raw = file.readframes(file.getnframes())
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
    except (wave.Error, EOFError) as error:
        return _with_soundfile(source, name, error)
    if width == 1:
        samples = (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    elif width == 3:
        # The three bytes are the upper ones of four.
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        samples = wide.view("<i4")[:, 0].astype(np.float32) / 2**31
    else:
        samples = np.frombuffer(raw, f"<i{width}").astype(np.float32) / 2 ** (8 * width - 1)
    return samples.reshape(-1, channels), rate


def _with_soundfile(source: Any, name: str, error: Exception) -> tuple[np.ndarray, int]:
    try:
        soundfile = importlib.import_module("soundfile")
    except ImportError:
        raise FileFormatError(
            f"{name}: no WAV file that Python's wave module reads ({error}). With the package "
            "soundfile installed, other encodings can be read."
        ) from None
    if hasattr(source, "seek"):
        source.seek(0)
    try:
        samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    except RuntimeError as failure:
        raise FileFormatError(f"{name}: {failure}") from None
    return np.asarray(samples), int(rate)


def _read(sampling_rate: int | None, length: int | None, path: str) -> np.ndarray:
    samples, rate = decode_wav(path, path)
    if sampling_rate is not None and sampling_rate != rate:
        from scipy.signal import resample_poly

        common = math.gcd(sampling_rate, rate)
        samples = resample_poly(samples, sampling_rate // common, rate // common, axis=0)
        samples = samples.astype(np.float32)
    if length is None:
        return samples
    samples = samples[:length]
    return np.pad(samples, ((0, length - len(samples)), (0, 0)))


def _join(sounds: list[Any]) -> Any:
    return padded(sounds, None, None)
