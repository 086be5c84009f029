"""The models that the estimators train: a dense network, a fresh copy, or what a function makes."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from myelin import layers, models, optimizers, regularizers
from myelin.errors import InputError
from myelin.evaluation.fresh import learn_statistics, make_model
from myelin.training import checks
from myelin.training.trainer import Trainer

# What comes before the name of an argument of the function that makes the model.
PREFIX = "model__"


def dense_network(
    inputs: int,
    hidden: Any,
    activation: Any,
    dropout: float,
    l2: float,
    outputs: int,
    last: str | None,
) -> Any:
    """A network of dense layers, not compiled.

    Args:
        inputs: numbers an example.
        hidden: units of each hidden layer, at least 1; a whole number for one layer.
        activation: of the hidden layers.
        dropout: the share of hidden units left out in training, from 0 up to 1.
        l2: the factor ≥ 0 of the squared kernels in the loss.
        outputs: units of the last layer.
        last: the activation of the last layer.

    Raises:
        InputError: a value out of its range.
    """
    sizes = [hidden] if isinstance(hidden, int | np.integer) else hidden
    if not isinstance(sizes, Sequence | np.ndarray) or isinstance(sizes, str):
        raise InputError(
            f"hidden_layer_sizes wants a whole number, or a tuple of them, got {hidden!r}"
        )
    row: list[Any] = [layers.Input((inputs,))]
    for units in sizes:
        checks.whole_number("hidden_layer_sizes", units, 1)
        row.append(_dense(int(units), activation, l2))
        if dropout:
            row.append(layers.Dropout(dropout))
    return models.Sequential([*row, _dense(outputs, last, l2)])


def _dense(units: int, activation: Any, l2: float) -> Any:
    penalty = regularizers.L2(l2) if l2 else None
    return layers.Dense(units, activation, kernel_regularizer=penalty)


def copy_of(template: Any) -> Any:
    """A model like `template` with fresh weights, compiled where the template is."""
    return make_model(template) if template.compiled else models.clone_model(template)


def made_by(
    function: Callable[..., Any], parameters: Mapping[str, Any], offers: Mapping[str, Any]
) -> Any:
    """The model that a user's function gives.

    Args:
        function: takes any of the offers by name, and the parameters.
        parameters: what the user set, by the names of the function's arguments.
        offers: what it may ask for.

    Raises:
        InputError: a parameter that it does not take, an argument that nothing fills, or
            something that is no model.
    """
    named = inspect.signature(function).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in named.values())
    for name in parameters:
        if name not in named and not takes_any:
            raise InputError(
                f"{PREFIX}{name}: the function that makes the model takes no argument {name}; it "
                f"takes {', '.join(named) or 'none'}"
            )
    arguments = {name: value for name, value in offers.items() if name in named}
    arguments.update(parameters)
    for name, parameter in named.items():
        filled = name in arguments or parameter.default is not parameter.empty
        if not filled and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            raise InputError(
                f"model: nothing fills the argument {name} of the function: set {PREFIX}{name}, "
                f"give it a default, or take one of {', '.join(offers)}"
            )
    made = function(**arguments)
    if not isinstance(made, Trainer):
        raise InputError(f"model: the function must give a model of Myelin, got {made!r}")
    return made


def built(model: Any, x: np.ndarray) -> tuple[int, ...]:
    """Builds a model for rows like those of `x`; returns the shape of its outputs.

    Layers with `adapt` that have no statistics yet learn them from `x`.

    Raises:
        InputError: it has several outputs, or gives more than a row of numbers for an example.
    """
    waiting = [
        layer
        for layer in model.all_layers()
        if hasattr(layer, "adapt") and (not layer.built or layer.missing() is not None)
    ]
    if waiting:
        learn_statistics(model, x, np.arange(len(x)))
    outputs = model.outputs_for(x[:1])
    if not outputs.sole or len(outputs.all[0].shape) != 2:
        shapes = ", ".join(str(output.shape) for output in outputs.all)
        raise InputError(
            f"model: wants one output of shape (None, units), got {shapes}: end it in Dense"
        )
    return tuple(outputs.all[0].shape)


def compiled(model: Any, optimizer: Any, learning_rate: Any, loss: str) -> None:
    """Compiles a model that is not, and sets the optimizer and its rate where they are given.

    Args:
        model: the model.
        optimizer: a name, an `Optimizer` or an optax transformation, which is copied; None for
            the model's own, or Adam.
        learning_rate: a number ≥ 0 or a schedule; None for the optimizer's own.
        loss: for a model that is not compiled.

    Raises:
        InputError: it was compiled without a loss.
        UnknownNameError: there is no such optimizer.
    """
    if not model.compiled:
        model.compile(optimizers.get(copy.deepcopy(optimizer) or "adam"), loss)
    elif model.loss is None:
        raise InputError("model: it is compiled without a loss: compile it with one, or not at all")
    elif optimizer is not None:
        chosen = optimizers.get(copy.deepcopy(optimizer))
        model.compile(**{**model._compiled_with, "optimizer": chosen})
    if learning_rate is not None:
        model.optimizer.learning_rate = learning_rate
