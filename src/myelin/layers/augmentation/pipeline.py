"""Layers one after the other, as one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myelin import registry
from myelin.layers.base import Layer


class Pipeline(Layer):
    """Applies layers one after the other, to images or to dictionaries of them.

    Unlike a `Sequential` it is no model; called alone it acts as in training, as augmentation does.

    Args:
        layers: the layers, first to last.
        name: its name.

    Shapes: those of the layers, in turn.
    """

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        # Boxes must not be cast to a short type; each layer casts what it computes with.
        self.autocast = False
        self.layers = list(layers)

    def build(self, input_shape: Any) -> None:
        """Builds each layer for the outputs of the one before."""
        for layer in self.layers:
            if not layer.built:
                layer._build_for(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs: Any, training: bool = True) -> Any:
        """The outputs of the last layer."""
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape after the last layer."""
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The layers and the name, which is all that Keras takes."""
        return {"layers": registry.serialize(self.layers), "name": self.name}
