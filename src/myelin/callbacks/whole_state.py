"""The whole state of a run as arrays by place, for callbacks that keep it and go on from it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError

_WEIGHT = re.compile(r"(trainable|other): (\d+)")


def named_state(model: Any) -> tuple[list[tuple[str, str, Any]], Any]:
    """Place, name and array of each part of a model's state, and the state's structure.

    In a place a variable goes by its number in the model. A model that is made again in the same
    program has other names, such as `dense_1` for `dense`. The sums of metrics have no place:
    they begin anew with the epoch.
    """
    numbering = getattr(model, "name_variables", None)
    paths = numbering("", set()) if numbering else ()
    numbers = {path: number for number, path in enumerate(paths)}
    pairs, structure = jax.tree_util.tree_flatten_with_path(model.training_state())
    named = []
    for path, leaf in pairs:
        keys = [getattr(k, "key", getattr(k, "idx", getattr(k, "name", k))) for k in path]
        if keys[0] != "metrics":
            place = ": ".join(str(numbers.get(key, key)) for key in keys)
            named.append((place, ": ".join(map(str, keys)), leaf))
        else:
            named.append(("", "", leaf))
    return named, structure


def taken(model: Any) -> dict[str, Any]:
    """The arrays of a model's state by place."""
    named, _ = named_state(model)
    return {place: leaf for place, _, leaf in named if place}


def put_back(model: Any, saved: Mapping[str, Any], whose: str, folder: str) -> None:
    """Puts what `taken` gave into a model that has begun to train.

    Args:
        model: the model, of the same layers and with the same optimizer.
        saved: the arrays by place.
        whose: the callback, for errors.
        folder: where they come from.

    Raises:
        InputError: the arrays are those of another model or optimizer.
    """
    named, structure = named_state(model)
    leaves = []
    for place, name, leaf in named:
        found = saved.get(place) if place else leaf
        if found is None:
            raise _of_another(
                whose, folder, f"the model has {name}, {_kind(leaf)}, the backup has none"
            )
        if _kind(found) != _kind(leaf):
            raise _of_another(
                whose, folder, f"the model has {name}, {_kind(leaf)}, the backup has {_kind(found)}"
            )
        leaves.append(found)
    places = {place for place, _, _ in named if place}
    if len(saved) > len(places):
        raise _of_another(
            whose, folder, f"the backup has {len(saved)} arrays, the model has {len(places)}"
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
        own._value = jnp.array(found[number])


def states_of(callbacks: Sequence[Any]) -> list[dict[str, Any]]:
    """The class and the state of each callback that has one."""
    return [
        {"class": type(callback).__name__, "state": callback.get_state()}
        for callback in _with_state(callbacks)
    ]


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
