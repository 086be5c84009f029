"""Whole models as `.pt` files: programs of torch.export, which hold no code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from myelin import variable
from myelin.errors import FileFormatError, InputError, UnknownNameError, require
from myelin.saving.atomic import replacing, target_of

# Numbers that layers may hold beyond the weights in the file.
_SPARE = 1 << 20


def save_model(model: Any, path: Any, include_optimizer: bool = True) -> None:
    """Writes a model as a program that PyTorch loads without Myelin.

    In PyTorch, `torch.export.load("model.pt").module()` computes the outputs. The program has
    the model's layers as PyTorch's own operations, and its weights; how the model was compiled
    and the optimizer's state have no place in it. The file holds no pickle.

    Args:
        model: the model.
        path: the name of the file; one that exists is replaced.
        include_optimizer: accepted, as all formats take it; there is no place for one.

    Raises:
        InputError: a layer that PyTorch cannot have; nothing is written then.
        MissingExtraError: PyTorch is not installed.
    """
    require("torch", "torch", "Saving to a .pt file")
    from myelin.interop.torch.outward.written import as_bytes

    target = target_of(path)
    content: io.BytesIO = as_bytes(model)
    with replacing(target) as file:
        file.write(content.getbuffer())


def load_model(
    path: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model that a program of torch.export holds, made of Myelin's layers; needs no PyTorch.

    It is not compiled: such files do not say how. Only JSON and raw numbers are read, so no file
    can run code.

    Args:
        path: a file that `save_model` or `torch.export.save` wrote.
        custom_objects: accepted, as all formats take it; a program names no classes.
        compile: accepted; see above.
        safe_mode: accepted; there is no other mode.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is damaged, of another kind (such as a pickle of `torch.save` or a
            TorchScript file), or holds an operation that Myelin does not have.
    """
    from myelin.interop.torch.inward.archive import program_in
    from myelin.interop.torch.inward.reading import Reading
    from myelin.interop.torch.inward.table import TABLE

    program = program_in(path)
    # A file brings its weights: a graph that wants many more was forged.
    stored = sum(weight.array.size for weight in program.weights.values())
    try:
        with variable.room(stored + _SPARE):
            return Reading(program, TABLE).model()
    except (InputError, UnknownNameError) as error:
        raise FileFormatError(f"{path}: {str(error).removeprefix('from_torch: ')}") from error
    # A graph that was forged can fail anywhere in any layer.
    except Exception as error:
        raise FileFormatError(
            f"{path}: its model cannot be made: {type(error).__name__}: {error}"
        ) from error
