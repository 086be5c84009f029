"""A program's function on elements: compiled for many at once where that is the same, else called.

`tf.data` traces such a function once. Here it is traced twice, and compiled only if both
traces are equal, so that a function which draws from a generator of NumPy's or counts its calls
is called for each element. What `tf.random` and layers draw is drawn anew for each element, since
their keys are arguments of the compiled form.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from myelin import random
from myelin.utils.dataset.trees import as_element, is_tree, leaves, normalized, tree_map

# More shapes than this are not worth a program each.
_MOST_PROGRAMS = 4
_THREADS = 8
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")

_tracing = True


def enable_debug_mode() -> None:
    """From now on, functions given to `map` are called for each element, as a debugger needs."""
    global _tracing
    _tracing = False


def call(function: Callable[..., Any], element: Any) -> Any:
    """`function` of an element: the parts of a tuple are its arguments."""
    given = function(*element) if isinstance(element, tuple) else function(element)
    if isinstance(given, list) and any(hasattr(part, "dtype") for part in given):
        return tuple(given)
    return given


def apply(function: Callable[..., Any], element: Any) -> Any:
    """The same in plain Python, on arrays with `numpy()`."""
    return normalized(call(function, tree_map(as_element, element)))


@dataclass
class Program:
    """A function as traced: the expression and its constants, and where its outputs come from.

    Attributes:
        closed: the expression of a key and the arrays.
        structure: the tree of outputs, with the place of each in the list.
        sources: for each output the input that it simply is, else None.
        draws: whether it uses the key.
    """

    closed: Any
    structure: Any
    sources: list[int | None]
    draws: bool
    _compiled: dict[bool, Any] = field(default_factory=dict)

    def same(self, other: Program | None) -> bool:
        """Whether another trace gave the same expression and the same constants."""
        if other is None or _text(self.closed) != _text(other.closed):
            return False
        mine, its = self.closed.consts, other.closed.consts
        return all(
            a is b or np.array_equal(np.asarray(a), np.asarray(b))
            for a, b in zip(mine, its, strict=True)
        )

    def run(self, arrays: list[Any], seed: Any, over_rows: bool) -> Any:
        """The outputs, as NumPy arrays; `over_rows` for arrays of many elements."""
        words = np.asarray(seed if self.draws else (0, 0), np.uint32)
        outputs = self._program(over_rows)(words, *map(np.asarray, arrays))
        values = [
            np.asarray(output) if source is None else arrays[source]
            for output, source in zip(outputs, self.sources, strict=True)
        ]
        return tree_map(values.__getitem__, self.structure)

    def _program(self, over_rows: bool) -> Any:
        import jax
        from jax.extend.core import jaxpr_as_fun

        if over_rows not in self._compiled:
            function = jaxpr_as_fun(self.closed)

            def one(seed: Any, *arrays: Any) -> Any:
                return function(jax.random.wrap_key_data(seed), *arrays)

            def many(seed: Any, *arrays: Any) -> Any:
                key = jax.random.wrap_key_data(seed)
                return jax.vmap(function)(jax.random.split(key, len(arrays[0])), *arrays)

            self._compiled[over_rows] = jax.jit(many if over_rows else one)
        return self._compiled[over_rows]


def _text(closed: Any) -> str:
    return _ADDRESS.sub("", str(closed))


def trace(function: Callable[[Any], Any], element: Any) -> Program | None:
    """`function` as a program on elements of these shapes; None where it cannot be one.

    Args:
        function: of one element.
        element: a tree of things with a shape and a type.
    """
    import jax

    given = leaves(element)
    if not _tracing or not given or not all(_computable(leaf.dtype) for leaf in given):
        return None
    places = iter(range(len(given)))
    numbered = tree_map(lambda _: next(places), element)
    structure: Any = None

    def flat(key: Any, *arrays: Any) -> list[Any]:
        nonlocal structure
        with random.scope(key):
            outputs = function(tree_map(arrays.__getitem__, numbered))
        outputs = _joined(outputs)
        found = leaves(outputs)
        counted = iter(range(len(found)))
        structure = tree_map(lambda _: next(counted), outputs)
        return found

    abstract = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in given]
    try:
        closed = jax.make_jaxpr(flat)(jax.random.key(0), *abstract)
    except Exception:
        # Whatever it was: called in plain Python it works, or fails where a debugger sees it.
        return None
    if not closed.jaxpr.outvars or closed.effects:
        return None
    key, *inputs = closed.jaxpr.invars
    sources = [_position(out, inputs) for out in closed.jaxpr.outvars]
    draws = any(var is key for eqn in closed.jaxpr.eqns for var in eqn.invars)
    return Program(closed, structure, sources, draws)


def _joined(outputs: Any) -> Any:
    """Lists and Python numbers as arrays."""
    import jax.numpy as jnp

    if is_tree(outputs):
        return tree_map(_joined, outputs)
    if isinstance(outputs, list):
        return jnp.stack([jnp.asarray(part) for part in outputs])
    return jnp.asarray(outputs)


def _position(variable: Any, among: list[Any]) -> int | None:
    return next((place for place, other in enumerate(among) if other is variable), None)


def _computable(dtype: Any) -> bool:
    kind = np.dtype(dtype).kind
    return kind in "biufcV"


def fits_32_bits(arrays: list[Any]) -> bool:
    """Whether whole numbers of 64 bits, which are computed in 32, fit into them."""
    wide = [a for a in arrays if a.dtype.kind in "iu" and a.dtype.itemsize == 8 and a.size]
    return all(max(abs(int(a.min())), abs(int(a.max()))) < 2**31 for a in wide)


def traced_again(
    function: Callable[[Any], Any], element: Any, known: Program | None
) -> Program | None:
    """The program for a new pass: the known one if it still says what the function does.

    A function may read a layer's weights, which have changed since.
    """
    fresh = trace(function, element)
    if fresh is None:
        return None
    if known is not None and fresh.same(known):
        return known
    return fresh if fresh.same(trace(function, element)) else None


class ElementMap:
    """A function for elements of any shapes, with a program for each of the first few.

    Args:
        function: of the parts of an element.
        parallel: whether plain Python may run in several threads.
    """

    def __init__(self, function: Callable[..., Any], parallel: bool = False) -> None:
        self.function = function
        self.parallel = parallel
        self._programs: dict[Any, Program | None] = {}

    def over(self, elements: Iterator[Any]) -> Iterator[Any]:
        """The function of each element, in order."""
        fresh: set[Any] = set()
        seed, count = random.next_seed(), 0

        def program_for(element: Any) -> Program | None:
            arrays = leaves(element)
            if not all(isinstance(a, np.ndarray) for a in arrays) or not fits_32_bits(arrays):
                return None
            # Not the shapes alone: {"a": …} and {"b": …} are different arguments.
            known = _form(element)
            if known not in fresh:
                fresh.add(known)
                if known not in self._programs and len(self._programs) >= _MOST_PROGRAMS:
                    return None
                self._programs[known] = traced_again(
                    lambda e: call(self.function, e), element, self._programs.get(known)
                )
            return self._programs.get(known)

        def one(element: Any) -> Any:
            nonlocal count
            program = program_for(element)
            if program is None:
                return None
            count += 1
            return program.run(leaves(element), [seed, count], over_rows=False)

        if self.parallel:
            yield from self._in_threads(elements, one)
            return
        for element in elements:
            made = one(element)
            yield apply(self.function, element) if made is None else made

    def _in_threads(self, elements: Iterator[Any], one: Callable[[Any], Any]) -> Iterator[Any]:
        """Elements without a program, a few at a time in threads; the order stays."""
        waiting: deque[Any] = deque()
        with ThreadPoolExecutor(_THREADS, "myelin-map") as pool:
            try:
                for element in elements:
                    made = one(element)
                    if made is None:
                        made = pool.submit(apply, self.function, element)
                    waiting.append(made)
                    if len(waiting) > 2 * _THREADS:
                        yield _result(waiting.popleft())
                while waiting:
                    yield _result(waiting.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _form(element: Any) -> Any:
    if isinstance(element, dict):
        return tuple((key, _form(part)) for key, part in element.items())
    if isinstance(element, tuple):
        return tuple(map(_form, element))
    return element.shape, element.dtype.str


def _result(made: Any) -> Any:
    return made.result() if isinstance(made, Future) else made
