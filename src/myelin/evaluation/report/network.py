"""The model's table: its layers, the shapes they give, and their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LayerRow:
    """A layer of the table.

    Attributes:
        depth: in how many layers it lies.
        shape: of its outputs, the batch axis as None; "?" where it is not known.
        parameters: how many it has, those of the layers in it included.
        trains: whether they are learned; None where there are none.
    """

    name: str
    kind: str
    depth: int
    shape: str
    parameters: int
    trains: bool | None


@dataclass(frozen=True)
class Network:
    """A model, as its summary shows it.

    Attributes:
        layers: its layers, those of layers that are models themselves below them.
        trainable, fixed: how many parameters are learned, and how many are not.
        optimizer, loss: in words; None where it is not compiled.
    """

    name: str
    layers: list[LayerRow]
    trainable: int
    fixed: int
    optimizer: str | None
    loss: str | None


def describe(model: Any) -> Network:
    """The table of a model.

    Args:
        model: a built model.
    """
    learned = sum(int(weight.size) for weight in model.trainable_weights)
    fixed = sum(int(weight.size) for weight in model.non_trainable_weights)
    return Network(
        name=model.name,
        layers=list(_rows(model.layers, 0)),
        trainable=learned,
        fixed=fixed,
        optimizer=_optimizer(getattr(model, "optimizer", None)),
        loss=_named(getattr(model, "loss", None)),
    )


def _rows(layers: list[Any], depth: int) -> Iterator[LayerRow]:
    for layer in layers:
        yield LayerRow(
            name=layer.name,
            kind=getattr(layer, "kind", type(layer).__name__),
            depth=depth,
            shape=_shape(layer),
            parameters=layer.count_params() if layer.built else 0,
            trains=bool(layer.trainable) if layer.built and layer.weights else None,
        )
        yield from _rows(getattr(layer, "layers", []), depth + 1)


def _shape(layer: Any) -> str:
    built_for = layer.get_build_config()
    try:
        if built_for is None:
            return _written(layer.output)
        return str(layer.compute_output_shape(built_for["input_shape"]))
    except Exception:
        # Whatever a layer of the user's own raises: it need not say its shape.
        return "?"


def _written(promised: Any) -> str:
    shape = getattr(promised, "shape", None)
    return "?" if shape is None else str(tuple(shape))


def _optimizer(optimizer: Any) -> str | None:
    if optimizer is None:
        return None
    rate = optimizer.get_config().get("learning_rate")
    named = type(optimizer).__name__
    return f"{named}, learning rate {rate:g}" if isinstance(rate, int | float) else named


def _named(loss: Any) -> str | None:
    """A loss in words: its name as it was given, or its own."""
    if loss is None or isinstance(loss, str):
        return loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None)
    return str(name or type(loss).__name__)
