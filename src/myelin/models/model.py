"""`Model`: a trainer with a name, a table of its layers, and a file to live in."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import jax

from myelin import loading, registry, saving
from myelin.errors import InputError, NotBuiltError
from myelin.layers.base import Layer
from myelin.layers.hosting import Prepared
from myelin.layers.shapes import as_tuples, is_shape
from myelin.layers.symbolic import SIZES, KerasTensor, shapes_of, tensors_in
from myelin.models.graph import Graph, layer_of
from myelin.models.host import HostPart, begins_on_host, host_arrays
from myelin.models.rowwise import examples_at_a_time
from myelin.models.summary import print_summary
from myelin.training.trainer import Trainer


class Model(Trainer):
    """Layers put together, with `compile`, `fit`, `evaluate`, `predict` and `save`.

    `Model(inputs, outputs)` is the model between what `Input` gave and what layers called on it
    gave; see `Functional`. `Sequential` is the model of layers in a row. A subclass makes its
    layers in `__init__` and calls them in `call`.

    Args:
        inputs, outputs: promises, or trees of them; both or neither.
        name: its name.
        trainable: whether gradients reach its weights.
        kwargs: as for `Layer`.
    """

    _graph: Graph | None = None
    _host_part: HostPart | None = None
    # The layers inside say.
    supports_masking = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        if cls is Model and (args or "inputs" in kwargs or "outputs" in kwargs):
            from myelin.models.functional import Functional

            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, inputs: Any = None, outputs: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if (inputs is None) != (outputs is None):
            raise InputError("Model wants inputs and outputs, or neither of them")
        if inputs is not None:
            self._graph = Graph(inputs, outputs)
            self._build_shape = shapes_of(self._graph.inputs)
            self.built = True
            self.name_variables("", set())

    def build(self, input_shape: Any) -> None:
        """Builds the layers of a subclass, by following `call` on inputs of a shape.

        Args:
            input_shape: batch axis first, None where unknown; a tree of shapes for several inputs.
        """
        if self._graph is not None or type(self).build is not Model.build:
            return
        self.built = True
        unbuilt = [layer for layer in self.all_layers() if not layer.built]
        try:
            self.compute_output_shape(as_tuples(input_shape))
        except Exception as error:
            # What its inputs are beside their shape, only a call on data tells.
            warnings.warn(
                f"{self.title}: build could not follow call on inputs of shape {input_shape} "
                f"({error}); its layers are built when it is first called",
                stacklevel=3,
            )
        for layer in unbuilt:
            shape = layer._build_shape
            # They saw a batch of a size that stood for None.
            if is_shape(shape) and shape[:1] == (SIZES[0][0],):
                layer._build_shape = (None, *shape[1:])

    def _build_for(self, shape: Any) -> None:
        if type(self).build is not Model.build:
            super()._build_for(shape)
        else:
            # The call that this is for builds the layers inside.
            self._build_shape, self.built = shape, True

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The outputs of the graph, or what a subclass says."""
        if self._graph is None:
            raise InputError(f"{self.title}: a subclass of Model wants a method call(self, inputs)")

        def called(layer: Layer, args: Any, kwargs: Any) -> Any:
            return layer(*args, **{"training": training, **kwargs})

        graph = self.host_part().rest if isinstance(inputs, Prepared) else self._graph
        # None is an optional input that is not there.
        return graph.run(jax.tree.leaves(inputs, is_leaf=lambda leaf: leaf is None), called)

    def _as_inputs(self, inputs: Any) -> Any:
        """For a graph, an array for each of its inputs, in order."""
        if self._graph is None:
            return super()._as_inputs(inputs)
        if self.begins_on_host:
            return self.host_part().begun(self.prepared(inputs), self)
        arrays = _in_order(self, inputs, self._graph.inputs, self.input_names)
        return [
            layer.admit(jax.tree.map(self._as_input, array), self, f' as "{layer.name}"')
            for layer, array in zip(self._graph.input_layers, arrays, strict=True)
        ]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape, or tree of shapes, of the outputs for inputs of `input_shape`."""
        graph = self._graph
        if graph is None:
            return super().compute_output_shape(input_shape)
        if isinstance(input_shape, Prepared):
            return shapes_of(graph.outputs)
        shapes = _in_order(self, input_shape, graph.inputs, self.input_names, is_shape)
        tensors = graph.input_tensors
        outputs = graph.outputs
        # An optional input that is not given changes no shape.
        shapes = [t.shape if s is None else s for s, t in zip(shapes, tensors, strict=True)]
        if [tuple(shape) for shape in shapes] != [tensor.shape for tensor in tensors]:
            given = [KerasTensor(s, t.dtype) for s, t in zip(shapes, tensors, strict=True)]
            outputs = graph.run(
                given, lambda layer, args, kwargs: layer.compute_output_spec(*args, **kwargs)
            )
        return shapes_of(outputs)

    @property
    def begins_on_host(self) -> bool:
        """Whether it has layers that compute on the host, before the compiled part."""
        graph = self._graph
        return graph is not None and any(s.on_host or begins_on_host(s) for s in graph.steps)

    def usual_rows(self) -> int:
        """How many examples `predict` takes at a time where nobody says."""
        return examples_at_a_time(self)

    def whole_graph(self) -> Graph:
        """The calls from its inputs to its outputs."""
        return self._known_graph()

    def host_part(self) -> HostPart:
        """What of it computes on the host, and where the compiled part begins."""
        graph = self.whole_graph()
        if self._host_part is None or self._host_part.graph is not graph:
            self._host_part = HostPart(graph)
        return self._host_part

    def prepared(self, inputs: Any) -> Prepared:
        """What the part on the host makes of inputs; what was prepared already stays.

        Args:
            inputs: text and numbers, as the model is called with them.
        """
        if isinstance(inputs, Prepared):
            return inputs
        arrays = host_arrays(inputs, len(self.inputs) > 1, self.title)
        return self.host_part().prepared(self.inputs_in_order(arrays), self)

    def inputs_in_order(self, inputs: Any) -> list[Any]:
        """A list with what is given for each input."""
        return _in_order(self, inputs, self._known_graph().inputs, self.input_names)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """What it promises for promises: a `KerasTensor`, or a tree of them."""
        if not self.begins_on_host:
            return super().compute_output_spec(*args, **kwargs)
        # Text cannot be traced, so each layer says what it makes of it.
        outputs = self.whole_graph().run(
            self.inputs_in_order(args[0]),
            lambda layer, args, kwargs: layer.compute_output_spec(*args, **kwargs),
        )
        return jax.tree.map(lambda tensor: KerasTensor(tensor.shape, tensor.dtype), outputs)

    def _children(self) -> list[Layer]:
        if self._graph is None:
            return super()._children()
        layers = {id(layer): layer for layer in [*self._graph.layers, *super()._children()]}
        return list(layers.values())

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """A new model, untrained, from what `get_config` gave."""
        from myelin.models.functional import Functional

        if cls is Model and "input_layers" in config:
            return Functional.from_config(config, custom_objects)
        with registry.custom_object_scope(custom_objects or {}):
            return super().from_config(config)

    @property
    def layers(self) -> list[Layer]:
        """The layers it is made of, in the order they compute."""
        return self._children()

    @property
    def inputs(self) -> list[KerasTensor]:
        """The promises of its inputs.

        Raises:
            NotBuiltError: it does not begin with `Input`.
        """
        return self._known_graph().input_tensors

    @property
    def outputs(self) -> list[KerasTensor]:
        """The promises of its outputs.

        Raises:
            NotBuiltError: it does not begin with `Input`.
        """
        return self._known_graph().output_tensors

    @property
    def input(self) -> Any:
        """The promise of its input, or the tree of them that it was made of."""
        return self._known_graph().inputs

    @property
    def output(self) -> Any:
        """The promise of its output, or the tree of them that it was made of."""
        return self._known_graph().outputs

    @property
    def input_names(self) -> list[str]:
        """The names of its inputs: their keys in a dictionary, else their layers'."""
        return _names(self.input, self.inputs)

    @property
    def output_names(self) -> list[str]:
        """The names of its outputs: their keys in a dictionary, else their layers'."""
        return _names(self.output, self.outputs)

    @property
    def input_shape(self) -> Any:
        """The shape of its input, batch axis first, or a tree of shapes."""
        return shapes_of(self.input)

    @property
    def output_shape(self) -> Any:
        """The shape of its output, batch axis first, or a tree of shapes."""
        return shapes_of(self.output)

    def _known_graph(self) -> Graph:
        if self._graph is None:
            raise NotBuiltError(
                f"{self.title} does not begin with Input(shape=(…)), so its inputs and outputs "
                "are known only while it computes"
            )
        return self._graph

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """One of its layers, by name or by place.

        Raises:
            InputError: neither or both are given, or there is no such layer.
        """
        if (name is None) == (index is None):
            raise InputError("get_layer wants a name or an index")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise InputError(f"get_layer: index {index}, but there are {len(layers)} layers")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in layers)
        raise InputError(f'There is no layer called "{name}". Layers: {known}.')

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints the table of layers, output shapes and numbers of parameters.

        Args:
            line_length: the width in characters; that of the terminal, up to 88, when None.
            positions: where each column ends, as shares of the width.
            print_fn: takes the whole text instead of its being printed.
            expand_nested: lists the layers inside layers too.
            show_trainable: adds a column that says whether a layer trains.
            layer_range: names, or patterns, of the first and the last layer to list.

        Raises:
            InputError: `layer_range` names no layers, or there is no room for the columns.
        """
        print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Writes the whole model, in the format that the ending says.

        Args:
            filepath: the name; it ends in `.myelin`, `.keras`, `.h5`, `.onnx` or `.pt`, or has no
                ending for a folder that TensorFlow reads.
            overwrite: whether what exists is replaced.
            kwargs: as for `myelin.saving.save_model`.

        Raises:
            FileExistsError: it exists and `overwrite` is False.
            InputError: another ending, or a part that the format cannot express.
        """
        saving.save_model(self, filepath, overwrite=overwrite, **kwargs)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: Any = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Writes what it computes in inference, for a system that runs it without Myelin.

        Args:
            filepath: the name of the file; for TensorFlow, of the folder.
            format: "tf_saved_model", "onnx", "stablehlo", "torch" or "keras".
            verbose, input_signature, kwargs: as for `myelin.interop.exporting.export`.

        Raises:
            UnknownNameError: there is no such format.
            InputError: a layer that the system cannot express, which it names.
            MissingExtraError: the format needs a package that is not installed.
        """
        # By name, since other systems stand above the models.
        exporting = loading.load("myelin.interop.exporting")
        exporting.export(self, filepath, format, verbose, input_signature, **kwargs)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Writes the weights alone, to `.safetensors`, `.npz`, or `.weights.h5` as in Keras."""
        saving.save_weights(self, filepath, overwrite, max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Reads weights that `save_weights` wrote, here or in Keras, into this model."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON, without weights."""
        return json.dumps(registry.serialize(self), **kwargs)


def _in_order(
    model: Model, given: Any, wanted: Any, names: list[str], is_leaf: Any = None
) -> list[Any]:
    """A leaf of `given` for each promise of `wanted`, by name where both are not alike.

    Raises:
        InputError: other names, or another number of inputs.
    """
    if isinstance(given, dict) and not (isinstance(wanted, dict) and set(wanted) <= set(given)):
        by_layer = [tensor.name for tensor in tensors_in(wanted)]
        names = by_layer if set(by_layer) <= set(given) else names
        missing = [name for name in names if name not in given]
        if missing:
            raise InputError(
                f"{model.title}: wants the inputs {', '.join(names)}, got "
                f"{', '.join(map(str, given))}"
            )
        return [given[name] for name in names]
    if isinstance(given, dict):
        given = {key: given[key] for key in wanted}
    leaves = jax.tree.leaves(given, is_leaf=lambda v: v is None or (is_leaf and is_leaf(v)))
    if len(leaves) != len(names):
        raise InputError(
            f"{model.title}: wants {len(names)} inputs ({', '.join(names)}), got {len(leaves)}"
        )
    return leaves


def _names(tree: Any, tensors: list[KerasTensor]) -> list[str]:
    if isinstance(tree, dict) and len(tree) == len(tensors):
        return sorted(tree)
    return [layer_of(tensor).name for tensor in tensors]
