"""`export`: a model's inference for another system, and `difference`, which runs it there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from myelin import loading
from myelin.errors import require, unknown_name
from myelin.interop.inference import Inference


class System(NamedTuple):
    """A system that models are exported to.

    Attributes:
        title: what it is called.
        ending: how the names of its files end; nothing for a folder.
        write: takes the model, the path and the signature of its inputs or None.
        run: takes the path, the inference and an array for each input; gives those of the outputs,
            in the model's order.
    """

    title: str
    ending: str
    write: Callable[[Any, Any, Any], None]
    run: Callable[[Any, Inference, Sequence[np.ndarray]], list[Any]]


def export(
    model: Any,
    filepath: Any,
    format: str = "tf_saved_model",
    verbose: Any = None,
    input_signature: Sequence[Any] | None = None,
    **kwargs: Any,
) -> None:
    """Writes what a model computes in inference, for a system that runs it without Myelin.

    Args:
        model: a model that is built.
        filepath: the name of the file; for TensorFlow, of the folder.
        format: "tf_saved_model" (or "tensorflow"), "onnx", "stablehlo", "torch" or "keras".
        verbose: whether to print where it was written; not when None.
        input_signature: the inputs' shapes and types, an `InputSpec` each, for a subclass of
            `Model`, where what it was first called on does not say.
        kwargs: accepted for Keras's sake, without effect.

    Raises:
        UnknownNameError: there is no such format.
        InputError: a layer that the system cannot express, which it names; nothing is written then.
        MissingExtraError: the format needs a package that is not installed.
    """
    system = system_of(format)
    system.write(model, filepath, input_signature)
    if verbose:
        print(f"Wrote {model.name} for {system.title} to {filepath}")


def system_of(name: str) -> System:
    """The system that goes by a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in SYSTEMS:
        raise unknown_name("system to export to", name, SYSTEMS)
    return SYSTEMS[name]


def difference(
    name: str, path: Any, inference: Inference, inputs: Sequence[np.ndarray]
) -> tuple[float, float]:
    """How far the outputs of an exported model are from the model's own.

    Args:
        name: of the system.
        path: what was written for it; of one's own, since a program is run.
        inference: of the model.
        inputs: an array for each of its inputs.

    Returns:
        The largest difference of two numbers, and the largest relative to the output's scale, which
        is its largest magnitude. Both are infinite where a shape or the place of a NaN differs.
    """
    found = [np.asarray(array) for array in system_of(name).run(path, inference, inputs)]
    wanted = inference.predicted(inputs)
    if [array.shape for array in found] != [array.shape for array in wanted]:
        return np.inf, np.inf
    pairs = [_differs(*pair) for pair in zip(found, wanted, strict=True)]
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def _differs(found: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    found, wanted = found.astype(np.float64), wanted.astype(np.float64)
    alike = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    if alike.all():
        return 0.0, 0.0
    with np.errstate(invalid="ignore"):
        apart = np.abs(found - wanted)[~alike].max()
    if not np.isfinite(apart):
        return np.inf, np.inf
    scale = np.abs(wanted[np.isfinite(wanted)]).max()
    return float(apart), float(apart / scale) if scale else np.inf


def _module(name: str) -> Any:
    return loading.load(f"myelin.interop.{name}")


def _named(inference: Inference, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    return {port.name: array for port, array in zip(inference.inputs, inputs, strict=True)}


def _write_tensorflow(model: Any, path: Any, signature: Any) -> None:
    _module("tensorflow").export_model(model, path, signature)


def _run_tensorflow(path: Any, inference: Inference, inputs: Any) -> list[Any]:
    found = _module("tensorflow").run(path, _named(inference, inputs))
    return [found[_module("tensorflow").plain_name(name)] for name in inference.output_names]


def _write_onnx(model: Any, path: Any, signature: Any) -> None:
    _module("onnx").save_model(model, path, input_signature=signature)


def _run_onnx(path: Any, inference: Inference, inputs: Any) -> list[Any]:
    found = _module("onnx").run(Path(path), _named(inference, inputs))
    return [found[name] for name in inference.output_names]


def _write_stablehlo(model: Any, path: Any, signature: Any) -> None:
    _module("stablehlo").save_model(model, path, input_signature=signature)


def _run_stablehlo(path: Any, inference: Inference, inputs: Any) -> list[Any]:
    found: list[Any] = _module("stablehlo").run(path, inputs)
    return found


def _write_torch(model: Any, path: Any, signature: Any) -> None:
    _module("torch").save_model(model, path, False)


def _run_torch(path: Any, inference: Inference, inputs: Any) -> list[Any]:
    torch = require("torch", "torch", "running an exported model")
    # Opened here: of a name that does not end in .pt2, torch warns.
    with open(path, "rb") as file:
        module = torch.export.load(file).module()
    outputs = module(*(torch.from_numpy(array) for array in inputs))
    return [tensor.detach().numpy() for tensor in jax.tree.leaves(outputs)]


def _write_keras(model: Any, path: Any, signature: Any) -> None:
    _module("keras").save_model(model, path)


def _run_keras(path: Any, inference: Inference, inputs: Any) -> list[Any]:
    # The engine that is here anyway, where nobody says which.
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = require("keras", "keras", "running a file of Keras")
    outputs = keras.saving.load_model(path)(inference.called_on(inputs), training=False)
    return [keras.ops.convert_to_numpy(tensor) for tensor in jax.tree.leaves(outputs)]


_TENSORFLOW = System("TensorFlow", "", _write_tensorflow, _run_tensorflow)

SYSTEMS = {
    "onnx": System("ONNX", ".onnx", _write_onnx, _run_onnx),
    "torch": System("PyTorch", ".pt2", _write_torch, _run_torch),
    "keras": System("Keras", ".keras", _write_keras, _run_keras),
    "tensorflow": _TENSORFLOW,
    "tf_saved_model": _TENSORFLOW,
    "stablehlo": System("StableHLO", ".stablehlo", _write_stablehlo, _run_stablehlo),
}
