"""`Reader`: what people pass as inputs, targets and weights, read for one model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError, ShapeError, unknown_name
from myelin.layers.hosting import Prepared, host_array
from myelin.layers.shapes import is_shape
from myelin.training import checks
from myelin.training.conversion import as_array
from myelin.training.data import (
    Arrays,
    Stream,
    is_stream,
    rows,
    stream_length,
    weigh_classes,
)
from myelin.training.outputs import Outputs


class Reader:
    """Makes `Arrays` of what people hold their data in, and says what is wrong with them.

    Args:
        model: the trainer that the data are for; it is built for the first inputs that are read.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._outputs: Outputs | None = None

    @functools.cached_property
    def _has_own_steps(self) -> bool:
        # Kept, because a stream asks for every batch.
        return bool(self.model.has_own_steps)

    def inputs(self, x: Any) -> Any:
        """The inputs: one array, or a tree of arrays whose rows match.

        Args:
            x: anything that holds an array; for several inputs a list or tuple in order, or a
                dictionary or a frame by name.

        Raises:
            InputError: no examples, or something that is no array.
            ShapeError: lengths that differ.
            UnknownNameError: a key that names no input.
        """
        if isinstance(x, Prepared):
            return x
        # Text is for the part of a model on the host, which runs here, before all else.
        on_host = getattr(self.model, "begins_on_host", False)
        read_one = host_array if on_host else as_array
        names = getattr(self.model, "input_names", None) or []
        if len(names) > 1 and hasattr(x, "columns"):
            x = {name: x[name] for name in names if name in x.columns}
        if isinstance(x, Mapping):
            x = self._by_name(x)
        if isinstance(x, Mapping) or (isinstance(x, list | tuple) and self._are_several(x)):
            read: Any = _tree(x, "x", read_one)
        else:
            if isinstance(x, list) and len(x) == 1 and getattr(x[0], "ndim", 0) > 1:
                x = x[0]
            read = read_one(x, "x")
            read = read[:, None] if read.ndim == 1 else read
        self._check_rows(self._labelled_inputs(read))
        return self.model.prepared(read) if on_host else read

    def _by_name(self, x: Mapping[str, Any]) -> Any:
        """Inputs given by name, once each name is known and none is missing."""
        names = getattr(self.model, "input_names", None)
        if names is None:
            return next(iter(x.values())) if self.model.takes_one_array and len(x) == 1 else x
        for key in x:
            if key not in names:
                raise unknown_name("input", key, names)
        missing = [f'"{name}"' for name in names if name not in x]
        if missing:
            raise InputError(f"x: {self.model.title} also wants the input {', '.join(missing)}")
        return x if len(names) > 1 else x[names[0]]

    def _are_several(self, x: Any) -> bool:
        """Whether a list holds an array for each of several inputs, not the rows of one."""
        if not x or not all(item is None or _holds_arrays(item) for item in x):
            return False
        model = self.model
        if (names := getattr(model, "input_names", None)) is not None:
            return len(names) > 1
        if model.built and model._build_shape is not None:
            return not is_shape(model._build_shape)
        return not model.takes_one_array

    def examples(self, x: Any, y: Any = None, weight: Any = None) -> Arrays:
        """Inputs with their targets and weights.

        Args:
            x: see `inputs`.
            y: the targets; for several outputs a list, or a dictionary by name.
            weight: one weight per example; for several outputs also as `y`.

        Raises:
            InputError: no examples, something that is no array, or entries that do not fit the
                outputs.
            ShapeError: lengths that differ.
            UnknownNameError: a key that names no input or output.
        """
        x = self.inputs(x)
        if self._has_own_steps:
            # What the targets are for, only the model's own step knows.
            y = None if y is None else _tree(y, "y")
            weight = None if weight is None else _tree(weight, "sample_weight")
            arrays = Arrays(x, y, weight)
            self._check_rows(self.labelled(arrays))
            return arrays
        if self._outputs is None:
            self._outputs = self.model.outputs_for(x)
        arrays = Arrays(x, self._targets(y, rows(x)), self._weights(weight))
        self._check_rows(self.labelled(arrays))
        return arrays

    @property
    def outputs(self) -> Outputs:
        """The outputs of the model, once examples were read."""
        assert self._outputs is not None
        return self._outputs

    def _targets(self, y: Any, examples: int) -> Any:
        if y is None:
            return None
        outputs = self.outputs
        if outputs.sole:
            return as_array(_sole(y, outputs, "y", examples), "y")
        losses = self.model._objective.losses_of(outputs) if self.model._objective else []
        chasing = [index for index, loss in enumerate(losses) if loss is not None]
        each = y if isinstance(y, list | tuple) else [y]
        if not isinstance(y, Mapping) and len(each) == len(chasing) < len(outputs):
            # As in Keras, outputs without a loss may be left out.
            placed = dict(zip(chasing, each, strict=True))
            each = [placed.get(index) for index in range(len(outputs))]
        else:
            each = outputs.spread(y, "y")
        return tuple(map(_read_entry, each, _labels("y", outputs)))

    def _weights(self, weight: Any) -> Any:
        if weight is None:
            return None
        outputs = self.outputs
        by_output = isinstance(weight, Mapping) or (
            isinstance(weight, list | tuple) and any(map(_holds_arrays, weight))
        )
        if outputs.sole or not by_output:
            if by_output:
                weight = outputs.spread(weight, "sample_weight")[0]
            read = as_array(weight, "sample_weight")
            if not outputs.sole and read.ndim > 1 and read.shape[1:] != (1,):
                raise ShapeError(
                    f"sample_weight: one array for {len(outputs)} outputs wants the shape (n,), "
                    f"got {read.shape}; else give {outputs.wanted}"
                )
            return read
        each = outputs.spread(weight, "sample_weight")
        return tuple(map(_read_entry, each, _labels("sample_weight", outputs)))

    def batch(self, item: Any) -> Arrays:
        """One batch of a stream: `x`, `(x, y)` or `(x, y, sample_weight)`."""
        return self.examples(*_parts(item))

    def batch_inputs(self, item: Any) -> Arrays:
        """The inputs alone of one batch of a stream."""
        return Arrays(self.inputs(_parts(item)[0]))

    def table(self, columns: Any) -> Arrays:
        """The rows of a data set in memory: `x`, `(x, y)` or `(x, y, sample_weight)`."""
        return self.examples(*_parts(columns))

    def stream(self, batches: Any, steps: int | None = None, class_weight: Any = None) -> Stream:
        """The batches of an iterable, `steps` of them an epoch.

        Raises:
            InputError: `class_weight="balanced"`, which wants all labels at once.
        """
        if class_weight == "balanced":
            raise InputError(
                'class_weight="balanced" wants all labels at once: with an iterable of batches '
                "give a dictionary {class: weight}"
            )
        read = self.batch
        if class_weight is not None:

            def read(item: Any) -> Arrays:
                return weigh_classes(self.batch(item), class_weight)

        return Stream(batches, read, steps if steps else stream_length(batches))

    def validation(self, given: Any) -> Arrays | Stream | None:
        """What `validation_data` stands for.

        Raises:
            InputError: it is neither a tuple of arrays nor an iterable of batches.
        """
        if given is None:
            return None
        if is_stream(given):
            return self.stream(given)
        if not isinstance(given, tuple | list) or not 1 <= len(given) <= 3:
            raise InputError("validation_data wants (x, y) or (x, y, sample_weight)")
        return self.examples(*given)

    def check_finite(self, arrays: Arrays) -> None:
        """Raises InputError where inputs, targets or weights hold NaN or infinity."""
        for label, array in self.labelled(arrays):
            checks.finite(label, array)

    def labelled(self, arrays: Arrays) -> Iterator[tuple[str, Any]]:
        """All arrays, with what errors call them."""
        yield from self._labelled_inputs(arrays.x)
        for what, part in (("y", arrays.y), ("sample_weight", arrays.weight)):
            if self._outputs is None:
                leaves = jax.tree_util.tree_leaves_with_path(part)
                yield from ((what + _way_text(way), leaf) for way, leaf in leaves)
            elif isinstance(part, tuple):
                pairs = zip(_labels(what, self.outputs), part, strict=True)
                yield from (pair for pair in pairs if pair[1] is not None)
            elif part is not None:
                yield what, part

    def _labelled_inputs(self, x: Any) -> Iterator[tuple[str, Any]]:
        found = jax.tree_util.tree_leaves_with_path(x, is_leaf=lambda leaf: leaf is None)
        names = getattr(self.model, "input_names", None) or []
        for index, (way, array) in enumerate(found):
            if array is None:
                continue
            if isinstance(x, list | tuple) and len(names) == len(found):
                yield f'x["{names[index]}"]', array
            else:
                yield "x" + _way_text(way), array

    def _check_rows(self, labelled: Iterator[tuple[str, Any]]) -> None:
        first, x = next(labelled, ("x", np.empty(0)))
        if len(x) == 0:
            raise InputError(f"{first}: holds no examples")
        for label, array in labelled:
            if len(array) != len(x):
                raise ShapeError(
                    f"{first} and {label} differ in length: {len(x)} examples against {len(array)}"
                )


def _parts(item: Any) -> tuple[Any, ...]:
    # PyTorch's loaders give lists.
    parts = tuple(item) if isinstance(item, tuple | list) else (item,)
    if not 1 <= len(parts) <= 3:
        raise InputError(
            f"a stream gives x, (x, y) or (x, y, sample_weight), got {len(parts)} parts"
        )
    return parts


def _sole(y: Any, outputs: Outputs, what: str, examples: int) -> Any:
    """The targets of the one output, out of a dictionary or a list of one array."""
    if isinstance(y, Mapping):
        return outputs.spread(y, what)[0]
    wrapped = isinstance(y, list | tuple) and len(y) == 1 and _holds_arrays(y[0])
    return y[0] if wrapped and len(y[0]) == examples else y


def _holds_arrays(value: Any) -> bool:
    """Whether `value` is an array with axes, or a list or dictionary of such."""
    if isinstance(value, Mapping):
        return True
    if isinstance(value, list | tuple):
        return bool(value) and all(map(_holds_arrays, value))
    return getattr(value, "ndim", 0) >= 1


def _tree(value: Any, label: str, read_one: Callable[[Any, str], Any] = as_array) -> Any:
    """A tree of arrays of the same structure, each named by its way in errors.

    None, for an optional input, stays.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {key: _tree(item, f'{label}["{key}"]', read_one) for key, item in value.items()}
    several = isinstance(value, list | tuple) and bool(value)
    if several and all(item is None or _holds_arrays(item) for item in value):
        read = [_tree(item, f"{label}[{index}]", read_one) for index, item in enumerate(value)]
        return tuple(read) if isinstance(value, tuple) else read
    return read_one(value, label)


def _read_entry(value: Any, label: str) -> Any:
    return None if value is None else as_array(value, label)


def _way_text(way: Any) -> str:
    return jax.tree_util.keystr(way).replace("'", '"')


def _labels(what: str, outputs: Outputs) -> list[str]:
    return [f'{what}["{name}"]' for name in outputs.names]
