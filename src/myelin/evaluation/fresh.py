"""Models made afresh: for every fold and member one with weights and optimizer of its own."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from myelin import naming, random, registry
from myelin.callbacks.callback_list import CallbackList
from myelin.callbacks.history import History
from myelin.errors import InputError, NotCompiledError
from myelin.evaluation import settings as numbers
from myelin.layers.hosting import HostLayer
from myelin.models.cloning import clone_model
from myelin.training.cohort import Member
from myelin.training.data import Arrays
from myelin.training.live import LiveState
from myelin.training.reading import Reader
from myelin.training.trainer import Trainer

# A layer learns its statistics from at most so many rows at a time.
_ROWS = 8192


def make_model(model: Any) -> Any:
    """A compiled model with fresh weights: a copy of `model`, or what it gives as a function.

    Raises:
        InputError: it is neither, or cannot be copied.
        NotCompiledError: the model is not compiled.
    """
    if isinstance(model, Trainer):
        if not model.compiled:
            raise NotCompiledError(
                f'{model.title} is not compiled: call compile(optimizer="adam", loss=…) first'
            )
        made = clone_model(model)
        made.compile(**compile_arguments(model))
        _keep_vocabularies(model, made)
        return made
    if not callable(model) or hasattr(model, "predict"):
        raise InputError(
            f"model wants a compiled model of Myelin or a function that gives one, got {model!r}"
        )
    with naming.anew():
        made = model()
    if not isinstance(made, Trainer):
        raise InputError(f"the function {_name(model)} must give a compiled model, got {made!r}")
    if not made.compiled:
        raise NotCompiledError(f"the model that {_name(model)} gives is not compiled")
    return made


def _keep_vocabularies(model: Any, made: Any) -> None:
    """Gives a copy the vocabularies of the model, since what becomes of text is prepared once."""
    both = ([x for x in each.all_layers() if isinstance(x, HostLayer)] for each in (model, made))
    for old, new in zip(*both, strict=False):
        new.take_learned(old.learned())


def compile_arguments(model: Any) -> dict[str, Any]:
    """The arguments that `model` was compiled with, the optimizer without its state."""
    arguments = dict(model._compiled_with)
    optimizer = arguments["optimizer"]
    try:
        arguments["optimizer"] = registry.copied(optimizer)
    except (TypeError, ValueError):
        # No configuration, as of an optax transformation: the same rule without its state.
        arguments["optimizer"] = copy.copy(optimizer)
        for name, value in (("_trainable", None), ("_added", {}), ("_state", None)):
            setattr(arguments["optimizer"], name, value)
    for name in ("loss", "metrics", "weighted_metrics"):
        arguments[name] = registry.copied(arguments[name])
    return arguments


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))


def make_member(
    model: Any,
    data: Arrays,
    train: np.ndarray,
    validation: np.ndarray | None,
    seed: int,
    callbacks: Any,
    settings: Mapping[str, Any] | None = None,
) -> Member:
    """One member with a fresh model, drawn as after `set_random_seed(seed)`.

    Layers with `adapt` learn from the member's training rows alone, but for those on the host: a
    vocabulary is the model's own, since what becomes of text is shared by all members.

    Args:
        model: see `make_model`.
        data: all rows, read already.
        train, validation: the rows of this member.
        seed: of its weights, its order of rows and its noise.
        callbacks: copied for the member.
        settings: numbers to set in it; see `settings`.
    """
    with random.seeded(seed):
        made = make_model(model)
        numbers.put(made, settings or {})
        learn_statistics(made, data.x, train)
        reader = Reader(made)
        reader.examples(*data.take(train[:1]).batch)
        programs = made._prepare(reader, data)
        if made.has_own_steps:
            programs = made._prepare(reader, data, training=False)
        live = LiveState(programs.task)
    made._live = live
    listed = _copies(callbacks)
    if not any(isinstance(callback, History) for callback in listed):
        listed.append(History())
    own = {
        name: np.float32(value)
        for name, value in (settings or {}).items()
        if name not in (numbers.SEED, numbers.LEARNING_RATE)
    }
    member = Member(made, live, train, validation, CallbackList(listed, model=made), own)
    made.history = member.history
    return member


def _copies(callbacks: Any) -> list[Any]:
    given = CallbackList(callbacks).callbacks
    return [copy.deepcopy(callback) for callback in given]


def learn_statistics(model: Any, x: Any, rows: np.ndarray) -> None:
    """Has every layer with `adapt` learn from these rows, whatever it had learned before.

    Each sees what reaches it inside the model, so that one behind another learns from its outputs.
    """
    if not model.built:
        model._build_for(jax.tree.map(lambda a: (None, *a.shape[1:]), x))
    waiting = {
        id(layer): layer
        for layer in model.all_layers()
        if hasattr(layer, "adapt") and getattr(layer, "_given", None) is None and not layer.on_host
    }
    while waiting:
        found: list[tuple[Any, Any]] = []
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            with _stopped_at(waiting, found):
                model(jax.tree.map(lambda a: jax.numpy.asarray(np.asarray(a)[part]), x))  # noqa: B023
        if not found:
            return
        layer = found[0][0]
        layer.adapt(np.concatenate([inputs for own, inputs in found if own is layer]))
        del waiting[id(layer)]


class _ReachedError(Exception):
    """The model has come to a layer that waits for its inputs."""


@contextlib.contextmanager
def _stopped_at(layers: dict[int, Any], found: list[tuple[Any, Any]]) -> Iterator[None]:
    """Inside the block, a model ends at the first of these layers, whose inputs are noted."""

    def noting(layer: Any) -> Callable[..., Any]:
        def call(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            found.append((layer, np.asarray(inputs)))
            raise _ReachedError

        return call

    for layer in layers.values():
        object.__setattr__(layer, "call", noting(layer))
    try:
        with contextlib.suppress(_ReachedError):
            yield
    finally:
        for layer in layers.values():
            object.__delattr__(layer, "call")
