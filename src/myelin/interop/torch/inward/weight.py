"""`HeldWeight`: a weight that a function of torch's computes with, outside of any layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from myelin.layers.base import Layer
from myelin.layers.shapes import Shape


class HeldWeight(Layer):
    """Gives its weight, whatever it is called on.

    Args:
        shape: of the weight.
        weight_dtype: its type.

    Shapes: any to `shape`, which has no batch axis.
    """

    def __init__(self, shape: Sequence[int], weight_dtype: str = "float32", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.weight_dtype = weight_dtype

    def build(self, input_shape: Any) -> None:
        """Makes the weight."""
        self.weight = self.add_weight(self.shape, "zeros", self.weight_dtype, name="weight")

    def call(self, inputs: Any) -> jax.Array:
        """The weight."""
        return self.weight.value

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of the weight."""
        return self.shape
