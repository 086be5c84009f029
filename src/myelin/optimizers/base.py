"""`Optimizer`: the base of all update rules, its arguments and its configuration."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Self, TypedDict

import numpy as np

from myelin import naming, registry
from myelin.optimizers.checks import (
    check_accumulation,
    check_average,
    check_clipping,
    checked_rate,
    reject_unknown,
)
from myelin.optimizers.custom import VariableStyle
from myelin.registry import Configured


class Common(TypedDict, total=False):
    """The arguments that every optimizer takes; `Optimizer` describes them."""

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class CommonWithDecay(Common, total=False):
    """`Common`, and weight decay for rules that do without it by default."""

    weight_decay: float | None


class Optimizer(VariableStyle, Configured):
    """An update rule with its settings, and, once built, its state.

    Two ways to use it. Pure, inside a compiled loop: `state = init(params)` and
    `params, state = step(params, grads, state)` over dictionaries of arrays by path. With
    variables, as in Keras: `build(variables)` and `apply(grads)`, which keep `.state`.

    A new rule overrides `slot_names`, `prepare` and `update`; one written for Keras, with
    `build` and `update_step`, works too.

    Args:
        learning_rate: a number ≥ 0, a schedule, a function of the step, or a function of nothing.
        weight_decay: w ← w - w · weight_decay · learning_rate before each update; None: no decay.
        clipnorm: the largest norm a gradient may have.
        clipvalue: the largest absolute value a number of a gradient may have.
        global_clipnorm: the largest norm all gradients together may have.
        use_ema: keeps an exponential moving average of the parameters.
        ema_momentum: its momentum, from 0 to 1.
        ema_overwrite_frequency: every so many updates the parameters take the average's values;
            None: only when training ends.
        loss_scale_factor: the loss is multiplied by it, the gradients divided.
        gradient_accumulation_steps: parameters move every so many steps, ≥ 2, by the mean of the
            gradients in between.
        name: the first part of its variables' paths.

    Raises:
        InputError: a value out of its range, more than one way of clipping, or an old argument.
        UnknownNameError: an argument that does not exist.
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        reject_unknown(self, kwargs)
        check_clipping(
            self, clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm
        )
        check_accumulation(self, gradient_accumulation_steps)
        if use_ema:
            check_average(self, ema_momentum, ema_overwrite_frequency)
        self.name = name or naming.auto_name(naming.snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._trainable = None
        self._excluded = ([], [])
        self._added = {}
        self._compiled = None
        # Before `build` the two numbers that a user may read and set live here.
        self._state = None
        self._early = {"iterations": np.zeros((), np.int32)}
        self._schedule = None
        if callable(learning_rate):
            self._schedule = learning_rate
        else:
            self._early["learning_rate"] = checked_rate(self, learning_rate)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__signature__ = _full_signature(cls)  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if not name.startswith("_") and name not in ("state", "learning_rate"):
            self._own_revision = getattr(self, "_own_revision", 0) + 1

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_compiled": None}

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer; the learning rate is the present one."""
        config = {key: registry.serialize(getattr(self, key)) for key in _CONFIG_ORDER}
        config["learning_rate"] = self._rate_config()
        own = super().get_config()
        return {**config, **{key: value for key, value in own.items() if key not in config}}

    def _rate_config(self) -> Any:
        if self._schedule is not None:
            return registry.serialize(self._schedule)
        # float32 as people write it: 0.001, not 0.0010000000474974513.
        return float(str(np.asarray(self._live_state()["learning_rate"])))

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """A new optimizer from what `get_config` gave, here or in Keras."""
        return cls(
            **{key: registry.deserialize(value, custom_objects) for key, value in config.items()}
        )


def _full_signature(cls: type) -> inspect.Signature:
    """The signature for `help`, with the arguments that `**kwargs` stands for written out."""
    own = inspect.signature(cls.__init__)  # type: ignore[misc]
    parameters = list(own.parameters.values())[1:]
    open_ended = parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    if cls is Optimizer or not open_ended:
        return own.replace(parameters=parameters)
    names = {p.name for p in parameters}
    common = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for p in inspect.signature(Optimizer.__init__).parameters.values()
        if p.name in _CONFIG_ORDER and p.name not in names
    ]
    return own.replace(parameters=parameters[:-1] + common)


_CONFIG_ORDER = (
    "name",
    "learning_rate",
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)
