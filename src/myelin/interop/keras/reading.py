"""`load_weights` from any of Keras's files, told apart by what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from myelin.interop.keras import archive, hdf5, legacy, vocabularies, weights
from myelin.saving import sniff


def load_weights(model: Any, path: Path, skip_mismatch: bool = False) -> None:
    """Reads variables into a built model, all of them or none.

    The state of the optimizer comes with them where the file has that of this optimizer.

    Args:
        model: a built model.
        path: a `.keras`, `.weights.h5` or `.h5` file.
        skip_mismatch: leaves out, with a warning, variables that do not fit.

    Raises:
        FileFormatError: it is damaged.
        InputError: it has other variables than the model.
        ShapeError: one has another shape.
    """
    if sniff.kind_of(path) == sniff.KERAS:
        archive.load_weights(model, path, skip_mismatch)
        return
    root = hdf5.read_file(path)
    if legacy.is_legacy(root):
        legacy.assign(model, root.group("model_weights") or root, str(path), skip_mismatch)
        return
    store = weights.Store(root, str(path))
    weights.assign(model, store, skip_mismatch)
    vocabularies.assign(model, store, {})
    weights.assign_optimizer_if_it_fits(model, store)
