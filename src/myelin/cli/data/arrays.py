"""`.npz` files: `x`/`y`, or `x_train`/`y_train` with or without `x_test`/`y_test`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from myelin.cli.data.rows import Rows
from myelin.errors import InputError


def read_npz(path: Path, wants_targets: bool) -> tuple[Rows, Rows | None]:
    """The examples of a file, and its test part where it has one.

    Args:
        path: of the file.
        wants_targets: whether a file without targets is an error.

    Raises:
        InputError: a file that is damaged, has other keys, or arrays that cannot be used.
    """
    arrays = _load(path)
    for x, y in (("x", "y"), ("x_train", "y_train")):
        if x in arrays and (y in arrays or not wants_targets):
            return _rows(path, arrays, x, y), _test_part(path, arrays, x)
    if "x_test" in arrays and ("y_test" in arrays or not wants_targets):
        return _rows(path, arrays, "x_test", "y_test"), None
    wanted = "x and y, or x_train and y_train" if wants_targets else "x"
    raise InputError(f"{path}: wants the arrays {wanted}; it holds {', '.join(arrays) or 'none'}")


def _load(path: Path) -> dict[str, np.ndarray]:
    try:
        # Objects would be unpickled, which runs code from the file.
        with np.load(path, allow_pickle=False) as file:
            if not hasattr(file, "files"):
                raise InputError(f"{path}: is a single array; save x and y with numpy.savez")
            known = ("x", "y", "x_train", "y_train", "x_test", "y_test")
            wanted = [name for name in file.files if name in known]
            if not wanted:
                found = ", ".join(file.files) or "none"
                raise InputError(
                    f"{path}: wants the arrays x and y, or x_train and y_train; it holds {found}"
                )
            return {name: file[name] for name in wanted}
    except InputError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        if "pickle" in str(error).lower() and zipfile.is_zipfile(path):
            raise InputError(f"{path}: holds Python objects, not numbers") from None
        raise InputError(f"{path}: is no .npz file that can be read ({error})") from None


def _test_part(path: Path, arrays: dict[str, np.ndarray], x: str) -> Rows | None:
    if x == "x_train" and "x_test" in arrays and "y_test" in arrays:
        return _rows(path, arrays, "x_test", "y_test")
    return None


def _rows(path: Path, arrays: dict[str, np.ndarray], x: str, y: str) -> Rows:
    where = f"{path}: {x}"
    targets = arrays.get(y)
    return checked_rows(where, arrays[x], f"{path}: {y}", targets)


def checked_rows(where: str, x: np.ndarray, where_y: str, y: np.ndarray | None) -> Rows:
    """Rows from arrays, in the types that the command works with.

    Args:
        where: what to call x in an error.
        x: the inputs `(n, …)`; `(n,)` becomes `(n, 1)`.
        where_y: what to call y.
        y: targets `(n,)`, `(n, 1)` or one-hot `(n, classes)`, or None.

    Raises:
        InputError: no numbers, NaN, infinity, no rows, or lengths that differ.
    """
    if x.dtype.kind not in "fiub":
        raise InputError(f"{where}: wants numbers, holds {_kind(x)}")
    if x.ndim == 0 or x.size == 0:
        raise InputError(f"{where}: is empty (shape {x.shape})")
    if x.ndim == 1:
        x = x[:, None]
    x = x.astype(np.uint8) if x.dtype.kind == "b" else x
    _finite(where, x)
    if y is None:
        return Rows(x)
    y = _targets(where_y, y)
    if len(x) != len(y):
        raise InputError(f"{where} has {len(x)} rows, but y has {len(y)}")
    return Rows(x, y)


def _targets(where: str, y: np.ndarray) -> np.ndarray:
    if y.dtype.kind not in "fiubU":
        raise InputError(f"{where}: wants numbers or text, holds {_kind(y)}")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and y.dtype.kind != "U" and _is_one_hot(y):
        y = y.argmax(1)
    if y.ndim != 1:
        raise InputError(f"{where}: wants one target an example (n,), has the shape {y.shape}")
    if y.dtype.kind == "U":
        return y.astype(object)
    if y.dtype.kind == "b":
        return y.astype(str).astype(object)
    _finite(where, y)
    return y.astype(np.float64)


def _is_one_hot(y: np.ndarray) -> bool:
    return bool(np.all((y == 0) | (y == 1)) and np.all(y.sum(1) == 1))


def _finite(where: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f":
        return
    bad = ~np.isfinite(array)
    if bad.any():
        first = tuple(int(axis[0]) for axis in np.nonzero(bad))
        what = "NaN" if np.isnan(array[first]) else "infinity"
        raise InputError(
            f"{where}: holds {what} at [{', '.join(map(str, first))}]; {int(bad.sum())} of "
            f"{array.size} values are not finite. Remove or fill those rows first"
        )


def _kind(array: np.ndarray) -> str:
    names = {"U": "text", "S": "bytes", "c": "complex numbers", "M": "dates", "m": "durations"}
    return names.get(array.dtype.kind, f"values of type {array.dtype}")
