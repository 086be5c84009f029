"""A model as the bytes of a `.pt` file."""

from __future__ import annotations

import io
import warnings
from typing import Any

import torch

from myelin.errors import InputError
from myelin.interop.torch.outward.module import to_module
from myelin.layers.symbolic import KerasTensor

# Sizes that stand for those that may vary, while the program is found.
_EXAMPLES, _OTHERS = 2, 24


def as_bytes(model: Any) -> io.BytesIO:
    """The program of a model in its eval mode, as torch.export writes it.

    Raises:
        InputError: a layer that torch cannot have, or calls that torch.export cannot follow.
    """
    from myelin.interop.torch.outward import graphs

    module = to_module(model, trains=False).eval()
    tensors = graphs.of_model(model)[0].input_tensors
    examples = tuple(_example(tensor) for tensor in tensors)
    free = tuple(
        {axis: torch.export.Dim.AUTO for axis, size in enumerate(tensor.shape) if size is None}
        for tensor in tensors
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program = torch.export.export(module, examples, dynamic_shapes=free)
        except Exception as error:
            raise InputError(
                f'"{model.name}" cannot be written as a program of torch.export: {error}'
            ) from error
    _check_sizes(model, program, tensors)
    # Checks that a value is where it was while the program was found: it may run anywhere.
    for node in program.graph.find_nodes(
        op="call_function", target=torch.ops.aten._assert_tensor_metadata.default
    ):
        program.graph.erase_node(node)
    # Where Myelin is installed is nobody's business, and examples would be written as a pickle.
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
    program._example_inputs = None
    content = io.BytesIO()
    torch.export.save(program, content)
    return content


def _check_sizes(model: Any, program: Any, tensors: list[KerasTensor]) -> None:
    """Raises where the program takes fewer sizes than the model."""
    named = program.graph_signature.user_inputs
    given = [node.meta["val"].shape for node in program.graph.nodes if node.name in named]
    for tensor, shape in zip(tensors, given, strict=True):
        for axis, (size, found) in enumerate(zip(tensor.shape, shape, strict=True)):
            if size is None and isinstance(found, int):
                raise InputError(
                    f'"{model.name}" cannot be written as a program of torch.export: that fixes '
                    f'axis {axis} of the input "{tensor.name}", which may have any size here'
                )


def _example(tensor: KerasTensor) -> torch.Tensor:
    shape = [
        (_OTHERS if axis else _EXAMPLES) if size is None else size
        for axis, size in enumerate(tensor.shape)
    ]
    return torch.ones(shape, dtype=getattr(torch, tensor.dtype))
