"""Models as StableHLO, the program that compilers of the XLA family take.

    from myelin.interop import stablehlo
    stablehlo.save_model(model, "model.stablehlo")

The file is what `jax.export` writes: the program in StableHLO's portable form, for batches of any
size, with the weights in it. jax runs it without Myelin:

    program = jax.export.deserialize(bytearray(open("model.stablehlo", "rb").read()))
    outputs = program.call(inputs)

and `program.mlir_module()` is the text for other compilers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError, require
from myelin.interop.inference import Inference
from myelin.saving.atomic import replacing, target_of

# What a program may run on; it is lowered for all of them, so none has to be there.
PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def save_model(
    model: Any, path: Any, include_optimizer: bool = True, *, overwrite: bool = True,
    input_signature: Sequence[Any] | None = None,
) -> None:  # fmt: skip
    """Writes a model's inference as StableHLO, for batches of any size.

    Args:
        model: a model that is built.
        path: the name of the file.
        include_optimizer: accepted, as all formats take it; a program has no place for one.
        overwrite: whether an existing file is replaced.
        input_signature: the inputs' shapes and types, for a subclass of `Model`, where what it was
            first called on does not say.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        InputError: a layer computes on the host, or cannot be traced for batches of any size, or
            holds an operation that is not promised to be stable; before anything is written.
        MissingExtraError: flatbuffers is not installed, in which jax packs such files.
    """
    require("flatbuffers", "stablehlo", "writing StableHLO")
    target = target_of(path, overwrite)
    inference = Inference(model, input_signature)
    values = inference.values

    def served(*inputs: Any) -> list[Any]:
        return inference(values, *inputs)

    content = exported(served, inference, *inference.specs).serialize()
    with replacing(target) as file:
        file.write(content)


def exported(function: Any, inference: Inference, *specs: Any) -> Any:
    """A function of arrays as a `jax.export.Exported`, for all platforms where that can be.

    Args:
        function: a pure function.
        inference: whose model errors speak of.
        specs: the shapes and types of its arguments.

    Raises:
        InputError: it cannot be exported.
    """
    from jax import export

    compiled = jax.jit(function)
    try:
        return export.export(compiled, platforms=PLATFORMS)(*specs)
    except Exception:
        # Few operations exist on all of them; a processor is enough to be of use.
        try:
            return export.export(compiled, platforms=PLATFORMS[:1])(*specs)
        except Exception as error:
            why = str(error).strip().split("\n")[0].rstrip(".")
            raise InputError(f"{inference.model.title} cannot be exported: {why}") from error


def run(path: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What jax computes from a file that `save_model` wrote.

    Args:
        path: the file; of one's own, since a program is run.
        inputs: an array for each input, in order.
    """
    from jax import export

    program = export.deserialize(bytearray(Path(path).read_bytes()))
    return [np.asarray(output) for output in program.call(*inputs)]
