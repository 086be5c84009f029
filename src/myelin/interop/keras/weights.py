"""The variables of a model in HDF5, where Keras keeps them: `.weights.h5`, and inside `.keras`."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from myelin.errors import FileFormatError, InputError
from myelin.interop.keras import hdf5, layout, vocabularies
from myelin.interop.keras.hdf5 import Array, Group
from myelin.layers.normalization import Normalization
from myelin.optimizers import Optimizer
from myelin.saving import fitting
from myelin.variable import Variable


def packed(model: Any, include_optimizer: bool = True, learned: bool = True) -> bytes:
    """All variables of a model, and those of its optimizer, as the content of an HDF5 file.

    Args:
        model: the model.
        include_optimizer: whether the optimizer's state goes with it.
        learned: whether vocabularies do.

    Raises:
        InputError: a variable that stands where Keras does not look.
    """
    import h5py

    _check_all_found(model)
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for path, part in layout.parts(model):
            if _is_optimizer(part) and not include_optimizer:
                continue
            arrays = _arrays_of(part) | vocabularies.arrays_of(part, learned)
            if not arrays:
                continue
            group = file.create_group(f"{path}/vars".lstrip("/"))
            group.attrs["name"] = part.name
            for name, array in arrays.items():
                put(group, name, array)
    return content.getvalue()


def put(group: Any, name: str, array: np.ndarray) -> None:
    """Writes an array into a group of h5py's, short floats as Keras marks them."""
    made = group.create_dataset(name, data=array)
    if array.dtype == jnp.bfloat16:
        made.attrs["dtype"] = "bfloat16"


def _arrays_of(part: Any) -> dict[str, np.ndarray]:
    kept = layout.slots(part) if _is_optimizer(part) else layout.own_variables(part)
    return {str(i): np.asarray(v) for i, v in enumerate(kept)}


def _is_optimizer(part: Any) -> bool:
    return isinstance(part, Optimizer)


def _check_all_found(model: Any) -> None:
    layers = [part for _, part in layout.parts(model) if not _is_optimizer(part)]
    found = {id(v) for layer in layers for v in layout.own_variables(layer)}
    for v in model.variables:
        if id(v) not in found and not v.is_state and "seed" not in v.name:
            raise InputError(
                f'"{v.path}" stands where Keras does not look for variables: let the layer that '
                "has it be an attribute of its model, or an item of a list there"
            )


def save_weights(model: Any, path: Path) -> None:
    """Writes the variables of a model, and of its optimizer, as `.weights.h5`, atomically."""
    from myelin.saving.atomic import replacing

    content = packed(model)
    with replacing(path) as file:
        file.write(content)


# What a file may have beside a model's weights.
_OF_TRAINING = {"optimizer", "metrics", "_metrics", "compiled_metrics", "seed_generator"}


class Store:
    """The variables in a file, by the places of `layout`.

    Args:
        root: the file.
        where: the file, for errors.
    """

    def __init__(self, root: Group, where: str) -> None:
        self._root = root
        self.where = where
        self._asked_for: set[tuple[str, ...]] = set()

    def of(self, path: str) -> dict[str, Array]:
        """The arrays that stand under a place, by name."""
        names = path.split("/") if path else []
        # As earlier versions of Keras's format called them.
        if "_layer_checkpoint_dependencies" in self._root:
            names = ["_layer_checkpoint_dependencies" if n == "layers" else n for n in names]
        group = self._root.group(*names, "vars")
        if group is None:
            return {}
        self._asked_for.add(group.path)
        found = {name: group.get(name) for name in group.names()}
        return {name: array for name, array in found.items() if isinstance(array, Array)}

    def unasked(self) -> list[str]:
        """The places of arrays that stand where nobody asked, and are no state of training."""
        arrays = [a for a in hdf5.walk(self._root) if a.path[:-1] not in self._asked_for]
        return ["/".join(a.path) for a in arrays if not _OF_TRAINING & set(a.path)]

    def total(self) -> int:
        """How many numbers the arrays of the file may hold in all."""
        return hdf5.room_of(self._root)


def read(array: Array) -> np.ndarray:
    """The numbers of an array, short floats as such."""
    values = array.read()
    short = array.dtype.kind == "V" and array.attributes().get("dtype") == "bfloat16"
    return values.view(jnp.bfloat16) if short and array.dtype.itemsize == 2 else values


def assign(model: Any, store: Store, skip_mismatch: bool = False) -> None:
    """Puts the variables of a file into a model, all of them or none.

    Raises:
        InputError: the file has other variables than the model.
        ShapeError: one has another shape.
    """
    paths = {id(v): path for path, v in model.name_variables("", set()).items()}
    variables: dict[str, Variable] = {}
    arrays: dict[str, np.ndarray] = {}
    for place, part in layout.parts(model):
        if _is_optimizer(part):
            continue
        own = layout.own_variables(part)
        stored = store.of(place)
        for name in (vocabularies.IDF, vocabularies.LEARNED):
            stored.pop(name, None)
        named = {str(i): paths[id(v)] for i, v in enumerate(own)}
        variables.update({paths[id(v)]: v for v in own})
        if not own and _holds_none(part):
            continue
        for name, array in stored.items():
            arrays[named.get(name, f"{place}/{name}")] = read(array)
    arrays.update({place: np.zeros(()) for place in store.unasked()})
    fitting.assign(variables, arrays, store.where, skip_mismatch)
    mark_adapted(model)


def mark_adapted(model: Any) -> None:
    """Lets statistics from a file of Keras's count: it may say that none were learned."""
    for layer in model.all_layers():
        if isinstance(layer, Normalization) and layer.missing() is not None:
            layer._count.assign(1)


def _holds_none(part: Any) -> bool:
    """Whether what Keras keeps for a layer is in its configuration here."""
    return hasattr(part, "bin_boundaries")


def assign_optimizer(model: Any, store: Store) -> None:
    """Puts the state of an optimizer into that of a model, which it builds, where there is one.

    Raises:
        FileFormatError: it is that of another optimizer.
    """
    for place, part in layout.parts(model):
        stored = store.of(place) if _is_optimizer(part) else {}
        # Before its first step Keras's has the count and the rate only.
        if len(stored) <= 2 and not _has_begun(stored):
            continue
        if not part.built:
            part.build(model.trainable_variables)
        slots = {str(i): v for i, v in enumerate(layout.slots(part))}
        own = {name: v for name, v in slots.items() if isinstance(v, Variable)}
        unused = set(slots) - set(own)
        try:
            arrays = {name: read(a) for name, a in stored.items() if name not in unused}
            fitting.assign(own, arrays, store.where)
        except InputError as error:
            raise FileFormatError(
                f"{store.where}: the optimizer's state does not fit the optimizer: {error}. With "
                "compile=False the model loads without it"
            ) from error


def assign_optimizer_if_it_fits(model: Any, store: Store) -> None:
    """Puts the state of an optimizer into that of a model that has one of the same form."""
    with contextlib.suppress(FileFormatError):
        assign_optimizer(model, store)


def _has_begun(stored: dict[str, Array]) -> bool:
    count = stored.get("0")
    return count is not None and bool(np.any(read(count)))
