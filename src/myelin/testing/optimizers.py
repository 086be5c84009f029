"""`check_optimizer`: what every optimizer promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin import registry
from myelin.testing.comparing import agree, plain_json

STEPS = 5


def check_optimizer(make: Callable[[], Any], *, steps_to_descend: int = 200) -> None:
    """Checks all that an optimizer promises.

    It brings a quadratic bowl down. `step` is a pure function: called again it gives the same,
    and compiled in a scan it gives what it gives in a Python loop. Its state is a tree of arrays
    that keeps its structure, shapes and types, so it can be saved, and going on from a copy gives
    the same steps. Its configuration is plain JSON and makes an equal optimizer.

    Args:
        make: gives a new optimizer, with a learning rate that suits a bowl of size one.
        steps_to_descend: how many steps may be taken to halve the bowl's height.

    Raises:
        AssertionError: a promise that is broken.
    """
    _keeps_the_form_of_its_state(make)
    _descends(make, steps_to_descend)
    whole = _walk(make(), _start())
    agree(_walk(make(), _start()), whole, "The same steps give the same.", rtol=0, atol=0)
    agree(_scanned(make(), _start()), whole, "In a scan it steps as in a Python loop.", atol=1e-5)
    _goes_on_from_a_copy(make)
    _comes_back_from_config(make, whole)


def _start() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        "layer/kernel": jnp.asarray(rng.normal(size=(4, 3)), jnp.float32),
        "layer/bias": jnp.asarray(rng.normal(size=(3,)), jnp.float32),
    }


def _gradients(params: dict[str, Any], step: Any) -> dict[str, Any]:
    """Gradients of a bowl that moves with the step, so that no two are alike."""
    return {path: value - 0.1 * jnp.cos(step + value) for path, value in params.items()}


def _walk(optimizer: Any, params: dict[str, Any]) -> dict[str, Any]:
    state = optimizer.init(params)
    for step in range(STEPS):
        params, state = optimizer.step(params, _gradients(params, step), state)
    return params


def _scanned(optimizer: Any, params: dict[str, Any]) -> dict[str, Any]:
    def body(carry: Any, step: Any) -> Any:
        params, state = carry
        return optimizer.step(params, _gradients(params, step), state), None

    (params, _), _ = lax.scan(body, (params, optimizer.init(params)), jnp.arange(STEPS))
    return dict(params)


def _descends(make: Callable[[], Any], steps: int) -> None:
    optimizer, start = make(), _start()

    def body(carry: Any, _: Any) -> Any:
        params, state = carry
        return optimizer.step(params, params, state), None

    carry = (start, optimizer.init(start))
    (end, _), _ = jax.jit(lambda carry: lax.scan(body, carry, None, length=steps))(carry)
    height = [float(sum(jnp.sum(v**2) for v in params.values())) for params in (start, end)]
    assert height[1] < 0.5 * height[0], (
        f"It brings a bowl down: from {height[0]:.3g}, {steps} steps led to {height[1]:.3g}."
    )


def _keeps_the_form_of_its_state(make: Callable[[], Any]) -> None:
    optimizer, params = make(), _start()
    state = optimizer.init(params)
    _, after = optimizer.step(params, _gradients(params, 0), state)
    same = _kinds(after) == _kinds(state)
    assert same, "A step keeps the structure, shapes and types of the state."


def _goes_on_from_a_copy(make: Callable[[], Any]) -> None:
    optimizer, params = make(), _start()
    params, after = optimizer.step(params, _gradients(params, 0), optimizer.init(params))
    copied = jax.tree.map(lambda a: jnp.asarray(np.array(a)), after)
    on, _ = optimizer.step(params, _gradients(params, 1), after)
    from_copy, _ = make().step(params, _gradients(params, 1), copied)
    agree(from_copy, on, "Going on from a copy of the state is the same.", rtol=0, atol=0)


def _kinds(tree: Any) -> Any:
    return jax.tree.map(lambda a: (np.shape(a), str(np.asarray(a).dtype)), tree)


def _comes_back_from_config(make: Callable[[], Any], whole: Any) -> None:
    optimizer = make()
    config = json.loads(plain_json(optimizer.get_config()))
    with registry.custom_object_scope({type(optimizer).__name__: type(optimizer)}):
        again = type(optimizer).from_config(config)
    same = again.get_config() == optimizer.get_config()
    assert same, "from_config(get_config()) has the same config."
    agree(_walk(again, _start()), whole, "An optimizer made from it steps the same.")
