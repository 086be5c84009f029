"""Rules for loops, branches, and programs inside programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin.interop.onnx.elementwise import joined
from myelin.interop.onnx.graph import Graph, Value, described, known
from myelin.interop.onnx.program import Rule, Values, written


def _inside(name: str) -> Rule:
    """The rule of a call, whose program is written out."""

    def rule(graph: Graph, equation: Any, *values: Any) -> Values:
        program = equation.params[name]
        if not hasattr(program, "consts"):
            from jax.extend.core import ClosedJaxpr

            program = ClosedJaxpr(program, ())
        return written(graph, program, values)

    return rule


def _closed(graph: Graph, body: Graph, name: str, results: Sequence[Value]) -> Any:
    """The body of a loop or branch as a graph of ONNX, with its results as outputs."""
    from onnx import helper

    outputs = []
    for result in results:
        # A name of its own, also for what comes from outside or goes out twice.
        copy = body.node("Identity", [body.full(result)], result.shape)
        outputs.append(described(str(copy.name), result.shape, result.dtype))
    return helper.make_graph(body.nodes, graph.fresh(name), body.inputs, outputs)


def _scan(graph: Graph, equation: Any, *values: Value) -> list[Value]:
    params = equation.params
    consts, carries = params["num_consts"], params["num_carry"]
    if len(values) == consts + carries:
        return _counted(graph, equation, *values)
    fixed, first, rows = (
        values[:consts], values[consts : consts + carries], values[consts + carries :]
    )  # fmt: skip
    program = params["jaxpr"]
    body = Graph(graph)
    own = [
        body.input(graph.fresh("step"), var.aval.shape, var.aval.dtype)
        for var in program.jaxpr.invars[consts:]
    ]
    results = written(body, program, [*fixed, *own])
    shapes = [(var.aval.shape, var.aval.dtype) for var in equation.outvars]
    direction = int(params["reverse"])
    ways = {"scan_input_directions": [direction] * len(rows)}
    if len(shapes) > carries:
        ways["scan_output_directions"] = [direction] * (len(shapes) - carries)
    return graph.nodes_with(
        "Scan", [graph.full(value) for value in (*first, *rows)], shapes,
        body=_closed(graph, body, "steps", results),
        num_scan_inputs=len(rows), **ways,
    )  # fmt: skip


def _counted(graph: Graph, equation: Any, *values: Value) -> list[Value]:
    """A scan over nothing but its steps."""
    params = equation.params
    consts, carries = params["num_consts"], params["num_carry"]
    if params["reverse"] and len(equation.outvars) > carries:
        raise graph.refusal("a loop backwards over nothing")
    body = Graph(graph)
    body.input(graph.fresh("step"), (), np.int64)
    goes_on = body.input(graph.fresh("goes_on"), (), bool)
    own = _carried(graph, body, params["jaxpr"].jaxpr.invars[consts:])
    results = written(body, params["jaxpr"], [*values[:consts], *own])
    shapes = [(var.aval.shape, var.aval.dtype) for var in equation.outvars]
    count = graph.reshaped(graph.sizes([params["length"]]), ())
    first = [graph.full(value) for value in values[consts:]]
    steps = _closed(graph, body, "steps", [goes_on, *results])
    return graph.nodes_with("Loop", [count, None, *first], shapes, body=steps)


def _carried(graph: Graph, body: Graph, variables: Any) -> list[Value]:
    return [body.input(graph.fresh("state"), var.aval.shape, var.aval.dtype) for var in variables]


def _while(graph: Graph, equation: Any, *values: Value) -> list[Value]:
    params = equation.params
    for_test, for_body = params["cond_nconsts"], params["body_nconsts"]
    fixed_test, fixed_body = values[:for_test], values[for_test : for_test + for_body]
    first = [graph.full(value) for value in values[for_test + for_body :]]
    (begins,) = written(graph, params["cond_jaxpr"], [*fixed_test, *first])
    body = Graph(graph)
    body.input(graph.fresh("step"), (), np.int64)
    body.input(graph.fresh("goes_on"), (), bool)
    own = _carried(graph, body, params["body_jaxpr"].jaxpr.invars[for_body:])
    results = written(body, params["body_jaxpr"], [*fixed_body, *own])
    (goes_on,) = written(body, params["cond_jaxpr"], [*fixed_test, *results])
    shapes = [(var.aval.shape, var.aval.dtype) for var in equation.outvars]
    steps = _closed(graph, body, "steps", [goes_on, *results])
    return graph.nodes_with("Loop", [None, graph.full(begins), *first], shapes, body=steps)


def _branches(graph: Graph, equation: Any, which: Value, *values: Value) -> list[Value]:
    programs = equation.params["branches"]
    if which.known:
        chosen = int(np.clip(int(which.array), 0, len(programs) - 1))  # type: ignore[arg-type]
        return written(graph, programs[chosen], values)
    shapes = [(var.aval.shape, var.aval.dtype) for var in equation.outvars]

    def branch(number: int) -> Any:
        body = Graph(graph)
        if number == len(programs) - 1:
            return _closed(graph, body, "branch", written(body, programs[number], values))
        return _closed(graph, body, "branches", chosen_from(body, number))

    def chosen_from(graph: Graph, number: int) -> list[Value]:
        test = joined(graph, "LessOrEqual", [which, known(np.asarray(number, which.dtype))], bool)
        taken = Graph(graph)
        here = _closed(graph, taken, "branch", written(taken, programs[number], values))
        return graph.nodes_with(
            "If", [test], shapes, then_branch=here, else_branch=branch(number + 1)
        )

    if len(programs) == 1:
        return written(graph, programs[0], values)
    return chosen_from(graph, 0)


RULES: dict[str, Rule] = {
    "jit": _inside("jaxpr"),
    "pjit": _inside("jaxpr"),
    "closed_call": _inside("call_jaxpr"),
    "core_call": _inside("call_jaxpr"),
    "remat": _inside("jaxpr"),
    "remat2": _inside("jaxpr"),
    "checkpoint": _inside("jaxpr"),
    "custom_jvp_call": _inside("call_jaxpr"),
    "custom_vjp_call": _inside("call_jaxpr"),
    "custom_vjp_call_jaxpr": _inside("fun_jaxpr"),
    "scan": _scan,
    "while": _while,
    "cond": _branches,
}
