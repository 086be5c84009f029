"""`Variable`, and `bind`: the one place where mutable objects meet JAX's pure functions."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes, naming
from myelin.errors import InputError, ShapeError
from myelin.placing import owned

# A processor has the answer sooner where the caller computes it: handing the work to a thread and
# waiting for it took 20 to 70 µs of the 50 to 100 of a small model. GPUs are as before.
jax.config.update("jax_cpu_enable_async_dispatch", False)

_cast_to: str | None = None
# How many numbers may still be made; None: as many as the machine holds.
_left: int | None = None
# Whether assignments are checked only; see `rehearsal`.
_rehearsing = False
# Variables without a value, and what makes it, by identity; None outside `unfilled`.
_unfilled: dict[int, tuple[Variable, Any]] | None = None
# The blocks of `scopes.StatelessScope` that are open, which are told before a value changes.
open_scopes: list[Any] = []
# Who is told of each read, with the variable and its array.
_told: list[Callable[[Variable, Any], None]] = []
# Who looks rows up in the place of `rows_of`, where it can.
_look_up: Callable[[Variable, Any], Any] | None = None


class Variable:
    """An array that a layer, metric or optimizer owns and may replace.

    Args:
        initializer: the first value, anything `jax.numpy.asarray` takes, or a function
            `(shape, dtype) -> array`, which then needs `shape`.
        shape: sizes, needed with a function only.
        dtype: the type to hold; the default float type when not given and not implied.
        trainable: whether gradients reach it.
        name: the last part of its path.
        autocast: whether mixed precision may hand out its value in the shorter type.
        aggregation, synchronization, layout: accepted for Keras's sake; an array is whole here.

    Attributes:
        path: where it stands, such as `"dense/kernel"`; unique inside a model.
        regularizer: `array -> scalar` added to the loss, or None.
        constraint: `array -> array` applied after each update, or None.
        is_state: whether it is what a layer remembers from batch to batch, and no weight.
        is_table: whether its layer looks rows up in it; see `rows`.

    Raises:
        InputError: inside `room`, there is not enough of it left.
    """

    # NumPy arrays on the left of an operator leave the work to the one here, as with jax arrays.
    __array_priority__ = 100

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        name: str = "variable",
        *,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        synchronization: str = "auto",
        layout: Any = None,
    ) -> None:
        if callable(initializer):
            _take_room(name, shape or ())
            dtype = dtypes.name_of(dtype)
            initializer = self._first_value(initializer, tuple(shape or ()), dtype)
        elif dtype is None and not hasattr(initializer, "dtype"):
            dtype = dtypes.floatx()
        # A copy of its own: training donates the buffer, and must never free the caller's.
        self._value: Any = initializer
        if not self._is_unfilled:
            kind = None if dtype is None else dtypes.name_of(dtype)
            self._value = owned(initializer, kind)
        self.name = name
        self.path = naming.within_scope(name)
        self.trainable = trainable
        self.autocast = autocast
        self.regularizer = regularizer
        self.constraint = constraint
        self.is_state = self.is_table = False

    def _first_value(self, initializer: Any, shape: tuple[int, ...], dtype: str) -> Any:
        if _unfilled is None:
            return initializer(shape, dtype=dtype)
        _unfilled[id(self)] = self, initializer
        return np.broadcast_to(np.zeros((), dtype), shape)

    @property
    def _is_unfilled(self) -> bool:
        """Whether it has no value yet; then `_value` takes no memory, whatever its shape."""
        return _unfilled is not None and id(self) in _unfilled

    def _fill(self) -> None:
        assert _unfilled is not None
        _, initializer = _unfilled.pop(id(self))
        with jax.ensure_compile_time_eval():
            self._value = owned(initializer(self.shape, dtype=self.dtype), self.dtype)

    @property
    def value(self) -> jax.Array:
        """The array it holds now; inside a compiled step, the traced one.

        Inside `autocast` a floating-point value comes in that type, for mixed precision.
        """
        if not isinstance(self._value, jax.Array):
            if self._is_unfilled:
                self._fill()
            # As members of one program show their numbers between epochs.
            self._value = owned(self._value)
        for tell in _told:
            tell(self, self._value)
        return self._cast(self._value)

    def rows(self, index: Any) -> Any:
        """The entries along the first axis that `index` names; NaN where there are none.

        Of a table a training step knows by this that no others are read, so that only these have
        a gradient.

        Shapes: index `(…)` of whole numbers, result `(…, *shape[1:])`.
        """
        found = None if _look_up is None else _look_up(self, index)
        return rows_of(self.value, index) if found is None else self._cast(found)

    def _cast(self, array: jax.Array) -> jax.Array:
        if _cast_to is not None and self.autocast and dtypes.is_float(array.dtype):
            return array.astype(_cast_to)
        return array

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its axes."""
        return tuple(self._value.shape)

    @property
    def dtype(self) -> str:
        """The name of its type."""
        return str(self._value.dtype)

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(self._value.size)

    def assign(self, value: Any) -> jax.Array:
        """Replaces the value by one of the same shape, cast to this variable's type.

        Raises:
            ShapeError: the shapes differ.
        """
        if isinstance(value, Variable):
            value = value._value
        kind = self._value.dtype
        # The caller may hand over an array that lives elsewhere too; see __init__.
        return self._put(jnp.asarray(value, kind) if _is_traced(value) else owned(value, kind))

    def adopt(self, value: np.ndarray) -> jax.Array:
        """`assign` of an array that nobody else has: its memory may become the variable's.

        Raises:
            ShapeError: the shapes differ.
        """
        return self._put(jnp.asarray(value, dtype=self._value.dtype))

    def _put(self, new: jax.Array) -> jax.Array:
        if new.shape != self._value.shape:
            raise ShapeError(
                f'Variable "{self.path}": wants shape {self.shape}, got {tuple(new.shape)}'
            )
        if _rehearsing:
            return new
        for scope in open_scopes:
            scope.note(self)
        if _unfilled is not None:
            _unfilled.pop(id(self), None)
        self._value = new
        return self._value

    def assign_add(self, value: Any) -> jax.Array:
        """Adds to the value."""
        return self.assign(self._value + jnp.asarray(value, self._value.dtype))

    def assign_sub(self, value: Any) -> jax.Array:
        """Subtracts from the value."""
        return self.assign(self._value - jnp.asarray(value, self._value.dtype))

    def numpy(self) -> np.ndarray:
        """A NumPy copy of the value."""
        return np.array(self._value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self._value, dtype=dtype)

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __len__(self) -> int:
        return len(self._value)

    def __getitem__(self, index: Any) -> jax.Array:
        return self.value[index]

    def __float__(self) -> float:
        return float(self._value)

    def __int__(self) -> int:
        return int(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __format__(self, spec: str) -> str:
        return format(self._value.item() if self.ndim == 0 else self._value, spec)

    # Python takes the hash away from a class that defines equality: `==` compares numbers here.
    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={np.asarray(self._value)}>"
        )


def rows_of(array: jax.Array, index: Any) -> jax.Array:
    """`array[index]` along the first axis, with NaN where there is no such entry."""
    return jnp.asarray(array).at[index].get(mode="fill", fill_value=jnp.nan)


def _is_traced(value: Any) -> bool:
    return isinstance(value, jax.core.Tracer)


def _forward_operators() -> None:
    """Gives `Variable` the arithmetic and comparison operators of the array it holds."""

    def operator(name: str) -> Any:
        def method(self: Variable, *others: Any) -> Any:
            others = tuple(o.value if isinstance(o, Variable) else o for o in others)
            return getattr(self.value, name)(*others)

        method.__name__ = name
        return method

    binary = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"]
    names = [f"__{prefix}{name}__" for name in binary for prefix in ("", "r")]
    names += [f"__{name}__" for name in ("neg", "pos", "abs", "lt", "le", "gt", "ge", "eq", "ne")]
    for name in names:
        setattr(Variable, name, operator(name))


_forward_operators()


@contextlib.contextmanager
def autocast(dtype: str | None) -> Iterator[None]:
    """Inside the block, floating-point variables hand out their values as `dtype`; None: as is."""
    global _cast_to
    before, _cast_to = _cast_to, dtype
    try:
        yield
    finally:
        _cast_to = before


@contextlib.contextmanager
def told_of_reads(tell: Callable[[Variable, Any], None]) -> Iterator[None]:
    """Inside the block, `tell(variable, array)` is called each time a value is read."""
    _told.append(tell)
    try:
        yield
    finally:
        _told.remove(tell)


@contextlib.contextmanager
def looked_up_by(look_up: Callable[[Variable, Any], Any]) -> Iterator[None]:
    """Inside the block, `look_up(variable, index)` gives the rows of a variable, or None."""
    global _look_up
    before, _look_up = _look_up, look_up
    try:
        yield
    finally:
        _look_up = before


@contextlib.contextmanager
def rehearsal() -> Iterator[None]:
    """Inside the block assignments check their value and leave variables as they are.

    For running a step on promises, to see what it makes and returns.
    """
    global _rehearsing
    before, _rehearsing = _rehearsing, True
    try:
        yield
    finally:
        _rehearsing = before


def in_rehearsal() -> bool:
    """Whether this is inside a block of `rehearsal`."""
    return _rehearsing


@contextlib.contextmanager
def room(count: int) -> Iterator[None]:
    """Inside the block, variables of `count` numbers in all can be made, and no more.

    For configurations from files: a forged size is refused before memory is taken for it.

    Raises:
        InputError: in the block, where a variable is made for which there is no room left.
    """
    global _left
    before, _left = _left, count
    try:
        yield
    finally:
        _left = before


@contextlib.contextmanager
def unfilled() -> Iterator[None]:
    """Inside the block variables are made without their first values, which files bring.

    One that is read without having been assigned gets its value then, and the others at the end.
    """
    global _unfilled
    before, _unfilled = _unfilled, {}
    try:
        yield
        for own, _ in list(_unfilled.values()):
            own._fill()
    finally:
        _unfilled = before


def _take_room(name: str, shape: Sequence[int]) -> None:
    global _left
    if _left is None:
        return
    _left -= math.prod(shape)
    if _left < 0:
        raise InputError(f'Variable "{name}": there is no room for the shape {tuple(shape)}')


@contextlib.contextmanager
def bind(variables: dict[str, Variable], values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Puts `values` into `variables` for the block; yields a dictionary of what the block left.

    This turns code that reads and assigns variables into a function of arrays, which `jit`,
    `grad`, `vmap`, `scan` and sharding can take:

        with bind(variables, values) as after:
            outputs = layer(inputs)
        return outputs, after

    Args:
        variables: the objects, by path.
        values: arrays by the same paths; paths that `variables` lacks are an error.

    Yields:
        An empty dictionary, which holds a value for each path of `values` once the block ends.
        The variables themselves are as they were before the block, also after an exception.
    """
    before = {path: variables[path]._value for path in values}
    after: dict[str, Any] = {}
    for path, value in values.items():
        variables[path]._value = value
    try:
        yield after
        after.update({path: variables[path]._value for path in values})
    finally:
        for path, value in before.items():
            variables[path]._value = value
