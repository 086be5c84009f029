"""`Sequential`: layers in a row, each fed by the one before."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from myelin import dtypes, registry
from myelin.errors import InputError, NotBuiltError
from myelin.layers.base import Layer
from myelin.layers.core import InputLayer
from myelin.layers.hosting import Prepared, host_array, is_text
from myelin.layers.shapes import Shape, fit
from myelin.layers.symbolic import KerasTensor
from myelin.models.graph import Graph
from myelin.models.host import begins_on_host
from myelin.models.model import Model
from myelin.tracebacks import door


class Sequential(Model):
    """Layers in a row: the outputs of each are the inputs of the next.

    Args:
        layers: the layers; the first may be `Input(shape)`.
        trainable: whether gradients reach its weights.
        name: its name.

    It is built, and so has weights, as soon as the shape of its inputs is known: from `Input`,
    from `input_shape=` of its first layer, from `build`, or from the first data it sees.

    Raises:
        InputError: something that is no layer, or two layers of one name.
    """

    takes_one_array = True

    @door
    def __init__(
        self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        self._row: list[Layer] = []
        self._input: InputLayer | None = None
        # What each layer of the row promised for the input, and which layer that was.
        self._promises: list[KerasTensor] = []
        self._promised_by: list[Layer] = []
        if isinstance(layers, Layer):
            raise InputError("Sequential wants a list of layers, got one layer: put it in [ ]")
        for layer in layers or []:
            self._append(layer)
        self._build_if_shape_is_known()

    @door
    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Adds a layer at the end.

        Raises:
            InputError: something that is no layer, or a layer whose name is taken.
        """
        self._append(layer)
        self._changed()
        if rebuild:
            self._build_if_shape_is_known()

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the last layer away and returns it.

        Raises:
            InputError: there is none.
        """
        if not self._row:
            raise InputError("Sequential has no layer to pop")
        layer = self._row.pop()
        self._changed()
        if rebuild:
            self._build_if_shape_is_known()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor) and layer.node is not None:
            layer = layer.node.layer
        if isinstance(layer, InputLayer):
            if self._row or self._input is not None:
                raise InputError("Sequential: Input must come first, and once")
            self._input = layer
            return
        if callable(layer) and not isinstance(layer, Layer) and not isinstance(layer, type):
            from myelin.layers.core import Lambda

            layer = Lambda(layer)
        if not isinstance(layer, Layer):
            hint = f"; write {layer.__name__}(…)" if isinstance(layer, type) else ""
            raise InputError(f"Sequential wants layers, got {layer!r}{hint}")
        if any(layer is other for other in self._row):
            raise InputError(f'Sequential: the layer "{layer.name}" is in it already')
        if any(layer.name == other.name for other in self._row):
            raise InputError(
                f'Sequential: two layers are called "{layer.name}"; give one another name='
            )
        self._take_input_from(layer)
        self._row.append(layer)

    def _take_input_from(self, layer: Layer) -> None:
        """Learns the shape of the inputs from a first layer that knows it."""
        given = layer._input_shape_given
        if self._row or self._input is not None:
            known = self._input.batch_shape if self._input is not None and not self._row else None
            if given is not None and given != known:
                warnings.warn(
                    f"{layer.title}: input_shape is for the first layer and has no effect here",
                    stacklevel=5,
                )
        elif given is not None:
            self._input = InputLayer(batch_shape=given)
        elif isinstance(layer, Sequential) and layer._input is not None:
            inner = layer._input
            self._input = InputLayer(batch_shape=inner.batch_shape, dtype=inner.input_dtype)

    def _changed(self) -> None:
        self.built = False
        self._programs = None
        if self._objective is not None:
            self._objective.built = False

    def _build_if_shape_is_known(self) -> None:
        if self._input is not None and self._row:
            self._build_for(self._input.batch_shape)

    @door
    def build(self, input_shape: Shape | None = None) -> None:
        """Builds each layer for the outputs of the one before.

        Args:
            input_shape: of the inputs, batch axis first; what `Input` said when None.

        Raises:
            InputError: no shape is known, or it is not the one that is known.
        """
        if isinstance(input_shape, Prepared):
            made_of, dtype = input_shape.came_as[0]
            self._input = self._input or InputLayer(batch_shape=made_of, dtype=dtype)
            input_shape = self._input.batch_shape
        if input_shape is None and self._input is None:
            raise InputError("Sequential.build wants the shape of the inputs, batch axis first")
        shape: Any = tuple(input_shape or self._input.batch_shape)  # type: ignore[union-attr]
        if self._input is None:
            dtype = getattr(self._row[0], "input_type", None) if self._row else None
            self._input = InputLayer(batch_shape=(None, *shape[1:]), dtype=dtype)
            # Promised for the batch at hand, as in Keras; batches of other sizes come in as well.
            self._input.output.shape = shape
        elif not fit(self._input.batch_shape, shape):
            raise InputError(
                f"{self.title}: takes inputs of shape {self._input.batch_shape}, so it cannot be "
                f"built for {shape}"
            )
        self._build_shape = shape
        self._promise_outputs(self._input.output)
        self._output_shape = self.compute_output_shape(shape)
        self.built = True
        self.name_variables("", set())

    def _promise_outputs(self, tensor: Any) -> None:
        """Calls the layers on the promise of the input, once each, so that each has an output."""
        kept = 0
        for before, layer in zip(self._promised_by, self._row, strict=False):
            if before is not layer:
                break
            kept += 1
        del self._promised_by[kept:], self._promises[kept:]
        for layer in self._row[kept:]:
            self._promises.append(layer(self._promises[-1] if self._promises else tensor))
            self._promised_by.append(layer)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The outputs of the last layer."""
        if isinstance(inputs, Prepared):
            rest = self.host_part().rest
            return rest.run(
                inputs.values,
                lambda layer, args, kwargs: layer(*args, **{"training": training, **kwargs}),
            )
        outputs = inputs
        for layer in self._row:
            outputs = layer(outputs, training=training)
        return outputs

    @property
    def begins_on_host(self) -> bool:
        """Whether it has layers that compute on the host, before the compiled part."""
        return any(layer.on_host or begins_on_host(layer) for layer in self._row)

    def whole_graph(self) -> Graph:
        """The calls from its input to its output."""
        known = self._host_part.graph if self._host_part is not None else None
        if known is not None and known.outputs is self.output:
            return known
        return Graph(self.input, self.output)

    def prepared(self, inputs: Any) -> Prepared:
        """What the part on the host makes of inputs; what was prepared already stays.

        Args:
            inputs: text or numbers, as the model is called with them; they build it if need be.
        """
        if isinstance(inputs, Prepared):
            return inputs
        array = host_array(inputs, self.title)
        if not self.built:
            array = array[:, None] if array.ndim == 1 and self._input is None else array
            shape = (None, *array.shape[1:])
            if self._input is None:
                dtype = "string" if is_text(array) else str(array.dtype)
                self._input = InputLayer(batch_shape=shape, dtype=dtype)
            self._build_for(shape)
        return self.host_part().prepared([array], self)

    def inputs_in_order(self, inputs: Any) -> list[Any]:
        """A list of the one input."""
        return [inputs]

    def _as_inputs(self, inputs: Any) -> Any:
        if self.begins_on_host:
            # The inputs build it where it is not built, so they go first.
            prepared = self.prepared(inputs)
            return self.host_part().begun(prepared, self)
        return super()._as_inputs(inputs)

    def _as_input(self, value: Any) -> Any:
        value = super()._as_input(value)
        if self.begins_on_host:
            return value
        if self._input is not None:
            reader = f" for {self._row[0].title}" if self._row else ""
            return self._input.admit(value, self, reader)
        return value.astype(dtypes.floatx()) if value.dtype.kind in "uib" else value

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the input."""
        return list(self._row)

    def _children(self) -> list[Layer]:
        return list(self._row)

    @property
    def input_shape(self) -> Shape:
        """The shape of the inputs, batch axis first.

        Raises:
            NotBuiltError: it is not known yet.
        """
        if self.built:
            return tuple(self._build_shape)
        return self._known_input().batch_shape

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs, batch axis first.

        Raises:
            NotBuiltError: the model is not built.
        """
        if not self.built:
            raise self._not_built()
        return self._output_shape

    @property
    def inputs(self) -> list[KerasTensor]:
        """The promise of the inputs, in a list of one.

        Raises:
            NotBuiltError: their shape is not known yet.
        """
        return [self._known_input().output]

    @property
    def outputs(self) -> list[KerasTensor]:
        """The promise of the outputs, in a list of one.

        Raises:
            NotBuiltError: the model is not built.
        """
        if not self.built:
            raise self._not_built()
        return [self._promises[-1]]

    @property
    def input(self) -> Any:
        """The promise of the inputs."""
        return self.inputs[0]

    @property
    def output(self) -> Any:
        """The promise of the outputs."""
        return self.outputs[0]

    def _known_input(self) -> InputLayer:
        if self._input is None:
            raise self._not_built()
        return self._input

    def _not_built(self) -> NotBuiltError:
        return NotBuiltError(
            f"{self.title} is not built, since the shape of its inputs is not known yet: begin it "
            "with Input(shape=(…)), or call build or call it on data first"
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of `input_shape`."""
        if isinstance(input_shape, Prepared):
            return self._output_shape
        shape: Any = tuple(input_shape)
        if self.built and shape == self._build_shape:
            return self._output_shape
        for layer in self._row:
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        """The layers' configurations, in Keras's form."""
        layers = [self._input, *self._row] if self._input is not None else list(self._row)
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        config["layers"] = [_with_build(layer) for layer in layers]
        if self._build_shape is not None:
            config["build_input_shape"] = list(self._build_shape)
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Sequential:
        """A new model, untrained, from what `get_config` gave."""
        with registry.custom_object_scope(custom_objects or {}):
            layers = [registry.deserialize(layer) for layer in config["layers"]]
        model = cls(layers, trainable=config.get("trainable", True), name=config.get("name"))
        shape = config.get("build_input_shape")
        if not model.built and shape and model._row:
            model._build_for(tuple(shape))
        return model


def _with_build(layer: Layer) -> dict[str, Any]:
    written = dict(registry.serialize(layer))
    if not isinstance(layer, InputLayer):
        written["build_config"] = layer.get_build_config()
    return written
