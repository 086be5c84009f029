"""`to_onnx` and `save_model`: a model's inference as ONNX, and `differences`, which runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError, require
from myelin.interop.inference import Inference
from myelin.saving.atomic import replacing, target_of

# What every runtime of the last years reads; ReduceMax takes its axes as an input from here on.
OPSET, IR_VERSION = 18, 8
# A file of protocol buffers ends at 2 GB; the nodes take little of that.
_LARGEST = 2 * 10**9


def save_model(
    model: Any, path: Any, include_optimizer: bool = True, *, overwrite: bool = True,
    input_signature: Sequence[Any] | None = None,
) -> None:  # fmt: skip
    """Writes a model's inference as an ONNX file, of opset 18 and for batches of any size.

    Inputs and outputs have the names that they have in the model, weights their paths.

    Args:
        model: a model that is built.
        path: the name of the file.
        include_optimizer: accepted, as all formats take it; ONNX has no place for one.
        overwrite: whether an existing file is replaced.
        input_signature: as for `to_onnx`.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        InputError: as for `to_onnx`, before anything is written.
        MissingExtraError: the package onnx is not installed.
    """
    target = target_of(path, overwrite)
    content = to_onnx(model, input_signature).SerializeToString()
    with replacing(target) as file:
        file.write(content)


def load_model(
    path: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Raises an error, always: ONNX holds a program and no layers, and is not read.

    Args:
        path: the file.
        custom_objects, compile, safe_mode: accepted, as all formats take them.

    Raises:
        FileFormatError: says what to load in its place.
    """
    raise FileFormatError(
        f"{path} is an ONNX file, which holds a program and no layers, and is not read here: run "
        "it with onnxruntime, or load the model that it was made from"
    )


def to_onnx(model: Any, input_signature: Sequence[Any] | None = None) -> Any:
    """A model's inference as an `onnx.ModelProto`, checked by `onnx.checker`.

    Args:
        model: a model that is built; layers behave as in inference, where those that draw random
            numbers do nothing.
        input_signature: the inputs' shapes and types, for a subclass of `Model`, where what it was
            first called on does not say.

    Raises:
        InputError: a layer computes what ONNX cannot express (text, tables, the decompositions of
            linear algebra), or in bfloat16; or the file would be longer than 2 GB. Names the layer.
        MissingExtraError: the package onnx is not installed.
    """
    onnx = require("onnx", "onnx", "writing ONNX")
    made = _model_of(Inference(model, input_signature))
    onnx.checker.check_model(made, full_check=True)
    return made


def _model_of(inference: Inference) -> Any:
    from onnx import helper, numpy_helper

    import myelin
    from myelin.interop.onnx.graph import Graph, described, known
    from myelin.interop.onnx.program import written

    graph = Graph()
    names = [port.name for port in inference.inputs]
    graph.root.taken.update(names, inference.output_names)
    inputs = []
    for port, spec in zip(inference.inputs, inference.specs, strict=True):
        inputs.append(graph.input(port.name, spec.shape, spec.dtype))
        for axis, size in enumerate(spec.shape):
            if not isinstance(size, int):
                graph.root.symbols.setdefault(str(size), (port.name, axis))
    # The order in which jax flattens a dictionary.
    weights = [known(value, path) for path, value in sorted(inference.values.items())]
    outputs = []
    found = written(graph, inference.jaxpr, [*weights, *inputs])
    for name, value in zip(inference.output_names, found, strict=True):
        if not hasattr(value, "held"):
            raise graph.refusal(f'the output "{name}" has complex numbers')
        given = graph.reference(graph.full(value))
        graph.nodes.append(helper.make_node("Identity", [given], [name], name=f"{name}/Identity"))
        outputs.append(described(name, value.shape, value.dtype))
    graph.pruned(inference.output_names)
    size = sum(array.nbytes for array in graph.root.initializers.values())
    if size > _LARGEST:
        raise InputError(
            f"{inference.model.title}: weights of {size / 1e9:.1f} GB do not fit into one ONNX "
            "file, which ends at 2 GB"
        )
    made = helper.make_graph(
        graph.nodes, inference.model.name, graph.inputs, outputs,
        [numpy_helper.from_array(a, name) for name, a in graph.root.initializers.items()],
    )  # fmt: skip
    return helper.make_model(
        made, producer_name="myelin", producer_version=myelin.__version__,
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
    )  # fmt: skip


def run(content: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What onnxruntime computes, by the names of inputs and outputs.

    Args:
        content: the path of a file, or its bytes.
        inputs: arrays by name.
    """
    runtime = require("onnxruntime", "onnx", "running ONNX")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    content = str(content) if isinstance(content, Path) else content
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))
