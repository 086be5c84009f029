"""`to_torch`: a model as a module of torch's own parts."""

from __future__ import annotations

from typing import Any

from torch import fx

from myelin.errors import InputError
from myelin.interop.inference import refuse_host_layers
from myelin.interop.torch.outward import (
    attention,
    augmentation,
    categories,
    convolution,
    core,
    dropout,
    functions,
    graphs,
    images,
    normalization,
    sequences,
    spectral,
    spectrograms,
    tones,
)  # fmt: skip
from myelin.interop.torch.outward.building import Building
from myelin.interop.torch.outward.layouts import joined
from myelin.models.model import Model

# What each layer becomes there.
LAYERS = {
    **core.LAYERS, **dropout.LAYERS, **convolution.LAYERS, **images.LAYERS,
    **normalization.LAYERS, **sequences.LAYERS, **attention.LAYERS, **spectral.LAYERS,
    **spectrograms.LAYERS, **categories.LAYERS, **augmentation.LAYERS, **tones.LAYERS,
}  # fmt: skip


def to_module(model: Any, trains: bool = True) -> fx.GraphModule:
    """See `myelin.interop.torch.to_torch`.

    Args:
        model: the model.
        trains: False leaves out what only training does, but for dropout and batch normalization,
            which say in a program how they train.
    """
    if not isinstance(model, Model):
        raise InputError(f"to_torch wants a model, got {model!r}")
    refuse_host_layers(model)
    graph, from_module = graphs.of_model(model)
    b = Building(model, LAYERS, sequences.MASKS, functions.operation, trains)
    names = [tensor.name for tensor in graph.input_tensors]
    inputs = [b.placeholder(name, t) for name, t in zip(names, graph.input_tensors, strict=True)]
    outputs = b.run(graph, inputs, from_module)
    b.graph.output(fx.node.map_aggregate(outputs, lambda leaf: getattr(leaf, "node", leaf)))
    joined(b.graph, b.root)
    module = fx.GraphModule(b.root, b.graph, class_name=_class_name(model.name))
    module.graph.eliminate_dead_code()
    module.graph.lint()
    module.recompile()
    return module


def _class_name(name: str) -> str:
    made = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return made if made.isidentifier() else "Module"
