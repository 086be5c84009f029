"""Numbers that a sweep varies: where they stand in a model, and how they are set.

Those that the compiled step can hold as numbers of its state vary inside one program:

    learning_rate                  the optimizer's, as it stands at the beginning
    dropout                        the rate of every Dropout layer (SpatialDropout too)
    l1, l2                         the factor of every regularizer that has one
    weight_decay                   the optimizer's
    LAYER.ATTRIBUTE                a number of one layer, such as `"dropout_1.rate"`
    seed                           weights, order of rows and noise

All else is an argument of the function that makes the model, or `batch_size`: each of its values is
a program of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from myelin.errors import InputError, unknown_name
from myelin.layers.regularization import Dropout
from myelin.regularizers import Regularizer

Places = list[tuple[Any, str]]

SEED, LEARNING_RATE = "seed", "learning_rate"
_OF_MODELS = ("dropout", "l1", "l2", "weight_decay")


def is_number(name: str) -> bool:
    """Whether a setting of this name varies inside one program."""
    return name in (SEED, LEARNING_RATE, *_OF_MODELS) or "." in name


def places(model: Any, names: list[str]) -> dict[str, Places]:
    """The objects that hold each of these numbers, and what it is called there.

    Args:
        model: compiled.
        names: of settings that are numbers; `seed` and `learning_rate` stand in the state already.

    Raises:
        InputError: nothing in the model has such a number.
    """
    found = {name: _places_of(model, name) for name in names if name not in (SEED, LEARNING_RATE)}
    for name, owners in found.items():
        if not owners:
            raise InputError(f'sweep: nothing in {model.title} has a "{name}": {_HINTS.get(name)}')
    return found


_HINTS = {
    "dropout": "give it a Dropout layer",
    "l1": 'give a layer kernel_regularizer="l1"',
    "l2": 'give a layer kernel_regularizer="l2"',
    "weight_decay": "give the optimizer a weight_decay",
}


def _places_of(model: Any, name: str) -> Places:
    layers = model.all_layers()
    if name == "dropout":
        return [(layer, "rate") for layer in layers if isinstance(layer, Dropout)]
    if name == "weight_decay":
        has = getattr(model.optimizer, name, None) is not None
        return [(model.optimizer, name)] if has else []
    if name in ("l1", "l2"):
        held = {id(r): r for layer in layers for r in _regularizers(layer) if hasattr(r, name)}
        return [(regularizer, name) for regularizer in held.values()]
    owner, _, attribute = name.rpartition(".")
    named = {layer.name: layer for layer in layers}
    if owner not in named:
        raise unknown_name("layer", owner, named)
    if not isinstance(getattr(named[owner], attribute, None), int | float):
        raise InputError(f'sweep: {named[owner].title} has no number "{attribute}"')
    return [(named[owner], attribute)]


def _regularizers(layer: Any) -> list[Any]:
    own = [value for value in vars(layer).values() if isinstance(value, Regularizer)]
    return own + [v.regularizer for v in layer.variables if isinstance(v.regularizer, Regularizer)]


def put(model: Any, settings: Mapping[str, Any]) -> None:
    """Sets the numbers in a model, for good.

    Raises:
        InputError: a number out of its range, or nothing that has it.
    """
    for name, value in settings.items():
        number = float(value)
        if not np.isfinite(number) or number < 0:
            raise InputError(f"sweep: {name} wants a finite number of at least 0, got {value!r}")
        if name == "dropout" and number > 1:
            raise InputError(f"sweep: dropout wants a share from 0 to 1, got {value!r}")
        if name == LEARNING_RATE:
            model.optimizer.learning_rate = number
    for name, owners in places(model, list(settings)).items():
        for owner, attribute in owners:
            setattr(owner, attribute, float(settings[name]))
