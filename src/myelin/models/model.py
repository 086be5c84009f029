"""`Model`: a trainer with a name, a table of its layers, and a file to live in."""

from __future__ import annotations

import json
from typing import Any

from myelin import registry, saving
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.models.summary import print_summary
from myelin.training.trainer import Trainer


class Model(Trainer):
    """Layers put together, with `compile`, `fit`, `evaluate`, `predict` and `save`.

    `Sequential` is the model of layers in a row.
    """

    @property
    def layers(self) -> list[Layer]:
        """The layers it is made of, in the order they compute."""
        return self._children()

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
        """Writes the whole model to one file, in Myelin's own format whatever the ending.

        Args:
            filepath: the name of the file.
            overwrite: whether an existing file is replaced.
            kwargs: as for `myelin.saving.save_model`.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
        """
        saving.save_model(self, filepath, overwrite=overwrite, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Writes the weights alone (`.safetensors`, `.weights.h5`, `.npz`)."""
        saving.save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Reads weights that `save_weights` wrote into this model."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON, without weights."""
        return json.dumps(registry.serialize(self), **kwargs)
