"""The whole state of a run as arrays by place, for callbacks that keep it and go on from it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError
from myelin.placing import owned

_METRICS = "metrics"
_WEIGHT = re.compile(r"(trainable|other): (\d+)")


@dataclass(frozen=True)
class Place:
    """Where a run stands, for `fit` to go on from.

    Attributes:
        epoch: the epoch, counted from 0.
        step: how many of its steps are done.
        logs: what those steps have logged.
        begun_with: where random numbers stood when the run began; None leaves the data as new.
    """

    epoch: int = 0
    step: int = 0
    logs: dict[str, Any] = field(default_factory=dict)
    begun_with: dict[str, Any] | None = None


class Copier:
    """Copies arrays that the next chunk takes away into memory that is used again and again."""

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray] = {}

    def copied(self, arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Copies on the host, good until the next call."""
        for array in arrays.values():
            with contextlib.suppress(AttributeError):
                array.copy_to_host_async()
        made = {}
        for place, array in arrays.items():
            host, kept = np.asarray(array), self._kept.get(place)
            if kept is None or kept.shape != host.shape or kept.dtype != host.dtype:
                kept = np.empty(host.shape, host.dtype)
            np.copyto(kept, host)
            made[place] = kept
        self._kept = made
        return dict(made)


def named_state(model: Any) -> tuple[list[tuple[str, str, Any]], Any]:
    """Place, name and array of each part of a model's state, and the state's structure.

    In a place a variable goes by its number in the model, and a sum of a metric by its number
    among them. A model that is made again in the same program has other names, such as `dense_1`
    for `dense`. The arrays are the state's own: they go with the next chunk.
    """
    numbering = getattr(model, "name_variables", None)
    paths = numbering("", set()) if numbering else ()
    numbers = {path: number for number, path in enumerate(paths)}
    pairs, structure = jax.tree_util.tree_flatten_with_path(model.live_state())
    named = []
    sums = 0
    for path, leaf in pairs:
        keys = [getattr(k, "key", getattr(k, "idx", getattr(k, "name", k))) for k in path]
        place = ": ".join(str(numbers.get(key, key)) for key in keys)
        if keys[0] == _METRICS:
            place, sums = f"{_METRICS}: {sums}", sums + 1
        named.append((place, ": ".join(map(str, keys)), leaf))
    return named, structure


def taken(model: Any) -> dict[str, Any]:
    """The arrays of a model's state by place; they go with the next chunk."""
    named, _ = named_state(model)
    return {place: leaf for place, _, leaf in named}


def put_back(
    model: Any, saved: Mapping[str, Any], whose: str, folder: str, sums: bool = False
) -> None:
    """Puts what `taken` gave into a model that has begun to train.

    Args:
        model: the model, of the same layers and with the same optimizer.
        saved: the arrays by place.
        whose: the callback, for errors.
        folder: where they come from.
        sums: whether the sums of the metrics are put back too; at the beginning of an epoch they
            begin anew, whatever the metrics are.

    Raises:
        InputError: the arrays are those of another model or optimizer.
    """
    named, structure = named_state(model)
    saved = {p: a for p, a in saved.items() if sums or not p.startswith(_METRICS)}
    leaves = []
    for place, name, leaf in named:
        if not sums and place.startswith(_METRICS):
            leaves.append(leaf)
            continue
        found = saved.get(place)
        if found is None:
            raise _of_another(
                whose, folder, f"the model has {name}, {_kind(leaf)}, the backup has none"
            )
        if _kind(found) != _kind(leaf):
            raise _of_another(
                whose, folder, f"the model has {name}, {_kind(leaf)}, the backup has {_kind(found)}"
            )
        leaves.append(found)
    own = [place for place, _, _ in named if sums or not place.startswith(_METRICS)]
    if len(saved) > len(own):
        raise _of_another(
            whose, folder, f"the backup has {len(saved)} arrays, the model has {len(own)}"
        )
    model.set_training_state(jax.tree.unflatten(structure, leaves))


def put_weights_back(model: Any, saved: Mapping[str, Any], whose: str, folder: str) -> None:
    """Puts the weights among what `taken` gave into a model that is built.

    Raises:
        InputError: the arrays are those of another model.
    """
    found = {int(m[2]): leaf for place, leaf in saved.items() if (m := _WEIGHT.fullmatch(place))}
    variables = list(model.name_variables("", set()).values())
    if len(found) != len(variables):
        raise _of_another(
            whose, folder, f"the model has {len(variables)} variables, the backup has {len(found)}"
        )
    for number, own in enumerate(variables):
        if number not in found or _kind(found[number]) != _kind(own._value):
            raise _of_another(
                whose, folder, f"the model has {own.path}, {_kind(own._value)}, the backup has "
                + (_kind(found[number]) if number in found else "none"),
            )  # fmt: skip
    for number, own in enumerate(variables):
        own._value = owned(found[number])


def states_of(callbacks: Sequence[Any]) -> list[dict[str, Any]]:
    """The class and the state of each callback that has one, which they may go on changing."""
    return [
        {"class": type(callback).__name__, "state": _detached(callback.get_state())}
        for callback in _with_state(callbacks)
    ]


def _detached(state: Any) -> Any:
    """The state as it is now; what nobody can write to is not copied."""
    if type(state) is dict:
        return {key: _detached(part) for key, part in state.items()}
    if type(state) in (list, tuple):
        return type(state)(_detached(part) for part in state)
    if isinstance(state, np.ndarray) and state.flags.writeable:
        return state.copy()
    return state


def put_states_back(callbacks: Sequence[Any], saved: Sequence[dict[str, Any]]) -> None:
    """Gives each state to the callback of its class, in their order."""
    left = list(saved)
    for callback in _with_state(callbacks):
        for entry in left:
            if entry["class"] == type(callback).__name__:
                callback.set_state(entry["state"])
                left.remove(entry)
                break


def _with_state(callbacks: Sequence[Any]) -> list[Any]:
    return [c for c in callbacks if hasattr(c, "get_state") and hasattr(c, "set_state")]


def _of_another(whose: str, folder: str, difference: str) -> InputError:
    return InputError(
        f"{whose}: the backup in {folder} is of another model or optimizer ({difference}): delete "
        "the folder, or give this run another one"
    )


def _kind(array: Any) -> str:
    with contextlib.suppress(AttributeError):
        return f"{array.dtype.name} {tuple(array.shape)}"
    return type(array).__name__
