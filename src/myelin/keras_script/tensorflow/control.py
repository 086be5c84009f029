"""What stands around a program's arithmetic: `tf.function`, loops, assertions, printing."""

from __future__ import annotations

import builtins
import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError
from myelin.keras_script.tensorflow.calling import tensor
from myelin.utils.dataset.trees import as_element, tree_map


def cond(
    pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None
) -> Any:
    """What one of two functions gives."""
    if isinstance(pred, jax.core.Tracer):
        return jax.lax.cond(jnp.squeeze(tensor(pred)), true_fn, false_fn)
    return true_fn() if bool(np.asarray(pred)) else false_fn()


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any,
    shape_invariants: Any = None, parallel_iterations: Any = None, back_prop: bool = True,
    swap_memory: bool = False, maximum_iterations: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """`body` of the loop's variables, again and again while `cond` of them holds."""
    state = tuple(loop_vars)
    count = 0
    while bool(cond(*state)) and (maximum_iterations is None or count < maximum_iterations):
        given = body(*state)
        state = tuple(given) if isinstance(given, tuple | list) else (given,)
        count += 1
    return list(state) if isinstance(loop_vars, list) else state


def map_fn(
    fn: Callable[..., Any], elems: Any, dtype: Any = None, parallel_iterations: Any = None,
    fn_output_signature: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """`fn` of each row, put under each other."""
    elems = jax.tree.map(tensor, elems)
    made = [fn(jax.tree.map(lambda a, i=i: a[i], elems)) for i in range(_count(elems))]
    return jax.tree.map(lambda *parts: jnp.stack([tensor(p) for p in parts]), *made)


def vectorized_map(
    fn: Callable[..., Any], elems: Any, fallback_to_while_loop: bool = True, warn: bool = True
) -> Any:
    """`fn` of each row, all at once."""
    return jax.vmap(fn)(jax.tree.map(tensor, elems))


def foldl(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, name: str | None = None
) -> Any:
    """`fn(result, row)` from the first row on."""
    rows = list(tensor(elems))
    result = rows.pop(0) if initializer is None else tensor(initializer)
    for row in rows:
        result = fn(result, row)
    return result


def scan(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, reverse: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """All results of `fn(result, row)` from the first row on, or from the last."""
    rows = list(tensor(elems))[:: -1 if reverse else 1]
    results = [rows.pop(0)] if initializer is None else []
    last = results[0] if results else tensor(initializer)
    for row in rows:
        last = fn(last, row)
        results.append(last)
    return jnp.stack([tensor(result) for result in results[:: -1 if reverse else 1]])


def _count(tree: Any) -> int:
    return int(jax.tree.leaves(tree)[0].shape[0])


def numpy_function(
    func: Callable[..., Any] | None = None, inp: Any = None, Tout: Any = None,
    stateful: bool = True, name: str | None = None,
) -> Any:  # fmt: skip
    """What a function of NumPy arrays gives."""
    assert func is not None
    return _given(func(*(np.asarray(as_element(x)) for x in inp or ())), Tout)


def py_function(
    func: Callable[..., Any] | None = None, inp: Any = None, Tout: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """What a Python function of arrays with `numpy()` gives."""
    assert func is not None
    return _given(func(*(as_element(x) for x in inp or ())), Tout)


def _given(values: Any, types: Any) -> Any:
    """What a function gave, in the types it promised; text stays with NumPy."""
    if isinstance(types, list | tuple):
        parts = values if isinstance(values, list | tuple) else [values]
        return [_given(value, kind) for value, kind in zip(parts, types, strict=True)]
    array = np.asarray(values)
    if types is not None and str(getattr(types, "name", types)) not in ("string", "str"):
        array = array.astype(np.dtype(types))
    return as_element(array)


def print(
    *inputs: Any, output_stream: Any = None, sep: str = " ", end: str = "\n", **_: Any
) -> None:
    """Prints arrays with their numbers."""
    shown = [np.asarray(x) if hasattr(x, "dtype") else x for x in inputs]
    builtins.print(*shown, sep=sep, end=end, file=output_stream or sys.stderr)


def Assert(condition: Any, data: Any, summarize: Any = None, name: str | None = None) -> None:
    """Raises where a condition does not hold.

    Raises:
        InputError: it does not; says what `data` holds.
    """
    if not np.asarray(condition).all():
        raise InputError(f"the assertion failed: {[np.asarray(x).tolist() for x in data]}")


def _compared(name: str, holds: Callable[[Any, Any], Any]) -> Callable[..., None]:
    def check(x: Any, y: Any, message: str | None = None, **_: Any) -> None:
        """Raises InputError where the comparison does not hold for all entries."""
        if not np.all(holds(np.asarray(x), np.asarray(y))):
            raise InputError(f"assert_{name} failed: {message or ''} x={x}, y={y}")

    return check


assert_equal = _compared("equal", np.equal)
assert_greater = _compared("greater", np.greater)
assert_greater_equal = _compared("greater_equal", np.greater_equal)
assert_less = _compared("less", np.less)
assert_less_equal = _compared("less_equal", np.less_equal)
assert_near = _compared("near", lambda x, y: np.isclose(x, y, 1e-5, 1e-5))


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Does nothing: names of layers are their own."""
    yield name


@contextlib.contextmanager
def device(device_name: Any) -> Iterator[None]:
    """Does nothing: jax places arrays on the default device."""
    yield


@contextlib.contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """Does nothing: calls come in the order in which they are written."""
    yield


def no_op(name: str | None = None) -> None:
    """Does nothing."""


def group(*inputs: Any, **kwargs: Any) -> None:
    """Does nothing: what was called has been done."""


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves of lists, tuples and dictionaries, in order."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, list | tuple):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """`func` of each leaf of lists, tuples and dictionaries."""
    if isinstance(structure[0], list):
        return [map_structure(func, *parts) for parts in zip(*structure, strict=True)]
    if isinstance(structure[0], tuple):
        return tree_map(func, *structure)
    if isinstance(structure[0], dict):
        return {key: map_structure(func, *(s[key] for s in structure)) for key in structure[0]}
    return func(*structure)
