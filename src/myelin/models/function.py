"""`Function`: what leads from some promises to others, to be called like a function."""

from __future__ import annotations

from typing import Any

import jax

from myelin import naming
from myelin.errors import InputError, ShapeError
from myelin.layers.shapes import is_shape
from myelin.layers.symbolic import KerasTensor, shapes_of, tensors_in
from myelin.models.graph import Graph


class Function:
    """The calls between promises, without a model around them.

    Args:
        inputs: what `Input` gave, or any promise where the calls are to begin; one, or a list or
            dictionary.
        outputs: what layers called on those gave.
        name: its name.

    Called on arrays in the form of `inputs`, it gives arrays in the form of `outputs`; called on
    promises, promises. The layers are those that were called before, with their weights.

    Raises:
        InputError: no promises, or outputs that need inputs which are not given; when called,
            another number of inputs.
        ShapeError: when called, an input that is not of the shape that was promised.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        self._graph = Graph(inputs, outputs)
        self.name = name or naming.auto_name("function")

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The outputs for these inputs; `training` goes to all layers."""
        given = jax.tree.leaves(inputs, is_leaf=lambda leaf: leaf is None)
        layers = self._graph.input_layers
        if len(given) != len(layers):
            raise InputError(f"{self.name}: wants {len(layers)} inputs, got {len(given)}")
        if tensors_in(inputs):
            return self._graph.run(given, lambda layer, args, kwargs: layer(*args, **kwargs))
        read = [
            layer.admit(jax.tree.map(layer._as_input, value), self, f' as "{layer.name}"')
            for layer, value in zip(layers, given, strict=True)
        ]

        def called(layer: Any, args: Any, kwargs: Any) -> Any:
            return layer(*args, **{"training": training, **kwargs})

        return self._graph.run(read, called)

    @property
    def title(self) -> str:
        """What errors call it."""
        return f'Function "{self.name}"'

    def wants(self, wanted: str, input_shape: Any) -> ShapeError:
        """The error for inputs that do not fit."""
        return ShapeError(f"{self.title}: wants {wanted}, got inputs of shape {input_shape}")

    @property
    def inputs(self) -> list[KerasTensor]:
        """The promises that come in."""
        return self._graph.input_tensors

    @property
    def outputs(self) -> list[KerasTensor]:
        """The promises that come out."""
        return self._graph.output_tensors

    @property
    def operations(self) -> list[Any]:
        """The layers and operations between them, in the order they compute."""
        return list(self._graph.steps)

    def compute_output_spec(self, inputs: Any) -> Any:
        """What it promises for promises."""
        return self(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape, or tree of shapes, of the outputs for inputs of `input_shape`."""
        shapes = jax.tree.leaves(input_shape, is_leaf=is_shape)
        given = [KerasTensor(s, t.dtype) for s, t in zip(shapes, self.inputs, strict=True)]
        outputs = self._graph.run(
            given, lambda layer, args, kwargs: layer.compute_output_spec(*args, **kwargs)
        )
        return shapes_of(outputs)
