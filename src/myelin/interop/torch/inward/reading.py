"""From a `Program` to a model: the walk over its calls."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError, MyelinError
from myelin.interop.torch.inward.program import Call, Program, Ref, Weight
from myelin.layers.core import Input
from myelin.layers.symbolic import KerasTensor
from myelin.models.functional import Functional
from myelin.models.sequential import Sequential

Entry = Callable[..., Any]


class Sizes:
    """A size that varies with the number of examples: `count` for each, and so many more."""

    def __init__(self, count: int = 1) -> None:
        self.count = count

    def __mul__(self, other: int) -> Sizes:
        return Sizes(self.count * other)

    __rmul__ = __mul__


class Reading:
    """What of a model there is so far: promises for the values of a program.

    Args:
        program: what is read.
        table: for the name of each operation, what it becomes; called with this, and with the
            operation's arguments by name.
    """

    def __init__(self, program: Program, table: Mapping[str, Entry]) -> None:
        self.program = program
        self._table = table
        self._values: dict[str, Any] = dict(program.weights)
        self._made: dict[str, tuple[tuple[str, str], Any]] = {}
        self._owners: dict[str, Any] = {}
        self._names: dict[str, int] = {}
        self._read: set[str] = set()
        # For each value, the names of those that share its numbers in torch.
        self._views: dict[str, set[str]] = {}
        self.call: Call = Call("", {}, "")
        self.inputs: list[Any] = []

    def model(self) -> Any:
        """The model: a `Sequential` where each layer takes what the one before gave."""
        for name, shape, dtype in self.program.inputs:
            promise = Input(batch_shape=shape, dtype=dtype, name=self.name(name))
            self._values[name] = promise
            self.inputs.append(promise)
        calls = self._live()
        for place, call in enumerate(calls):
            self.call = call
            self._take(call, calls[place + 1 :])
        outputs = jax.tree.map(self._of, self.program.outputs, is_leaf=lambda v: isinstance(v, Ref))
        inputs = self.inputs[0] if len(self.inputs) == 1 else self.inputs
        try:
            made = Functional(inputs, outputs, name=_as_name(self.program.name))
        except MyelinError as error:
            raise InputError(f"from_torch: {error}") from error
        return _as_row(made)

    def _live(self) -> list[Call]:
        """The calls that lead to the outputs; the names that they and the outputs read."""
        self._read = {ref.name for ref in _refs(self.program.outputs)}
        found = []
        for call in reversed(self.program.calls):
            in_place = call.target.removeprefix("aten.").partition(".")[0].endswith("_")
            if in_place or self._read & set(_names(call.outputs)):
                self._read |= {ref.name for ref in _refs(call.arguments)}
                found.append(call)
        return found[::-1]

    def reads(self, place: int) -> bool:
        """Whether anything reads one of the values that the present call gives."""
        outputs = self.call.outputs
        if not isinstance(outputs, str):
            return outputs[place] in self._read
        return any(
            call.target == "getitem" and call.outputs in self._read
            and (call.arguments["a"], call.arguments["b"]) == (Ref(outputs), place)
            for call in self.program.calls
        )  # fmt: skip

    def _take(self, call: Call, later: list[Call]) -> None:
        base, _, _ = call.target.removeprefix("aten.").partition(".")
        # Python's own operators stand between sizes.
        base = base if call.target.startswith("aten.") or base == "getitem" else f"sizes_{base}"
        in_place = base.endswith("_") and base.rstrip("_") in self._table
        entry = self._table.get(base.rstrip("_") if in_place else base)
        if entry is None:
            raise self.refused("has no form in Myelin")
        given = {name: self._of(value) for name, value in call.arguments.items()}
        taken = inspect.signature(entry).parameters
        # torch calls what is computed with now this, now that.
        for one, other in (("self", "input"), ("input", "self")):
            if one in given and one not in taken and other in taken:
                given[other] = given.pop(one)
        known = {name: value for name, value in given.items() if name in taken}
        strange = {k for k, v in given.items() if k not in taken and not _is_nothing(v)}
        if strange - _IGNORED:
            raise self.refused(f"is called with {', '.join(sorted(strange - _IGNORED))}")
        try:
            result = entry(self, **known)
        except MyelinError as error:
            if str(error).startswith("from_torch"):
                raise
            raise self.refused(f"cannot be had: {error}") from error
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise self.refused(f"has arguments that Myelin cannot follow: {error}") from error
        if isinstance(call.outputs, str):
            self._values[call.outputs] = result
        else:
            self._values.update(zip(call.outputs, result, strict=False))
        first = next(iter(call.arguments.values()), None)
        if base in _VIEWS and isinstance(first, Ref):
            group = self._views.setdefault(first.name, {first.name})
            for name in _names(call.outputs):
                group.add(name)
                self._views[name] = group
        if in_place:
            # Whoever reads what was changed in its place sees the change.
            self._change(first, result, later)

    def _change(self, changed: Any, result: Any, later: list[Call]) -> None:
        """Has a value be another from now on, where nothing that shares its memory is read on."""
        others = self._views.get(changed.name, set()) - {changed.name}
        read = {ref.name for ref in _refs([call.arguments for call in later])}
        read |= {ref.name for ref in _refs(self.program.outputs)}
        if others & read or isinstance(self._values[changed.name], Weight):
            raise self.refused(
                "changes numbers in their place that are read in another shape, too: give it a "
                "new tensor"
            )
        self._values[changed.name] = result

    def _of(self, value: Any) -> Any:
        if isinstance(value, Ref):
            return self._values[value.name]
        return [self._of(item) for item in value] if isinstance(value, list) else value

    # What an entry asks.

    def refused(self, why: str) -> InputError:
        """The error for the present call: the operation, where it stands, and why."""
        where = f' in "{self.call.path}"' if self.call.path else ""
        known = self.call.module.startswith("torch.nn.")
        kind = f" ({self.call.module.rpartition('.')[2]})" if known else ""
        return InputError(f"from_torch: {self.call.target}{where}{kind} {why}")

    def name(self, base: str = "") -> str | None:
        """A name for a layer that no other has, from one in torch; None where there is none."""
        plain = _as_name(base)
        if not plain:
            return None
        self._names[plain] = count = self._names.get(plain, -1) + 1
        return f"{plain}_{count}" if count else plain

    @property
    def own_name(self) -> str | None:
        """A name from the present submodule, where that is one of torch's own."""
        return self.name(self.call.path if self.call.module.startswith("torch.nn.") else "")

    def layer(
        self, weight: Any, make: Callable[[str | None], Any], key: Any, *inputs: Any,
        **arrays: Any,
    ) -> Any:  # fmt: skip
        """What a layer with weights gives, made once for each weight of torch's.

        Args:
            weight: the weight that the layer is known by.
            make: makes it, of a name.
            key: how it is made; where one weight is used in two ways, it cannot be.
            inputs: what it is called on.
            arrays: what its variables are, by their attributes; None for none.
        """
        if not isinstance(weight, Weight):
            raise self.refused("has a weight that is computed, not kept")
        made, fresh = self.once(weight, make, key)
        outputs = made(*inputs)
        if fresh:
            self.assign(made, arrays)
        return outputs

    def once(self, weight: Weight, make: Callable[[str | None], Any], key: Any) -> tuple[Any, bool]:
        """What `make` makes of a name for a weight, the first time, and whether this is that."""
        kind = (self.call.target, repr(key))
        fresh = weight.name not in self._made
        if fresh:
            self._made[weight.name] = kind, make(self.name(_stem(weight.name)))
        known, made = self._made[weight.name]
        if known != kind or weight.name in self._owners:
            raise self.refused(
                f"shares its weight {weight.name} with {known[0]}, which two layers cannot"
            )
        return made, fresh

    def assign(self, layer: Any, arrays: Mapping[str, Any]) -> None:
        """Gives the variables of a layer their values, and freezes it if torch's were."""
        given = {name: value for name, value in arrays.items() if value is not None}
        for name, value in given.items():
            variable: Any = layer
            for part in name.split("__"):
                variable = getattr(variable, part)
            variable.assign(array_of(value))
        trained = [v.trainable for v in given.values() if isinstance(v, Weight | Turned)]
        if trained and not any(trained):
            layer.trainable = False

    def value(self, given: Any) -> Any:
        """A promise or number for an argument: a weight becomes a layer that holds it."""
        if not isinstance(given, Weight):
            return given
        if given.array.ndim == 0 and not given.trainable:
            return given.array.item()
        from myelin.interop.torch.inward.weight import HeldWeight

        if given.name not in self._owners:
            # Without a warning of jax's, which has no int64 unless it is told to.
            array = given.array.astype(jax.dtypes.canonicalize_dtype(given.array.dtype))
            made = HeldWeight(array.shape, str(array.dtype), name=self.name(given.name))
            self._owners[given.name] = made(self.inputs[0])
            made.weight.assign(array)
            made.trainable = given.trainable
        if given.name in self._made:
            raise self.refused(
                f"shares its weight {given.name} with {self._made[given.name][0][0]}"
            )
        return self._owners[given.name]


class Turned:
    """Weights of torch's, turned into an array of another layout."""

    def __init__(self, function: Callable[..., np.ndarray], *weights: Any) -> None:
        self.array = function(*(array_of(weight) for weight in weights))
        self.trainable = any(getattr(weight, "trainable", False) for weight in weights)


def array_of(value: Any) -> np.ndarray:
    """The numbers of a weight."""
    return value.array if isinstance(value, Weight | Turned) else np.asarray(value)


# What says how torch computes, and not what.
_IGNORED = {
    "cudnn_enabled", "device", "layout", "pin_memory", "memory_format", "non_blocking", "copy",
    "scale_grad_by_freq", "path", "generator", "has_biases", "half_to_float",
}  # fmt: skip


# What gives the same numbers in torch, not copies.
_VIEWS = {
    "view", "reshape", "flatten", "unflatten", "permute", "transpose", "swapaxes", "t", "numpy_T",
    "movedim", "unsqueeze", "squeeze", "expand", "expand_as", "slice", "narrow", "select", "split",
    "split_with_sizes", "chunk", "unbind", "getitem", "alias", "detach", "contiguous",
}  # fmt: skip


def _refs(tree: Any) -> list[Ref]:
    """The names of values in a tree."""
    leaves = jax.tree.leaves(tree, is_leaf=lambda leaf: isinstance(leaf, Ref))
    return [leaf for leaf in leaves if isinstance(leaf, Ref)]


def _names(outputs: Any) -> list[str]:
    return [outputs] if isinstance(outputs, str) else list(outputs)


def _is_nothing(value: Any) -> bool:
    return value is None or value is False


def _stem(name: str) -> str:
    """The name of the submodule that a weight belongs to: `attn_in_proj` of a weight of that."""
    return re.sub(r"[._]?(weight|running_mean)(_ih_l\d+)?(_reverse)?$", "", name)


def _as_name(text: str) -> str:
    return re.sub(r"\W", "_", text).strip("_")


def _as_row(model: Functional) -> Any:
    """The same layers as a `Sequential`, where each takes what the one before gave."""
    from myelin.layers.operation import Operation

    graph = model.whole_graph()
    single = isinstance(graph.outputs, KerasTensor) and isinstance(graph.inputs, KerasTensor)
    if not single or not graph.is_a_row() or any(isinstance(s, Operation) for s in graph.steps):
        return model
    if any(node.kwargs or len(node.args) != 1 for node in graph.nodes[1:]):
        return model
    if any(len(tuple(jax.tree.leaves(node.outputs))) != 1 for node in graph.nodes):
        return model
    return Sequential(graph.layers, name=model.name)
