"""`check_metric`: what every metric promises."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from myelin import registry, variable
from myelin.testing.comparing import agree, plain_json


def check_metric(
    make: Callable[[], Any], *inputs: Any, weighted: bool = True, rtol: float = 1e-5
) -> None:
    """Checks all that a metric promises.

    Fed in parts it gives what it gives fed whole, whatever the parts' sizes. Compiled it is what
    it is eagerly. After `reset_state` it is as new. Weights of one change nothing, and an example
    with weight zero does not count. Its configuration is plain JSON and makes an equal metric.

    Args:
        make: gives a new metric.
        *inputs: what `update_state` takes, `(y_true, y_pred)` or `(values,)`; at least 4 examples.
        weighted: whether it takes `sample_weight`.
        rtol: relative tolerance.

    Raises:
        AssertionError: a promise that is broken.
    """
    arrays = [np.asarray(array) for array in inputs]
    whole = _result(make(), arrays)
    compiled = _compiled(make(), arrays)
    agree(compiled(arrays), whole, "Compiled, it computes what it computes eagerly.", rtol=rtol)
    # One example, then all others: of few sizes, as each one is compiled.
    parts = [[array[part] for array in arrays] for part in (slice(0, 1), slice(1, None))]
    agree(compiled(*parts), whole, "Fed in parts it gives what it gives fed whole.", rtol=rtol)
    _starts_anew(make, arrays, whole)
    if weighted:
        _weighs(make, compiled, arrays, whole, rtol)
    _comes_back_from_config(make, arrays, whole)


def _result(metric: Any, arrays: list[np.ndarray], **kwargs: Any) -> Any:
    metric.update_state(*arrays, **kwargs)
    return jax.tree.map(np.array, metric.result())


def _starts_anew(make: Callable[[], Any], arrays: list[np.ndarray], whole: Any) -> None:
    promise = "After reset_state it is as new."
    metric = make()
    metric.update_state(*arrays)
    metric.reset_state()
    found = jax.tree.map(np.array, metric.result())
    # A new metric may not know yet how many numbers it will give.
    new = jax.tree.map(lambda n, f: np.broadcast_to(n, f.shape), make().result(), found)
    agree(found, new, promise, rtol=0, atol=0)
    agree(_result(metric, arrays), whole, promise, rtol=0, atol=0)


def _compiled(metric: Any, arrays: list[np.ndarray]) -> Callable[..., Any]:
    """The metric as a function of batches, each a list of arrays, that gives its result."""
    # A metric may size its variables by the first batch it sees.
    metric.update_state(*arrays)
    metric.reset_state()
    variables = {str(i): v for i, v in enumerate(metric.variables)}
    new = {name: v.value for name, v in variables.items()}

    @jax.jit
    def updated(values: Any, arrays: Any) -> Any:
        with variable.bind(variables, values) as after:
            metric.update_state(*arrays)
        return after

    @jax.jit
    def result(values: Any) -> Any:
        with variable.bind(variables, values):
            return metric.result()

    return lambda *batches: result(functools.reduce(updated, batches, new))


def _weighs(
    make: Callable[[], Any],
    compiled: Callable[..., Any],
    arrays: list[np.ndarray],
    whole: Any,
    rtol: float,
) -> None:
    ones = np.ones(len(arrays[0]), np.float32)
    weighted = _result(make(), arrays, sample_weight=ones)
    agree(weighted, whole, "Weights of one change nothing.", rtol=rtol)
    ones[-1] = 0
    but_last = _result(make(), arrays, sample_weight=ones)
    shorter = compiled([array[:-1] for array in arrays])
    agree(but_last, shorter, "An example with weight zero does not count.", rtol=rtol)


def _comes_back_from_config(make: Callable[[], Any], arrays: list[np.ndarray], whole: Any) -> None:
    metric = make()
    config = json.loads(plain_json(metric.get_config()))
    with registry.custom_object_scope({type(metric).__name__: type(metric)}):
        again = type(metric).from_config(config)
    same = again.get_config() == metric.get_config()
    assert same, "from_config(get_config()) has the same config."
    agree(_result(again, arrays), whole, "A metric made from it computes the same.")
