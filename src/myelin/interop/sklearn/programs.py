"""Equal models share what was compiled for one of them.

A grid search or a cross-validation trains many models that differ in their numbers only. Compiling
takes a small network longer than training it, and a compiled program is a function of arrays: it
serves every model of the same layers, loss and optimizer.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from myelin import config, registry
from myelin.training.loop import Programs
from myelin.training.objective import Objective

# So many programs are kept, and none of a model with more numbers: each keeps its model alive.
KEPT = 16
LARGEST = 1 << 20

# Myelin binds values to a model's variables while it trains, so estimators in threads take turns.
turn = threading.RLock()

_kept: OrderedDict[str, Programs] = OrderedDict()


@contextlib.contextmanager
def shared(model: Any) -> Iterator[None]:
    """Inside the block a built model runs what was compiled for an equal one before it.

    What is compiled inside serves later ones. Models with parts that are not Myelin's own, which
    may compute anything, have programs of their own.
    """
    key = _key(model) if model._programs is None else None
    twin = None if key is None else _twin(key)
    if twin is not None:
        variables = model.name_variables("", set())
        own = model._make_programs(variables, model._objective or Objective())
        own.train, own.test, own.predict = twin.train, twin.test, twin.predict
        model._programs = own
    yield
    objective = model._objective
    if key is not None and model._programs is not None and (objective is None or objective.built):
        _kept.setdefault(key, model._programs)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)


def _twin(key: str) -> Programs | None:
    programs = _kept.get(key)
    if programs is None:
        return None
    if _key(programs.task.model) != key:
        # Its owner has changed that model since; for new shapes it would be traced as it is now.
        del _kept[key]
        return None
    _kept.move_to_end(key)
    return programs


def _key(model: Any) -> str | None:
    """A text that is the same for models that compute and learn the same; None where unsure."""
    if model.run_eagerly or model.count_params() > LARGEST:
        return None
    try:
        compiled = model.compile_config()
        text = json.dumps([registry.serialize(model), _without_rate(compiled), config.epsilon()])
    except TypeError:
        return None
    # A function or class of the user's is known by its name only, which may stand for another.
    custom = '"class_name": "function"' in text or '"registered_name": "' in text
    return None if custom else text


def _without_rate(compiled: Any) -> Any:
    """The configuration without the learning rate, which is a number of the optimizer's state."""
    optimizer = None if compiled is None else compiled.get("optimizer")
    settings = optimizer.get("config", {}) if isinstance(optimizer, dict) else {}
    if optimizer is None or not isinstance(settings.get("learning_rate"), float):
        return compiled
    rest = {name: value for name, value in settings.items() if name != "learning_rate"}
    return {**compiled, "optimizer": {**optimizer, "config": rest}}
