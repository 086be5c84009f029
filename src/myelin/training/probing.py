"""One batch through a model, uncompiled, with a look at what each layer gives and gets back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import activations, variable
from myelin.layers import masks
from myelin.layers.base import Layer
from myelin.layers.context import Watch, call_context
from myelin.training.step import Batch, Passed, State, Task, forward, randomness, weights

# A call of a layer: the calls around it, each by the layer and how often that was called there.
Key = tuple[tuple[int, int], ...]


@dataclass
class Call:
    """One call of one layer.

    Attributes:
        layer: which was called.
        key: what tells its calls apart.
        sources: the calls that its inputs come from.
        seconds: from its beginning to its end, with all that is inside it.
        outputs: a list of what it gave.
        gradients: of the loss with respect to each of `outputs`, None for those without one, after
            `backward`. Where the loss is computed from the logits of an output, it is that of the
            logits.
    """

    layer: Layer
    key: Key
    sources: list[Key]
    seconds: float = 0.0
    outputs: list[Any] = field(default_factory=list)
    gradients: list[Any] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many calls of other layers it is inside of, the model's own not counted."""
        return len(self.key) - 2


class _Recorder(Watch):
    """Notes each call outside of jax's own loops, where arrays have numbers."""

    def __init__(self) -> None:
        self.calls: dict[Key, Call] = {}
        self._open: list[tuple[Key, float, list[Key]]] = []
        self._counts: dict[tuple[Key, int], int] = {}
        # Which call an array comes from; the array is held, so that its id stays its own.
        self._made_by: dict[int, tuple[Any, Key]] = {}

    def enter(self, layer: Layer, inputs: Any) -> None:
        above = self._open[-1][0] if self._open else ()
        number = self._counts.get((above, id(layer)), 0)
        self._counts[above, id(layer)] = number + 1
        found = (self._made_by.get(id(leaf)) for leaf in jax.tree.leaves(inputs))
        sources = list(dict.fromkeys(made[1] for made in found if made is not None))
        key = (*above, (id(layer), number))
        # Its place among the calls is that of its beginning.
        self.calls[key] = Call(layer, key, sources)
        self._open.append((key, time.perf_counter(), sources))

    def leave(self, layer: Layer, outputs: Any) -> Any:
        leaves = jax.tree.leaves(outputs)
        if not any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            jax.block_until_ready(leaves)
        key, began, _ = self._open.pop()
        call = self.calls[key]
        call.seconds = time.perf_counter() - began
        call.outputs = leaves
        self._made_by.update({id(leaf): (leaf, key) for leaf in leaves})
        return outputs


class _Perturber(_Recorder):
    """Adds something to the outputs of each call, so that the loss can be derived by it."""

    def __init__(self, added: dict[Key, list[Any]]) -> None:
        super().__init__()
        self._added = added

    def leave(self, layer: Layer, outputs: Any) -> Any:
        added = self._added.get(self._open[-1][0])
        if added is not None:
            leaves, structure = jax.tree.flatten(outputs)
            moved = [_moved(leaf, by) for leaf, by in zip(leaves, added, strict=True)]
            outputs = jax.tree.unflatten(structure, moved)
        return super().leave(layer, outputs)


def _moved(output: Any, by: Any) -> Any:
    """An output with something added, and what goes with it: its mask, the logits behind it."""
    if by is None:
        return output
    for kind, function in (("softmax", activations.softmax), ("sigmoid", activations.sigmoid)):
        logits = activations.logits_behind(output, kind)
        if logits is not None:
            moved = function(logits + by)
            break
    else:
        moved = output + by
    masks.set_mask(moved, masks.mask_of(output))
    return moved


def run_forward(task: Task, state: State, x: Any, training: bool) -> list[Call]:
    """The calls of the layers for inputs alone, in the order they begin; the model is the first."""
    recorder = _Recorder()
    with (
        variable.bind(task.variables, weights(state)),
        randomness(state),
        call_context(training, recorder),
    ):
        task.model(x, training=training)
    return _with_numbers(recorder)


def run_both_ways(
    task: Task, state: State, batch: Batch, training: bool
) -> tuple[list[Call], Passed, dict[str, Any]]:
    """Forward and back.

    Returns:
        The calls, in the order they begin, with their gradients; what the pass gave; and the
        gradients of the trainable variables by path.
    """
    recorder = _Recorder()
    passed, _ = forward(task, state, batch, training, recorder)
    calls = _with_numbers(recorder)
    nothing = {
        str(place): [_nothing_like(leaf) for leaf in call.outputs]
        for place, call in enumerate(calls)
    }

    def loss_of(trainable: dict[str, Any], added: dict[str, list[Any]]) -> Any:
        by_key = {call.key: added[str(place)] for place, call in enumerate(calls)}
        here = {**state, "trainable": trainable}
        return forward(task, here, batch, training, _Perturber(by_key))[0].loss

    found = jax.grad(loss_of, argnums=(0, 1))(state["trainable"], nothing)
    for place, call in enumerate(calls):
        call.gradients = found[1][str(place)]
    return calls, passed, found[0]


def _nothing_like(output: Any) -> Any:
    return jnp.zeros_like(output) if jnp.issubdtype(output.dtype, jnp.floating) else None


def _with_numbers(recorder: _Recorder) -> list[Call]:
    """The calls whose outputs are arrays; a cell inside a loop of jax's has none."""
    return [call for call in recorder.calls.values()
            if call.outputs and all(map(_has_numbers, call.outputs))]  # fmt: skip


def _has_numbers(output: Any) -> bool:
    return hasattr(output, "dtype") and not isinstance(output, jax.core.Tracer)


def where_gradients_break(
    calls: list[Call], gradients: dict[str, Any], task: Task
) -> Call | str | None:
    """The first call, on the way back, that makes a gradient that is not finite out of a finite.

    Args:
        calls: with their gradients.
        gradients: of the weights by path.
        task: whose variables those are.

    Returns:
        The call; or `"loss"` where the gradient comes out of the loss so; or None where all
        gradients are finite.
    """
    broken = {call.key for call in calls if not all(map(_finite, call.gradients))}
    bad = {id(task.variables[path]) for path, value in gradients.items() if not _finite(value)}
    for call in reversed(list(_innermost(calls))):
        if call.key in broken:
            continue
        own = any(id(weight) in bad for weight in call.layer.trainable_variables)
        if own or any(key in broken for key in call.sources):
            return call
    return "loss" if broken or bad else None


def _innermost(calls: list[Call]) -> Iterator[Call]:
    """The calls that no other call is inside of, in the order they begin."""
    around = {call.key[:-1] for call in calls}
    return (call for call in calls if call.key not in around)


def _finite(value: Any) -> bool:
    return value is None or bool(np.isfinite(np.asarray(value, np.float32)).all())
