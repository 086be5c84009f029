"""`check_loss`: what every loss promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from myelin import registry
from myelin.testing.comparing import agree, check_gradient, float64, plain_json


def check_loss(
    make: Callable[..., Any],
    y_true: Any,
    y_pred: Any,
    *,
    per_example: bool = True,
    differentiable: bool = True,
) -> None:
    """Checks all that a loss promises.

    It is a scalar, and compiled what it is eagerly. Its gradient with respect to the outputs is
    the numerical one, and finite. `reduction="none"` gives values whose sum and mean the other
    reductions are. Weights of one change nothing, and an example with weight zero does not
    count. Its configuration is plain JSON and makes an equal loss.

    Args:
        make: gives a new loss; takes `reduction=`.
        y_true, y_pred: targets and outputs of at least 2 examples, float or whole numbers.
        per_example: whether each example has values of its own, as all but a few losses have.
        differentiable: whether gradients are to be compared.

    Raises:
        AssertionError: a promise that is broken.
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    value = make()(y_true, y_pred)
    assert np.shape(value) == (), f"A loss is a scalar, not of shape {np.shape(value)}."
    agree(jax.jit(make())(y_true, y_pred), value, "Compiled, it computes what it computes eagerly.")
    if differentiable:
        _has_the_numerical_gradient(make, y_true, y_pred)
    if per_example:
        _reduces(make, y_true, y_pred)
        _weighs(make, y_true, y_pred)
    _comes_back_from_config(make, y_true, y_pred)


def _has_the_numerical_gradient(make: Callable[..., Any], y_true: Any, y_pred: Any) -> None:
    with float64():
        loss = make(dtype="float64")
        at = y_pred.astype(np.float64)
        targets = y_true.astype(np.float64) if y_true.dtype.kind == "f" else y_true

        def function(outputs: Any) -> Any:
            return loss(targets, outputs)

        rng = np.random.default_rng(0)
        check_gradient(function, at, "Its gradient is the numerical one.", rng)


def _reduces(make: Callable[..., Any], y_true: Any, y_pred: Any) -> None:
    values = np.asarray(make(reduction="none")(y_true, y_pred))
    assert len(values) == len(y_pred), (
        f'reduction="none" gives a value an example, not {values.shape} for {len(y_pred)}.'
    )
    agree(make(reduction="sum")(y_true, y_pred), values.sum(), 'reduction="sum" is their sum.')
    agree(
        make(reduction="sum_over_batch_size")(y_true, y_pred), values.mean(),
        'reduction="sum_over_batch_size" is their mean.',
    )  # fmt: skip


def _weighs(make: Callable[..., Any], y_true: Any, y_pred: Any) -> None:
    loss = make(reduction="sum")
    ones = np.ones(len(y_pred), np.float32)
    agree(loss(y_true, y_pred, ones), loss(y_true, y_pred), "Weights of one change nothing.")
    but_last = ones.copy()
    but_last[-1] = 0
    agree(
        loss(y_true, y_pred, but_last), jax.jit(loss)(y_true[:-1], y_pred[:-1]),
        "An example with weight zero does not count.",
    )  # fmt: skip


def _comes_back_from_config(make: Callable[..., Any], y_true: Any, y_pred: Any) -> None:
    loss = make()
    config = json.loads(plain_json(loss.get_config()))
    with registry.custom_object_scope({type(loss).__name__: type(loss)}):
        again = type(loss).from_config(config)
    assert again.get_config() == loss.get_config(), "from_config(get_config()) has the same config."
    agree(
        again(y_true, y_pred), loss(y_true, y_pred), "A loss made from it computes the same.",
        rtol=0, atol=0,
    )  # fmt: skip
