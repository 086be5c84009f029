"""What computes with NumPy on the host: layers that take text, and what a model has of them.

jax has no text, so layers that take it (and those that look things up) run before the compiled
part of a model, once over all that came in. `Prepared` is what they leave for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes
from myelin.errors import InputError
from myelin.layers import symbolic
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape
from myelin.layers.symbolic import KerasTensor


@jax.tree_util.register_pytree_with_keys_class
class Prepared:
    """The arrays with which the compiled part of a model begins; a tree of arrays to jax.

    Args:
        values: an array for each place where that part begins.
        names: of those places, for errors.
        came_as: the shape and type of each input that they were made of.
    """

    def __init__(
        self,
        values: Sequence[Any],
        names: Sequence[str],
        came_as: Sequence[tuple[Shape, str]],
    ) -> None:
        self.values = list(values)
        self.names = tuple(names)
        self.came_as = tuple(came_as)

    def tree_flatten_with_keys(self) -> tuple[list[tuple[Any, Any]], Any]:
        """The arrays with their names, as jax asks for them."""
        keys = map(jax.tree_util.DictKey, self.names)
        return list(zip(keys, self.values, strict=True)), (self.names, self.came_as)

    @classmethod
    def tree_unflatten(cls, rest: Any, values: Sequence[Any]) -> Prepared:
        """The same with other arrays, or whatever jax has in their place."""
        return cls(values, *rest)


class HostLayer(Layer):
    """A layer that computes with NumPy on the host; `call` takes and gives NumPy arrays.

    Called by itself it gives jax arrays of numbers, and NumPy arrays of text. At the beginning of
    a model it runs once over all data, before the compiled part. It has no gradient.
    """

    on_host = True
    # What an input is for which nobody said the type.
    input_type = "string"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs for arrays, lists or text; promised outputs for promises.

        Raises:
            InputError: while jax compiles what it is in, or before it has learned what it needs.
        """
        kwargs.pop("training", None)
        inputs, *rest = args or [kwargs.pop(self._first_parameter())]
        if symbolic.tensors_in((inputs, rest, kwargs)):
            return symbolic.call(self, (inputs, *rest), kwargs)
        outputs = self.computed(inputs, *rest, **kwargs)
        return jax.tree.map(self._handed_out, outputs)

    def computed(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs as NumPy arrays."""
        if (missing := self.missing()) is not None:
            raise InputError(f"{self.title}: {missing}")
        arrays = self._as_arrays(inputs)
        if not self.built:
            self._build_for(jax.tree.map(np.shape, arrays))
        return self.call(arrays, *args, **kwargs)

    def _as_arrays(self, inputs: Any) -> Any:
        return host_array(inputs, self.title)

    def _handed_out(self, array: np.ndarray) -> Any:
        if array.dtype.kind == "O":
            return array
        return jnp.asarray(array.astype(self.output_type) if _is_small(array) else array)

    @property
    def output_type(self) -> str:
        """The type that it promises."""
        return "int32"

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The promise for a promise, or for a list of them."""
        shape = self.compute_output_shape(symbolic.shapes_of(args[0]))
        return KerasTensor(shape, self.output_type)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the inputs, where a subclass says nothing else."""
        return tuple(input_shape)

    def learned(self) -> dict[str, Any]:
        """What it learned or was given to look things up in, as plain JSON values."""
        return {}

    def take_learned(self, learned: Any) -> None:
        """Puts back what `learned` gave."""

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape it was built for, and what it learned."""
        return {**(super().get_build_config() or {}), "learned": self.learned()}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Takes what `get_build_config` gave."""
        self.take_learned(config.get("learned"))
        super().build_from_config(config)

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """A new layer from what `get_config` gave, here or in Keras.

        Raises:
            InputError: it names a file to read a vocabulary from, as no `get_config` does.
        """
        config = dict(config)
        if isinstance(config.get("vocabulary"), str):
            raise InputError(
                f"{cls.__name__}: a configuration may hold a vocabulary, not the name of a file "
                f"with one: {config['vocabulary']!r}"
            )
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = config["dtype"]["config"]["name"]
        return super().from_config(config)


def _is_small(array: np.ndarray) -> bool:
    """Whether it is in bytes or the like to save room until it is computed with."""
    return array.dtype.kind in "bu" or array.dtype.itemsize < 4


def host_array(value: Any, name: str) -> np.ndarray:
    """An array of numbers in NumPy, or of text as Python objects.

    Args:
        value: an array of any package, a frame's column, a list, a number or a text.
        name: what to call it in an error.

    Raises:
        InputError: rows of different lengths.
    """
    if isinstance(value, jax.core.Tracer):
        raise InputError(
            f"{name} computes with NumPy on the host, so it cannot be compiled into a step. Put "
            "it first in a Sequential, or right behind Input in a functional model, or run it in "
            "the dataset: ds.map(lambda x, y: (layer(x), y))"
        )
    if type(value).__module__.partition(".")[0] in ("pandas", "polars"):
        value = value.to_numpy()
    if isinstance(value, str | bytes) or _first_leaf_is_text(value):
        # As objects, since NumPy would give each text the room of the longest.
        array = np.array(value, dtype=object)
        if array.size and isinstance(array.flat[0], list | tuple):
            raise InputError(f"{name}: the rows differ in length; make them one text each")
        return array
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"{name}: the rows differ in length: {error}") from None
    return array.astype(object) if array.dtype.kind in "UST" else array


def _first_leaf_is_text(value: Any) -> bool:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, str | bytes)


def is_text(array: Any) -> bool:
    """Whether an array holds text, or objects that may be text."""
    return getattr(array, "dtype", None) is not None and array.dtype.kind in "OUST"


def as_bytes(array: np.ndarray, owner: str) -> list[bytes]:
    """All entries of an array of text, in UTF-8.

    Args:
        array: of any shape.
        owner: whose input it is, for errors.

    Raises:
        InputError: an entry that is no text.
    """
    entries: list[Any] = array.ravel().tolist()
    if not is_text(array):
        raise InputError(
            f"{owner}: wants text, got {array.dtype}. For whole numbers there is IntegerLookup; "
            "or make text of them with astype(str)"
        )
    try:
        # Bytes that are no UTF-8 come back as they were.
        return [t if type(t) is bytes else t.encode("utf-8", "surrogateescape") for t in entries]
    except (AttributeError, UnicodeEncodeError):
        entries = [entry for entry in entries if not isinstance(entry, str | bytes)] or entries
        raise InputError(
            f"{owner}: wants text, and among it is {entries[0]!r}. Fill or drop what is missing "
            'first, for instance with fillna("")'
        ) from None


def float_type() -> str:
    """The default float type, in which what is no index is promised."""
    return dtypes.floatx()
