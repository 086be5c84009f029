"""Pixels as the networks of ImageNet take them, and its thousand classes by name."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np

from myelin import dtypes
from myelin.errors import FileFormatError, InputError
from myelin.layers.symbolic import KerasTensor
from myelin.utils.files import keras_home

# Of the images of ImageNet, for red, green and blue.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Of the images that the authors' own networks were trained on, for blue, green and red, of 255.
_CAFFE_MEAN = (103.939, 116.779, 123.68)

CLASS_FILE = "imagenet_class_index.json"
_CLASSES = 1000


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Pixels from 0 to 255 as a network of ImageNet takes them; `x` itself stays as it is.

    Args:
        x: images `(…, height, width, 3)`, red first: an array, or a promise of one.
        data_format: "channels_last" (the default) or "channels_first".
        mode: "tf" gives -1 to 1; "torch" gives mean 0 and variance 1 over ImageNet; "caffe" gives
            blue first and mean 0, not scaled.

    Raises:
        InputError: another mode or data format.
    """
    if mode not in ("caffe", "tf", "torch"):
        raise InputError(f'preprocess_input: mode wants "caffe", "tf" or "torch", got {mode!r}')
    if data_format not in (None, "channels_first", "channels_last"):
        raise InputError(
            f'preprocess_input: data_format wants "channels_last" or "channels_first", '
            f"got {data_format!r}"
        )
    if not isinstance(x, KerasTensor):
        x = x if isinstance(x, jax.Array) else np.asarray(x)
        x = x if dtypes.is_float(x.dtype) else x.astype(dtypes.floatx())
    dtype = x.dtype if dtypes.is_float(x.dtype) else dtypes.floatx()
    tail = (1, 1) if data_format == "channels_first" else ()

    def by_channel(values: tuple[float, ...]) -> np.ndarray:
        return np.asarray(values, dtype).reshape(-1, *tail)

    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "torch":
        return (x / 255.0 - by_channel(_MEAN)) / by_channel(_DEVIATION)
    blue_first = (..., slice(None, None, -1), *(slice(None) for _ in tail))
    return x[blue_first] - by_channel(_CAFFE_MEAN)


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, Any]]]:
    """The `top` most probable classes of ImageNet for each row, the most probable first.

    Their names come from Keras's file `imagenet_class_index.json`, looked for in the folder
    `MYELIN_DATASETS` and in Keras's cache `~/.keras/models`.

    Args:
        preds: probabilities `(n, 1000)`.
        top: how many, from 1.

    Returns:
        For each row, tuples of the class's WordNet ID, its name and its probability.

    Raises:
        InputError: `preds` has another shape, or the file is in neither folder.
        FileFormatError: the file holds something else.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != _CLASSES:
        raise InputError(
            f"decode_predictions wants probabilities of shape (n, {_CLASSES}), got {preds.shape}"
        )
    names = _class_names(_class_file())
    best = np.argsort(preds, axis=1)[:, ::-1][:, :top]
    return [[(*names[i], row[i]) for i in chosen] for row, chosen in zip(preds, best, strict=True)]


def _class_file() -> Path:
    named = os.environ.get("MYELIN_DATASETS")
    folders = [*([Path(named).expanduser()] if named else []), Path(keras_home()) / "models"]
    for folder in folders:
        if (folder / CLASS_FILE).is_file():
            return folder / CLASS_FILE
    looked = " and ".join(str(folder) for folder in folders)
    raise InputError(
        f"decode_predictions wants the names of ImageNet's classes, {CLASS_FILE}, which Keras "
        f"publishes, and found none in {looked}: put it there"
    )


@cache
def _class_names(file: Path) -> list[tuple[str, str]]:
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
        identified = [listed[str(i)] for i in range(_CLASSES)]
        return [(str(wordnet), str(name)) for wordnet, name in identified]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{file}: does not list ImageNet's classes ({error!r})") from None
