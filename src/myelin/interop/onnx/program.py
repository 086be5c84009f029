"""A program of jax's primitives, written as ONNX nodes: one rule for each primitive.

What is known when the file is written, since it comes from weights and constants alone, is computed
there and then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from myelin.interop.onnx.graph import Complex, Graph, Value, known

Values = list[Any]
# From the graph, the equation and the values that go in, what comes out: a value or a list.
Rule = Callable[..., Any]


def written(graph: Graph, program: Any, inputs: Sequence[Any]) -> Values:
    """What a program gives for some values, once its nodes stand in the graph.

    Args:
        graph: extended.
        program: a closed jaxpr.
        inputs: a value for each of its inputs.

    Raises:
        InputError: it holds something that ONNX cannot express; names the layer.
    """
    jaxpr = program.jaxpr
    values: dict[Any, Any] = dict(zip(jaxpr.invars, inputs, strict=True))
    for var, array in zip(jaxpr.constvars, program.consts, strict=True):
        _refuse_type(graph, var.aval)
        values[var] = known(array)

    def read(atom: Any) -> Any:
        # Literals have a value, variables a place.
        return (
            known(np.asarray(atom.val, atom.aval.dtype)) if hasattr(atom, "val") else values[atom]
        )

    outside = graph.scope
    for equation in _needed(jaxpr):
        scope = str(equation.source_info.name_stack)
        graph.scope = "/".join(filter(None, (outside, scope)))
        given = [read(atom) for atom in equation.invars]
        values.update(zip(equation.outvars, _computed(graph, equation, given), strict=True))
    graph.scope = outside
    return [read(atom) for atom in jaxpr.outvars]


def traced(graph: Graph, function: Callable[..., Any], *values: Value) -> Any:
    """What a function of jax's gives for some values, as one value or a list like its results."""
    specs = [jax.ShapeDtypeStruct(value.shape, value.dtype) for value in values]
    program, shapes = jax.make_jaxpr(function, return_shape=True)(*specs)
    found = written(graph, program, values)
    return found if isinstance(shapes, list | tuple) else found[0]


def _needed(jaxpr: Any) -> list[Any]:
    """The equations that lead to its outputs."""
    wanted = {id(atom) for atom in jaxpr.outvars}
    found = []
    for equation in reversed(jaxpr.eqns):
        if any(id(var) in wanted for var in equation.outvars):
            wanted.update(id(atom) for atom in equation.invars)
            found.append(equation)
    return found[::-1]


def _computed(graph: Graph, equation: Any, given: Values) -> Values:
    from myelin.interop.onnx.rules import BY_PARTS, RULES

    name = equation.primitive.name
    for var in (*equation.invars, *equation.outvars):
        _refuse_type(graph, var.aval)
    folded = _folded(graph, equation, given)
    if folded is not None:
        return folded
    given = [_apart(value) for value in given]
    if name not in RULES:
        raise graph.refusal(f"no rule is known for {name}")
    if any(isinstance(value, Complex) for value in given) and name not in BY_PARTS:
        raise graph.refusal(f"{name} of complex numbers")
    found = RULES[name](graph, equation, *given)
    return list(found) if isinstance(found, list | tuple) else [found]


def _refuse_type(graph: Graph, aval: Any) -> None:
    """Raises where an array is of a type that ONNX, or its runtimes, have not."""
    if jax.numpy.issubdtype(aval.dtype, jax.dtypes.extended):
        raise graph.refusal("it draws random numbers")
    if aval.dtype == jax.numpy.bfloat16:
        raise graph.refusal(
            "it computes in bfloat16, which few runtimes do; make the model with the policy "
            "float32 and load the weights into it"
        )


def _folded(graph: Graph, equation: Any, given: Values) -> Values | None:
    """The results where all that goes in is known; None where that is not so."""
    from myelin.interop.onnx.rules import UNFOLDED

    if equation.primitive.name in UNFOLDED:
        return None
    for value in given:
        if isinstance(value, Complex) or not value.known:
            return None
    sizes = [size for var in equation.outvars for size in var.aval.shape]
    if not all(isinstance(size, int) for size in sizes):
        return None
    arrays = [np.asarray(graph.full(value).array) for value in given]
    found = equation.primitive.bind(*arrays, **equation.params)
    found = found if equation.primitive.multiple_results else [found]
    origin = same_origin(given)
    return [known(array, origin) for array in found]


def same_origin(values: Sequence[Value]) -> str | None:
    """The variable that all known values with an origin come from, if it is one."""
    origins = {value.origin for value in values if value.origin is not None}
    return origins.pop() if len(origins) == 1 else None


def _apart(value: Any) -> Any:
    """Known complex numbers as their parts."""
    if isinstance(value, Complex) or not np.iscomplexobj(np.empty(0, value.dtype)):
        return value
    return Complex(*(known(part(value.array), None, value.shape) for part in (np.real, np.imag)))
