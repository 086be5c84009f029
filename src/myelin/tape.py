"""`GradientTape`: notes what is computed inside a `with` block, and differentiates it afterwards.

    with GradientTape() as tape:
        loss = …
    gradients = tape.gradient(loss, variables)

As with TensorFlow's tape, values stay what they are: arrays with numbers, or traced ones inside a
compiled step. The tape stands between the program and jax as one more of jax's traces; it knows a
value by its identity, hands each operation on to whatever is below it, and keeps the operation's
derivative where a watched value went in. `jax.grad` of a function is the shorter way where there is
a function; the tape is for programs that have none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import variable
from myelin.errors import InputError
from myelin.variable import Variable


def _traces() -> Any:
    """Where jax keeps the present trace; loaded with the first tape, because it loads much more."""
    import jax.extend.core

    return jax.extend.core


class GradientTape:
    """Notes the operations of a block on watched values: trainable variables, and `watch`ed ones.

    Args:
        persistent: whether `gradient` may be called more than once; what was noted is kept until
            the tape goes.
        watch_accessed_variables: whether trainable variables are watched once they are read.

    Tapes may stand inside tapes, for derivatives of derivatives. The source of the interface is
    TensorFlow's `tf.GradientTape`.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watches_variables = watch_accessed_variables
        self._block: contextlib.ExitStack | None = None
        self._paused = False
        self.reset()

    def reset(self) -> None:
        """Forgets all that was noted and watched."""
        self._operations: list[_Operation] = []
        # What values are known by is their identity, so each is kept alive.
        self._known: dict[int, Any] = {}
        self._read: dict[int, tuple[Variable, list[Any]]] = {}
        self._spent = False

    def __enter__(self) -> GradientTape:
        if self._block is not None:
            raise InputError("GradientTape: this tape is already inside its block")
        self._block = contextlib.ExitStack()
        with _traces().take_current_trace() as below:
            pass
        if self._watches_variables:
            self._block.enter_context(variable.told_of_reads(self._note_read))
        self._block.enter_context(_traces().set_current_trace(_TapeTrace(self, below)))
        return self

    def __exit__(self, *error: Any) -> None:
        assert self._block is not None
        self._block.close()
        self._block = None

    def watch(self, tensor: Any) -> None:
        """Follows what is computed from an array, a variable, or a tree of them.

        Raises:
            InputError: something that is neither, such as a NumPy array or a number.
        """
        for leaf in jax.tree.leaves(tensor):
            if isinstance(leaf, Variable):
                self._note_read(leaf, leaf._value, always=True)
            elif isinstance(leaf, jax.Array):
                self._known[id(leaf)] = leaf
            else:
                raise InputError(
                    f"GradientTape.watch wants arrays or variables, got {type(leaf).__name__}; "
                    "make an array of it first, for instance with ops.convert_to_tensor"
                )

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Inside the block nothing is noted."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables it has seen, in the order they were first read."""
        return tuple(own for own, _ in self._read.values())

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = "none",
    ) -> Any:
        """The derivatives of the sum of `target`'s numbers.

        Args:
            target: an array, or a tree of them, computed inside the block.
            sources: variables, or arrays that were watched or computed inside the block, in a tree.
            output_gradients: factors of the target's numbers, in the same form; ones when None.
            unconnected_gradients: "none" or "zero", for sources that the target does not need.

        Returns:
            A tree like `sources`, of arrays of their shapes, or None.

        Raises:
            InputError: the tape is not persistent and was asked before, or a target that is not
                floating-point.
        """
        targets = jax.tree.leaves(target)
        factors = [None] * len(targets)
        if output_gradients is not None:
            factors = jax.tree.leaves(output_gradients)
        seeds = [
            jnp.ones_like(own) if factor is None else jnp.asarray(factor, own.dtype)
            for own, factor in zip(map(_array, targets), factors, strict=True)
        ]
        leaves, structure = jax.tree.flatten(sources, is_leaf=lambda leaf: leaf is None)
        found = self._backward(targets, seeds, leaves)
        self._use_up()
        zero = str(getattr(unconnected_gradients, "value", unconnected_gradients)) == "zero"
        filled = [
            jnp.zeros_like(_array(source)) if gradient is None and zero else gradient
            for source, gradient in zip(leaves, found, strict=True)
        ]
        return jax.tree.unflatten(structure, filled)

    def jacobian(self, target: Any, sources: Any, **kwargs: Any) -> Any:
        """The derivatives of each number of `target`, of shape `target.shape + source.shape`.

        Args:
            target: an array computed inside the block.
            sources: as for `gradient`.
            kwargs: accepted for TensorFlow's sake, without effect.
        """
        target = _array(target)
        rows = jnp.eye(target.size, dtype=target.dtype).reshape(target.size, *target.shape)
        leaves, structure = jax.tree.flatten(sources)
        found = jax.vmap(lambda seed: self._backward([target], [seed], leaves))(rows)
        self._use_up()
        shaped = [None if g is None else g.reshape(target.shape + g.shape[1:]) for g in found]
        return jax.tree.unflatten(structure, shaped)

    def batch_jacobian(self, target: Any, source: Any, **kwargs: Any) -> Any:
        """The Jacobian of each row: `(n, a…)` by `(n, b…)` gives `(n, a…, b…)`."""
        whole = self.jacobian(target, source)
        if whole is None:
            return None
        rows = jnp.arange(target.shape[0])
        return jnp.moveaxis(whole, target.ndim, 1)[rows, rows]

    def _use_up(self) -> None:
        if not self._persistent:
            self.reset()
            self._spent = True

    def _backward(self, targets: list[Any], seeds: list[Any], sources: list[Any]) -> list[Any]:
        """The derivative by each source of the targets, weighed by `seeds`."""
        if self._spent:
            raise InputError(
                "GradientTape: its gradient was taken already; use GradientTape(persistent=True) "
                "to take more than one"
            )
        bars: dict[int, Any] = {}
        for target, seed in zip(map(_array, targets), seeds, strict=True):
            if not jnp.issubdtype(target.dtype, jnp.inexact):
                raise InputError(f"GradientTape: a target of type {target.dtype} has no gradient")
            _add(bars, id(target), seed)
        wanted = [self._values_of(source) for source in sources]
        inner = {id(value) for values in wanted for value in values}
        kept: dict[int, Any] = {}
        for operation in reversed(self._operations):
            outs = [bars.pop(key, None) for key in operation.outputs]
            kept.update(
                (key, bar)
                for key, bar in zip(operation.outputs, outs, strict=True)
                if bar is not None and key in inner
            )
            if any(bar is not None for bar in outs):
                for key, bar in zip(operation.inputs, operation.pull(outs), strict=True):
                    _add(bars, key, bar)
        return [_summed([{**kept, **bars}.get(id(value)) for value in own]) for own in wanted]

    def _values_of(self, source: Any) -> list[Any]:
        """The arrays that stand for a source; a variable may have been read between changes."""
        if isinstance(source, Variable):
            read = self._read.get(id(source))
            return [] if read is None else read[1]
        return [] if source is None else [source]

    # What the trace and the variables tell.

    def _note_read(self, own: Variable, value: Any, always: bool = False) -> None:
        if self._paused or not (own.trainable or always):
            return
        values = self._read.setdefault(id(own), (own, []))[1]
        if not any(known is value for known in values):
            values.append(value)
            self._known[id(value)] = value

    def _follows(self, value: Any) -> bool:
        return id(value) in self._known and jnp.issubdtype(jnp.result_type(value), jnp.inexact)

    def _computed(self, compute: Callable[..., Any], values: Sequence[Any], below: Any) -> Any:
        """What an operation gives, computed by the trace below, and noted where it is followed.

        Args:
            compute: `(trace, values) -> outputs`.
            values: what goes in.
            below: the trace in whose place the tape's stands.
        """
        places = [place for place, value in enumerate(values) if self._follows(value)]
        if self._paused or not places:
            return compute(below, values)

        def of_followed(*followed: Any) -> Any:
            filled = list(values)
            for place, value in zip(places, followed, strict=True):
                filled[place] = value
            with _traces().take_current_trace() as trace:
                return compute(trace, filled)

        followed = [values[place] for place in places]
        with _traces().set_current_trace(below):
            results, pull = jax.vjp(of_followed, *followed)
        outputs, structure = jax.tree.flatten(results)
        self._known.update({id(out): out for out in outputs})
        self._operations.append(
            _Operation(
                inputs=[id(value) for value in followed],
                outputs=[id(out) for out in outputs],
                shapes=[(out.shape, out.dtype) for out in outputs],
                pull=lambda bars: pull(jax.tree.unflatten(structure, bars)),
            )
        )
        return results


class _Operation:
    """One operation that was noted: which values went in, which came out, and its derivative."""

    def __init__(self, inputs: list[int], outputs: list[int], shapes: Any, pull: Any) -> None:
        self.inputs, self.outputs, self._shapes, self._pull = inputs, outputs, shapes, pull

    def pull(self, bars: list[Any]) -> Any:
        """The derivatives by what went in, from those by what came out, None for zeros."""
        filled = [
            _zeros(*shape) if bar is None else bar
            for bar, shape in zip(bars, self._shapes, strict=True)
        ]
        return self._pull(filled)


class _TapeTrace(jax.core.Trace):
    """The trace that a tape puts in the place of the present one: tells it, and hands on."""

    def __init__(self, tape: GradientTape, below: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tape, self._below = tape, below

    def stage_value(self, val: Any) -> Any:
        return self._below.stage_value(val)

    def process_primitive(self, primitive: Any, values: Any, params: Any, /) -> Any:
        def compute(trace: Any, values: Any) -> Any:
            return trace.process_primitive(primitive, values, params)

        return self._tape._computed(compute, values, self._below)

    def process_call(self, primitive: Any, fun: Any, values: Any, params: Any, /) -> Any:
        def compute(trace: Any, values: Any) -> Any:
            return trace.process_call(primitive, fun, values, params)

        return self._tape._computed(compute, values, self._below)

    def process_custom_jvp_call(
        self, primitive: Any, fun: Any, jvp: Any, values: Any, /, **params: Any
    ) -> Any:
        def compute(trace: Any, values: Any) -> Any:
            return trace.process_custom_jvp_call(primitive, fun, jvp, values, **params)

        return self._tape._computed(compute, values, self._below)

    def process_custom_vjp_call(
        self, primitive: Any, fun: Any, fwd: Any, bwd: Any, values: Any, /, **params: Any
    ) -> Any:
        def compute(trace: Any, values: Any) -> Any:
            return trace.process_custom_vjp_call(primitive, fun, fwd, bwd, values, **params)

        return self._tape._computed(compute, values, self._below)

    def cur_qdd(self, x: Any) -> Any:
        return self._below.cur_qdd(x)


def _array(value: Any) -> Any:
    return value._value if isinstance(value, Variable) else jnp.asarray(value)


def _zeros(shape: Any, dtype: Any) -> Any:
    if jnp.issubdtype(dtype, jnp.inexact):
        return jnp.zeros(shape, dtype)
    # What jax takes for the derivative by whole numbers.
    return np.zeros(shape, jax.dtypes.float0)


def _add(bars: dict[int, Any], key: int, bar: Any) -> None:
    bars[key] = bar if key not in bars else bars[key] + bar


def _summed(parts: list[Any]) -> Any:
    found = [part for part in parts if part is not None]
    return sum(found[1:], found[0]) if found else None
