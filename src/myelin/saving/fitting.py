"""Arrays from a file into the variables they belong to, all of them or none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.saving.tensors import Arrays
from myelin.variable import Variable

# How many variables an error names before it only counts.
_NAMED = 5


def assign(
    variables: Mapping[str, Variable], arrays: Arrays, where: str, skip_mismatch: bool = False
) -> dict[str, str]:
    """Puts each array into the variable it belongs to.

    It belongs to the variable of its path. Where the paths differ, because layers without a name
    were counted on (`dense_2` for `dense`), but there are as many and they end alike (`kernel`,
    `bias`), the order decides.

    Args:
        variables: by path, in the model's order.
        arrays: by path, in the order of the model that wrote them; nobody else has their memory.
        where: the file, for errors.
        skip_mismatch: leaves out what does not fit, with a warning, and does not raise.

    Returns:
        For each path in the file that was used, the path of its variable.

    Raises:
        InputError: the file has other variables than the model; nothing was changed.
        ShapeError: one has another shape, or another kind of number; nothing was changed.
    """
    pairs, problems = _paired(variables, arrays)
    if problems and not skip_mismatch:
        raise InputError(f"{where} does not fit the model: {_list(problems)}")
    fitting: dict[str, str] = {}
    values: dict[str, np.ndarray] = {}
    misfits: list[str] = []
    for theirs, mine in pairs.items():
        value = _as_stored(arrays[theirs], variables[mine])
        if misfit := _misfit(mine, variables[mine], value):
            misfits.append(misfit)
        else:
            fitting[theirs], values[mine] = mine, value
    if misfits and not skip_mismatch:
        raise ShapeError(f"{where} does not fit the model: {_list(misfits)}")
    if misfits or problems:
        warnings.warn(f"{where}: left out {_list(misfits + problems)}", stacklevel=4)
    for path, value in values.items():
        variables[path].adopt(value)
    return fitting


def _paired(variables: Mapping[str, Variable], arrays: Arrays) -> tuple[dict[str, str], list[str]]:
    """Path in the file -> path in the model, and what is left over on either side."""
    if set(variables) == set(arrays):
        return {path: path for path in variables}, []
    endings = [[path.rpartition("/")[2] for path in paths] for paths in (variables, arrays)]
    if endings[0] == endings[1]:
        return dict(zip(arrays, variables, strict=True)), []
    problems = [f'the file has no "{path}"' for path in variables if path not in arrays]
    problems += [f'the model has no "{path}"' for path in arrays if path not in variables]
    return {path: path for path in variables if path in arrays}, problems


def _as_stored(value: np.ndarray, variable: Variable) -> np.ndarray:
    """NumPy's own files hold types it does not know, such as bfloat16, as so many bytes."""
    wanted = np.dtype(variable._value.dtype)
    if value.dtype.kind == "V" and value.dtype.itemsize == wanted.itemsize and wanted.kind == "V":
        return value.view(wanted)
    return value


def _misfit(path: str, variable: Variable, value: np.ndarray) -> str:
    """What is wrong with `value` for this variable, or nothing."""
    if value.shape != variable.shape:
        return f'"{path}" wants shape {variable.shape}, the file has {value.shape}'
    if not np.can_cast(_kind(value.dtype), _kind(variable._value.dtype), "same_kind"):
        return f'"{path}" wants {variable.dtype}, the file has {value.dtype}'
    return ""


def _kind(dtype: Any) -> np.dtype[Any]:
    """The type, or float32 for the short floats that NumPy's rules do not know."""
    dtype = np.dtype(dtype)
    extension = dtype.kind == "V" and dtype.fields is None and dtype.name[0] in "bf"
    return np.dtype(np.float32) if extension else dtype


def _list(problems: list[str]) -> str:
    more = len(problems) - _NAMED
    return "; ".join(problems[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
