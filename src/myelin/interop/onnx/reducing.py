"""Rules for what makes fewer numbers of many, and running sums."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin.interop.onnx.elementwise import working
from myelin.interop.onnx.graph import Graph, Value, known
from myelin.interop.onnx.program import Rule, traced


def _reduction(op: str) -> Rule:
    def rule(graph: Graph, equation: Any, x: Value, *_: Any) -> Value:
        aval = equation.outvars[0].aval
        axes = known(np.array(equation.params["axes"], np.int64))
        if not len(equation.params["axes"]):
            return x
        given = working(graph, graph.full(x))
        found = graph.node(op, [given, axes], aval.shape, keepdims=0)
        return graph.cast(found, aval.dtype)

    return rule


def _place(op: str) -> Rule:
    def rule(graph: Graph, equation: Any, x: Value) -> Value:
        aval, (axis,) = equation.outvars[0].aval, equation.params["axes"]
        given = working(graph, graph.full(x))
        found = graph.node(op, [given], aval.shape, np.int64, axis=axis, keepdims=0)
        return graph.cast(found, aval.dtype)

    return rule


def _running_sum(graph: Graph, equation: Any, x: Value) -> Value:
    axis = known(np.int64(equation.params["axis"]))
    given = working(graph, graph.full(x))
    backwards = int(equation.params["reverse"])
    found = graph.node("CumSum", [given, axis], x.shape, reverse=backwards)
    return graph.cast(found, x.dtype)


def _running(combined: Any) -> Rule:
    """The rule of what goes on along an axis, step by step."""

    def rule(graph: Graph, equation: Any, x: Value) -> Any:
        axis, backwards = equation.params["axis"], equation.params["reverse"]

        def run(x: Any) -> Any:
            steps = jnp.moveaxis(x, axis, 0)
            first = lax.index_in_dim(steps, -1 if backwards else 0, keepdims=False)

            def step(so_far: Any, own: Any) -> Any:
                new = combined(so_far, own)
                return new, new

            rest = steps[:-1] if backwards else steps[1:]
            _, found = lax.scan(step, first, rest, reverse=backwards)
            parts = [found, first[None]] if backwards else [first[None], found]
            return jnp.moveaxis(jnp.concatenate(parts), 0, axis)

        return traced(graph, run, x)

    return rule


RULES: dict[str, Rule] = {
    "reduce_sum": _reduction("ReduceSum"),
    "reduce_max": _reduction("ReduceMax"),
    "reduce_min": _reduction("ReduceMin"),
    "reduce_prod": _reduction("ReduceProd"),
    "reduce_and": _reduction("ReduceMin"),
    "reduce_or": _reduction("ReduceMax"),
    "argmax": _place("ArgMax"),
    "argmin": _place("ArgMin"),
    "cumsum": _running_sum,
    "cumprod": _running(lax.mul),
    "cummax": _running(lax.max),
    "cummin": _running(lax.min),
    "cumlogsumexp": _running(jnp.logaddexp),
}
