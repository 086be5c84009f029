"""Optimizers: how weights follow their gradients.

base            Optimizer: settings and configuration
stepping        the pure half: init and step over arrays, clipping, decay, averages
with_variables  the half with variables: build, apply, learning_rate
custom          rules written as for Keras, with update_step
gradient        SGD Lion
adaptive        Adagrad Adadelta RMSprop Ftrl
adam            Adam AdamW Adamax Nadam Lamb ScheduleFreeAdamW
matrices        Adafactor Muon
from_optax      any optax transformation
loss_scale      LossScaleOptimizer: another optimizer under a scale for float16
multi           MultiOptimizer OptimizerMap: several optimizers, each for its own variables
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myelin import registry, schedules
from myelin.errors import InputError
from myelin.optimizers.adam import Adam, Adamax, AdamW, Lamb, Nadam, ScheduleFreeAdamW
from myelin.optimizers.adaptive import Adadelta, Adagrad, Ftrl, RMSprop
from myelin.optimizers.base import Optimizer
from myelin.optimizers.from_optax import OptaxOptimizer
from myelin.optimizers.gradient import SGD, Lion
from myelin.optimizers.loss_scale import LossScaleOptimizer
from myelin.optimizers.matrices import Adafactor, Muon
from myelin.optimizers.multi import MultiOptimizer, OptimizerMap

_CLASSES = (
    SGD, RMSprop, Adam, AdamW, Adamax, Nadam, Adagrad, Adadelta, Ftrl, Lion, Lamb, Adafactor,
    Muon, ScheduleFreeAdamW,
)  # fmt: skip
NAMES: dict[str, type[Optimizer]] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{cls.__name__.lower(): cls for cls in _CLASSES},
}


def get(identifier: Any) -> Any:
    """The optimizer that a name, a class, an object or a configuration means.

    An optax transformation becomes an `OptaxOptimizer`.

    Args:
        identifier: such as `"adam"`, in any case of letters; None for None.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
        InputError: anything else.
    """
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str) and identifier.lower() in NAMES:
        identifier = identifier.lower()
    if isinstance(identifier, tuple) and hasattr(identifier, "init"):
        return OptaxOptimizer(identifier)
    found = registry.resolve(identifier, NAMES, "optimizer")
    if found is not None and not isinstance(found, Optimizer):
        raise InputError(
            f"optimizer wants a name, an Optimizer or an optax transformation, got {identifier!r}"
        )
    return found


def serialize(optimizer: Any) -> Any:
    """The optimizer as plain JSON values."""
    return registry.serialize(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimizer that `serialize` wrote, here or in Keras."""
    known = NAMES.get(str(config.get("class_name", "")).lower())
    if known is not None and not config.get("registered_name"):
        config = {**config, "module": "keras.optimizers", "class_name": known.__name__}
    config = {"config": {}, **config}
    return registry.deserialize(config, custom_objects)


__all__ = [
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "NAMES",
    "Nadam",
    "OptaxOptimizer",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "SGD",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
