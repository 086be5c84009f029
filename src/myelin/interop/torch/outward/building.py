"""`Building`: a torch module put together while a model's layers are walked through."""

from __future__ import annotations

import contextlib
import inspect
import keyword
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import jax
import numpy as np
import torch
from torch import fx, nn

from myelin import dtypes
from myelin.errors import InputError
from myelin.interop.torch.outward import graphs
from myelin.layers.base import Layer
from myelin.layers.core import InputLayer, Lambda
from myelin.layers.operation import Operation
from myelin.layers.shapes import Shape
from myelin.layers.symbolic import KerasTensor, replaced, tensors_in
from myelin.models.graph import Graph
from myelin.models.model import Model
from myelin.variable import Variable

Proxy = Any
Entry = Callable[..., Any]


class Building:
    """What of a torch module is there so far: submodules, a graph of calls, masks and shapes.

    An entry of the table computes with proxies as if they were tensors; what it does is written
    down in the graph. Masks go beside proxies as they go beside arrays in `layers.masks`.

    Args:
        model: what is walked through.
        layers: what each class of layers becomes.
        masks: what the mask of a layer's outputs is, where it is not that of its inputs.
        operation: what an operation becomes.
        trains: whether the module may be in its training mode; False for a program, which has one
            mode for good.
    """

    def __init__(
        self,
        model: Any,
        layers: Mapping[type, Entry],
        masks: Mapping[type, Entry],
        operation: Entry,
        trains: bool = True,
    ) -> None:
        self.trains = trains
        self.root = nn.Module()
        self.graph = fx.Graph()
        self._tracer = fx.proxy.GraphAppendingTracer(self.graph)
        self._layers, self._mask_rules, self._operation = layers, masks, operation
        self._trainable = {id(variable) for variable in model.trainable_variables}
        self._variables = {id(variable.value): variable for variable in model.variables}
        self._paths: dict[tuple[int, str], str] = {}
        self._prefix: list[str] = []
        self._shapes: dict[Any, Shape] = {}
        self._masks: dict[Any, Any] = {}
        # What was promised to be no floats.
        self._whole: set[Any] = set()
        # What was found by `id` must not go, or another could take its place.
        self._kept: list[Any] = []
        # The shape that the call of the present layer promises, where it gives one value.
        self._promised: Shape | None = None
        # Whether layers train: True or False where a call said so, else as the module does.
        self.mode: bool | None = None

    # The walk.

    def run(self, graph: Graph, inputs: list[Any], from_module: Collection[int] = ()) -> Any:
        """What comes out of a graph for what comes in; the outputs as a tree.

        Args:
            graph: the calls.
            inputs: a value for each of its inputs.
            from_module: calls, by `id`, whose `training` is the module's own.
        """
        values: dict[int, Any] = {}
        for tensor, value in zip(graph.input_tensors, inputs, strict=True):
            values[id(tensor)] = self._noted(value, tensor)

        def value_of(tensor: KerasTensor) -> Any:
            return values[id(graph.known_as(tensor))]

        for node in graph.nodes:
            if isinstance(node.layer, InputLayer):
                continue
            args, kwargs = replaced((node.args, node.kwargs), value_of)
            if id(node) in from_module:
                kwargs = {name: value for name, value in kwargs.items() if name != "training"}
            promised = tensors_in(node.outputs)
            shape = promised[0].shape if len(promised) == 1 else None
            leaves = leaves_of(self.call(node.layer, args, kwargs, shape))
            for tensor, value in zip(promised, leaves, strict=True):
                values[id(tensor)] = self._noted(value, tensor)
        return replaced(graph.outputs, value_of)

    def call(
        self, layer: Any, args: Any, kwargs: Mapping[str, Any], promised: Shape | None = None
    ) -> Any:
        """What a layer gives for proxies, with the mask that belongs to it.

        Args:
            layer: what is called.
            args, kwargs: what with.
            promised: the shape of what it gives, where that is one value.
        """
        _check_type(layer)
        self._promised = promised
        given = {name: value for name, value in kwargs.items() if value is not None}
        with self.training(given.pop("training", None)), self.inside(layer):
            if isinstance(layer, Operation):
                return self._operation(self, layer, args, given)
            said = given.pop("mask", None)
            mask = self.mask_of(args[0]) if said is None else said
            entry = self._layers.get(type(layer))
            if entry is None:
                outputs = self._inner(layer, args, given, mask)
            else:
                if "mask" in inspect.signature(entry).parameters:
                    given["mask"] = mask
                outputs = self._entered(entry, layer, args, given)
        if layer.supports_masking:
            self._hand_on(layer, args[0], outputs, mask)
        return outputs

    def _entered(self, entry: Entry, layer: Any, args: Any, given: dict[str, Any]) -> Any:
        try:
            inspect.signature(entry).bind(self, layer, *args, **given)
        except TypeError:
            said = ", ".join(given) or f"{len(args)} arguments"
            raise refused(
                layer, f"is called with {said}, for which there is no torch form"
            ) from None
        return entry(self, layer, *args, **given)

    def _inner(self, layer: Any, args: Any, kwargs: dict[str, Any], mask: Any) -> Any:
        """What a layer without an entry gives: the calls that it makes of other layers."""
        if isinstance(layer, Model) and graphs.has_graph(layer):
            return self.run(layer.whole_graph(), layer.inputs_in_order(args[0]))
        if type(layer).__module__.startswith("myelin.") and type(layer) is not Lambda:
            raise refused(
                layer,
                "is not in Myelin's table for PyTorch: leave it out of the model, or do its work "
                "beforehand",
            )
        own = type(layer).compute_mask is not Layer.compute_mask
        if mask is not None and ((own and layer.supports_masking) or layer._call_takes("mask")):
            raise refused(layer, "computes with a mask in a way of its own")
        promise = lambda leaf: KerasTensor(self.shape(leaf))  # noqa: E731
        promised = jax.tree.map(promise, (args, kwargs), is_leaf=is_proxy)
        proxies = [leaf for leaf in leaves_of((args, kwargs)) if is_proxy(leaf)]
        graph, from_module = graphs.of_call(layer, *promised)
        return self.run(graph, proxies, from_module)

    def _hand_on(self, layer: Any, inputs: Any, outputs: Any, mask: Any) -> None:
        leaves = leaves_of(outputs)
        if all(self.mask_of(leaf) is not None for leaf in leaves):
            return
        rule = self._mask_rules.get(type(layer))
        found = mask if rule is None else rule(self, layer, inputs, mask)
        each = list(found) if isinstance(found, list | tuple) else [found]
        for leaf, own in zip(leaves, each, strict=False):
            if own is not None:
                self.set_mask(leaf, own)

    # What an entry asks.

    def shape(self, value: Proxy) -> Shape:
        """The shape that was promised, with None for sizes that may vary."""
        return self._shapes[value.node]

    def note(self, value: Proxy, shape: Any) -> Proxy:
        """The value, whose shape is known from now on."""
        self._shapes[value.node] = tuple(shape)
        return value

    def floats(self, value: Proxy) -> Proxy:
        """The value as floats, where it was promised to be something else."""
        whole = value.node in self._whole
        return self.note(value.float(), self.shape(value)) if whole else value

    def traced(self, layer: Any, function: Callable[..., Any], x: Proxy) -> Any:
        """What a function of the user's own gives, which computes with layers and `myelin.ops`."""
        shape = self._shapes.get(x.node, self._promised)
        if shape is None:
            raise refused(layer, "has a function of its own where the shape is not known")
        graph = graphs.of_function(layer, function, KerasTensor(shape))
        return self.run(graph, [x])

    def variable_of(self, value: Any) -> Variable | None:
        """The variable that a value is, or whose present numbers it is; None where it is neither.

        `x + self.bias` hands the promise the numbers of the variable, not the variable.
        """
        if isinstance(value, Variable):
            return value
        return self._variables.get(id(value)) if isinstance(value, jax.Array) else None

    def mask_of(self, value: Any) -> Any:
        """The mask beside a value, or None; for a list of them a list, or None for none."""
        if isinstance(value, list | tuple | dict):
            found = [self.mask_of(leaf) for leaf in leaves_of(value)]
            return None if all(one is None for one in found) else found
        return self._masks.get(value.node)

    def set_mask(self, value: Proxy, mask: Proxy) -> None:
        """Has a mask belong to a value."""
        self._masks[value.node] = mask

    def module(self, layer: Any, make: Callable[[], nn.Module], part: str = "") -> Entry:
        """A submodule as a function of proxies: made once for a layer, however often it is called.

        Args:
            layer: whose it is; it gives the name.
            make: makes it.
            part: its own name among several of one layer.
        """
        key = id(layer), part
        if key not in self._paths:
            self._paths[key] = path = self._free_path(part)
            place, _, name = path.rpartition(".")
            self._at(place).add_module(name, make())
        path = self._paths[key]
        return lambda *args, **kwargs: self._proxy("call_module", path, args, kwargs)

    def path(self, layer: Any, part: str = "") -> str:
        """Where a submodule is that was made before."""
        return self._paths[id(layer), part]

    def weight(self, layer: Any) -> Proxy:
        """The weight of a layer's submodule that was made before."""
        return self._proxy("get_attr", f"{self.path(layer)}.weight", (), {})

    def parameter(self, layer: Any, name: str, value: Any) -> Proxy:
        """A variable as a parameter, or an array as a buffer, of the layer's own."""
        key = id(layer), f"{name}()"
        if key not in self._paths:
            self._kept.append(layer)
            owner = self._at(".".join(self._prefix))
            while hasattr(owner, name):
                name += "_"
            made = self.tensor(value)
            if isinstance(made, nn.Parameter):
                owner.register_parameter(name, made)
            else:
                owner.register_buffer(name, made)
            self._paths[key] = ".".join((*self._prefix, name))
        return self._proxy("get_attr", self._paths[key], (), {})

    def constant(self, array: np.ndarray) -> Proxy:
        """Numbers of which there is no variable, as a buffer."""
        return self.parameter(array, "constant", array)

    def tensor(self, value: Any, turned: Callable[[np.ndarray], Any] = np.asarray) -> Any:
        """A torch tensor of its own: a parameter for a variable that trains, unless it is frozen.

        Args:
            value: a variable or an array.
            turned: what torch wants in the place of the array.
        """
        made = torch.from_numpy(np.array(turned(np.asarray(value)), order="C"))
        if not isinstance(value, Variable) or not value.trainable:
            return made
        return nn.Parameter(made, requires_grad=id(value) in self._trainable)

    def filled(self, module: nn.Module, **tensors: Any) -> nn.Module:
        """A module that was made on the meta device, with tensors in the place of its own."""
        for name, tensor in tensors.items():
            if tensor is not None:
                kept = isinstance(getattr(module, name), nn.Parameter)
                frozen = kept and not isinstance(tensor, nn.Parameter)
                made = nn.Parameter(tensor, requires_grad=False) if frozen else tensor
                setattr(module, name, made)
        return module

    @contextlib.contextmanager
    def inside(self, layer: Any) -> Iterator[None]:
        """A block in which submodules and parameters stand under the layer's name."""
        if isinstance(layer, Operation):
            yield
            return
        self._prefix.append(_as_name(layer.name))
        try:
            yield
        finally:
            self._prefix.pop()

    @contextlib.contextmanager
    def training(self, said: Any) -> Iterator[None]:
        """A block in which layers train, or do not, or as before where nothing is said."""
        before = self.mode
        self.mode = before if said is None else bool(said)
        try:
            yield
        finally:
            self.mode = before

    def placeholder(self, name: str, tensor: KerasTensor) -> Proxy:
        """An argument of the module's `forward`."""
        return self._noted(self._proxy("placeholder", _as_name(name), (), {}), tensor)

    # Its own.

    def _proxy(self, kind: str, target: str, args: Any, kwargs: Any) -> Proxy:
        return self._tracer.create_proxy(kind, target, tuple(args), dict(kwargs))

    def _noted(self, value: Any, tensor: KerasTensor) -> Any:
        if not is_proxy(value):
            return value
        if not dtypes.is_float(tensor.dtype):
            self._whole.add(value.node)
        return self.note(value, tensor.shape)

    def _free_path(self, part: str) -> str:
        """A path that no other submodule has."""
        *above, name = [*self._prefix, part] if part else self._prefix
        while hasattr(self._at(".".join(above)), name):
            name += "_"
        return ".".join((*above, name))

    def _at(self, path: str) -> nn.Module:
        """The submodule at a path, made where there is none."""
        found = self.root
        for name in path.split(".") if path else ():
            if name not in found._modules:
                found.add_module(name, nn.Module())
            found = found._modules[name]
        return found


def is_proxy(value: Any) -> bool:
    """Whether a value stands for a tensor."""
    return isinstance(value, fx.Proxy)


def leaves_of(tree: Any) -> list[Any]:
    """The leaves of a tree of proxies, in order."""
    return jax.tree.leaves(tree, is_leaf=is_proxy)


def refused(layer: Any, why: str) -> InputError:
    """The error for a layer that torch cannot have: which one, and why."""
    return InputError(f"to_torch: {layer.title} {why}")


def _check_type(layer: Any) -> None:
    policy = getattr(layer, "dtype_policy", None)
    computes = "float32" if policy is None else policy.compute_dtype
    if dtypes.is_float(computes) and computes != "float32" and not isinstance(layer, Operation):
        raise refused(
            layer,
            f"computes in {computes}, and the module would in float32: build the model with the "
            'policy "float32", load its weights, and use torch.autocast for short types',
        )


def _as_name(name: str) -> str:
    """A layer's name as that of a submodule or an argument, which Python and torch leave free."""
    plain = re.sub(r"\W", "_", name)
    plain = f"_{plain}" if not plain or plain[0].isdigit() else plain
    taken = keyword.iskeyword(plain) or hasattr(_ANY_MODULE, plain)
    return f"{plain}_" if taken else plain


_ANY_MODULE = fx.GraphModule(nn.Module(), fx.Graph())
