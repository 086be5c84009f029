"""`Wrapper`: the base of layers that hold another layer and change what it does."""

from __future__ import annotations

from typing import Any

from myelin.errors import InputError
from myelin.layers.base import Layer


class Wrapper(Layer):
    """Holds one layer, and builds it for its own inputs; a subclass says how it is called.

    Args:
        layer: the layer inside.

    Raises:
        InputError: `layer` is no layer.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise InputError(f"{type(self).__name__}: layer wants a layer, got {layer!r}")
        super().__init__(**kwargs)
        self.layer: Any = layer

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer inside."""
        if not self.layer.built:
            self.layer._build_for(input_shape)
