"""SavedModels: the program in one operation of TensorFlow's, beside variables by name.

TensorFlow runs StableHLO itself (the operation XlaCallModule), so a layer needs no twin there, and
the folder neither jax nor Myelin. The variables are arguments of the program and stand in the
folder as in one that Keras writes: by path, in the model's order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from myelin import saving
from myelin.errors import InputError, require
from myelin.interop import stablehlo
from myelin.interop.inference import Inference
from myelin.saving.atomic import folder_of, replacing_folder

_PURPOSE = "writing a SavedModel"
# Where in the folder the whole model lies; TensorFlow leaves what is there alone.
OWN_MODEL = "assets.extra/model.myelin"


def save_model(
    model: Any, path: Any, include_optimizer: bool = True, *, overwrite: bool = True
) -> None:
    """Writes a whole model as a SavedModel, which `load_model` gives back with its layers.

    Beside what `export_model` writes there is Myelin's own file in `assets.extra`.

    Args:
        model: a model that is built.
        path: the name of the folder.
        include_optimizer: whether the optimizer's state is written too.
        overwrite: whether an existing SavedModel is replaced.

    Raises:
        InputError: as for `export_model`, and for parts that `myelin.saving.save_model` refuses.
        FileExistsError, FileNotFoundError, MissingExtraError: as for `export_model`.
    """

    def beside(folder: Path) -> None:
        own = folder / OWN_MODEL
        own.parent.mkdir(exist_ok=True)
        saving.save_model(model, own, include_optimizer=include_optimizer)

    _write(model, path, None, overwrite, beside)


def export_model(
    model: Any, filepath: Any, input_signature: Sequence[Any] | None = None, *,
    overwrite: bool = True,
) -> None:  # fmt: skip
    """Writes a model's inference as a SavedModel that TensorFlow serves without Myelin.

    `tf.saved_model.load(folder)` has the function `serve`, which takes the inputs in order, and the
    signature `serving_default`, which takes and gives tensors by the model's names. Batches may
    have any size.

    Args:
        model: a model that is built.
        filepath: the name of the folder.
        input_signature: the inputs' shapes and types, for a subclass of `Model`, where what it was
            first called on does not say.
        overwrite: whether an existing SavedModel is replaced.

    Raises:
        FileExistsError: there is one and `overwrite` is False.
        FileNotFoundError: the folder that it is to be in is missing.
        InputError: another folder has that name; or a layer cannot be exported, which it names.
            Nothing is written then.
        MissingExtraError: TensorFlow is not installed.
    """
    _write(model, filepath, input_signature, overwrite, lambda folder: None)


def _write(model: Any, filepath: Any, signature: Any, overwrite: bool, beside: Any) -> None:
    target = folder_of(filepath, "saved_model.pb", overwrite)
    tensorflow = require("tensorflow", "tensorflow", _PURPOSE)
    inference = Inference(model, signature)
    served, functions = _served(tensorflow, inference)
    with replacing_folder(target) as folder:
        tensorflow.saved_model.save(served, str(folder), signatures=functions)
        beside(folder)


def _served(tensorflow: Any, inference: Inference) -> tuple[Any, Any]:
    """The object to be saved, with variables and `serve`, and the signatures."""
    paths = list(inference.variables)
    kept = [
        tensorflow.Variable(v.numpy(), trainable=v.trainable, name=path)
        for path, v in inference.variables.items()
    ]

    def computed(values: list[Any], *inputs: Any) -> list[Any]:
        return inference(dict(zip(paths, values, strict=True)), *inputs)

    values = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in inference.variables.values()]
    program = stablehlo.exported(computed, inference, values, *inference.specs)

    def called(*inputs: Any) -> list[Any]:
        return _called(tensorflow, program, [*kept, *inputs])

    specs = [
        tensorflow.TensorSpec(port.shape, port.dtype, name=plain_name(port.name))
        for port in inference.inputs
    ]
    names = [plain_name(name) for name in inference.output_names]
    structure = inference.output_tree

    # TensorFlow derives nothing through the operation, so no gradient is kept.
    served = tensorflow.__internal__.tracking.AutoTrackable()
    served.variables = kept
    served.trainable_variables = [v for v in kept if v.trainable]
    served.non_trainable_variables = [v for v in kept if not v.trainable]
    served.serve = tensorflow.function(
        lambda *inputs: jax.tree.unflatten(structure, called(*inputs)),
        input_signature=specs, autograph=False,
    )  # fmt: skip
    by_name = tensorflow.function(
        lambda *inputs: dict(zip(names, called(*inputs), strict=True)),
        input_signature=specs, autograph=False,
    )  # fmt: skip
    return served, {"serving_default": by_name}


def _called(tensorflow: Any, program: Any, arguments: list[Any]) -> list[Any]:
    """The results of an exported program as one operation of TensorFlow's."""
    # Where TensorFlow's own users of the operation find it; `raw_ops` does not list it.
    from tensorflow.compiler.tf2xla.python import xla

    newest = xla.call_module_maximum_supported_version()
    if program.calling_convention_version > newest:
        raise InputError(
            f"This TensorFlow runs programs up to version {newest}, and jax writes version "
            f"{program.calling_convention_version}: install a newer TensorFlow"
        )
    kept = [tensorflow.convert_to_tensor(arguments[i]) for i in program.module_kept_var_idx]
    shapes = [
        tuple(size if isinstance(size, int) else None for size in aval.shape)
        for aval in program.out_avals
    ]
    return list(
        xla.call_module(
            kept,
            version=program.calling_convention_version,
            module=program.mlir_module_serialized,
            Sout=shapes,
            Tout=[tensorflow.as_dtype(np.dtype(aval.dtype)) for aval in program.out_avals],
            platforms=[platform.upper() for platform in program.platforms],
        )
    )


def plain_name(name: str) -> str:
    """A name as TensorFlow allows it: letters, digits and `_`."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def run(path: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What TensorFlow computes by the signature `serving_default` of a SavedModel.

    Args:
        path: the folder; of one's own, since a program is run.
        inputs: arrays by the model's names.
    """
    tensorflow = require("tensorflow", "tensorflow", "running a SavedModel")
    signature = tensorflow.saved_model.load(str(path)).signatures["serving_default"]
    given = {plain_name(k): tensorflow.convert_to_tensor(v) for k, v in inputs.items()}
    return {name: found.numpy() for name, found in signature(**given).items()}
