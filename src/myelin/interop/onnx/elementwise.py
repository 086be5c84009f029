"""Rules for what is done to each number by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin.interop.onnx.graph import Complex, Graph, Value, known
from myelin.interop.onnx.program import Rule, same_origin, traced

# ONNX's arithmetic is there for few types everywhere; others are computed in these and cast back,
# which rounds whole numbers to as many bits as they had.
_WORKING = {"bool": "int32", "int8": "int32", "uint8": "int32", "int16": "int32",
            "uint16": "int32", "uint32": "int64", "uint64": "int64"}  # fmt: skip


def working(graph: Graph, value: Value) -> Value:
    """The value in a type that arithmetic is there for."""
    return graph.cast(value, _WORKING.get(str(value.dtype), value.dtype))


def joined(graph: Graph, op: str, values: Sequence[Value], dtype: Any = None, **how: Any) -> Value:
    """A node over values of one shape but for axes of size 1, which it repeats as need be."""
    ndim = max(value.ndim for value in values)
    shape, held = (
        tuple(next((size for size in axis if size != 1), 1) for axis in zip(*sizes, strict=True))
        for sizes in (
            [(1,) * (ndim - value.ndim) + of for value, of in pairs]
            for pairs in ([(v, v.shape) for v in values], [(v, v.held) for v in values])
        )
    )
    return graph.node(op, values, shape, dtype or values[0].dtype, held, **how)


def _elementwise(rule: Rule) -> Rule:
    """A rule that does not repeat what it knows before it must."""

    def applied(graph: Graph, equation: Any, *values: Any) -> Any:
        if any(isinstance(value, Complex) or not value.known for value in values):
            return rule(graph, equation, *values)
        arrays = np.broadcast_arrays(*(value.array for value in values))
        found = np.asarray(equation.primitive.bind(*arrays, **equation.params))
        return known(found, same_origin(values), equation.outvars[0].aval.shape)

    return applied


def _operation(op: str, **how: Any) -> Rule:
    """The rule of what is one node, computed and cast back."""

    def rule(graph: Graph, equation: Any, *values: Value) -> Value:
        found = joined(graph, op, [working(graph, value) for value in values], **how)
        return graph.cast(found, equation.outvars[0].aval.dtype)

    return rule


def _comparison(op: str, negated: bool = False) -> Rule:
    def rule(graph: Graph, equation: Any, *values: Value) -> Value:
        found = joined(graph, op, [working(graph, value) for value in values], bool)
        return joined(graph, "Not", [found]) if negated else found

    return rule


def _logical(op: str, bitwise: str) -> Rule:
    def rule(graph: Graph, equation: Any, *values: Value) -> Value:
        return joined(graph, op if values[0].dtype == bool else bitwise, values)

    return rule


def _by(function: Any) -> Rule:
    """The rule of what is a formula of other primitives; it takes an equation's parameters."""

    def rule(graph: Graph, equation: Any, *values: Value) -> Any:
        return traced(graph, lambda *arrays: function(*arrays, **equation.params), *values)

    return rule


def _power(graph: Graph, equation: Any, x: Value, y: Value) -> Value:
    return joined(graph, "Pow", [working(graph, x), working(graph, y)])


def _converted(graph: Graph, equation: Any, x: Any) -> Any:
    dtype = equation.params["new_dtype"]
    if np.issubdtype(dtype, np.complexfloating):
        if isinstance(x, Complex):
            return x
        x = graph.cast(x, np.float32)
        return Complex(x, known(np.zeros((1,) * x.ndim, np.float32), None, x.shape))
    return graph.cast(x.real if isinstance(x, Complex) else x, dtype)


def _selected(graph: Graph, equation: Any, which: Value, *cases: Value) -> Value:
    if which.dtype == bool:
        off, on = cases
        return joined(graph, "Where", [which, on, off], off.dtype)
    found = cases[0]
    for number, case in enumerate(cases[1:], start=1):
        here = joined(graph, "Equal", [which, known(np.asarray(number, which.dtype))], bool)
        found = joined(graph, "Where", [here, case, found], case.dtype)
    return found


def _same(graph: Graph, equation: Any, *values: Any) -> Any:
    return list(values)


def _rounded(x: Any, rounding_method: Any) -> Any:
    """Halves away from zero."""
    return lax.sign(x) * lax.floor(lax.abs(x) + x.dtype.type(0.5))


def _round(graph: Graph, equation: Any, x: Value) -> Value:
    if equation.params["rounding_method"] == lax.RoundingMethod.TO_NEAREST_EVEN:
        return joined(graph, "Round", [x])
    return _by(_rounded)(graph, equation, x)


def _whole_power(x: Any, y: int) -> Any:
    if y < 0:
        return 1 / _whole_power(x, -y)
    return math.prod([x] * y, start=jnp.ones((), x.dtype)) if y <= 4 else x ** x.dtype.type(y)


def _angle(y: Any, x: Any) -> Any:
    """atan2 from atan, which knows half of the circle."""
    ratio = jnp.where(x == 0, 0, y / jnp.where(x == 0, 1, x))
    beyond = jnp.where(x < 0, jnp.where(y < 0, -math.pi, math.pi), 0.0)
    upright = jnp.where(y == 0, 0.0, lax.sign(y) * (math.pi / 2))
    return jnp.where(x == 0, upright, lax.atan(ratio) + beyond).astype(x.dtype)


def _shift(op: str) -> Rule:
    def rule(graph: Graph, equation: Any, *values: Value) -> Value:
        unsigned = [graph.cast(value, np.uint32) for value in values]
        found = joined(graph, "BitShift", unsigned, direction=op)
        return graph.cast(found, values[0].dtype)

    return rule


def _size(graph: Graph, equation: Any) -> Value:
    sizes = graph.sizes([equation.params["dim"]])
    return graph.cast(graph.reshaped(sizes, ()), equation.outvars[0].aval.dtype)


_OPERATIONS = {
    "add": "Add", "add_any": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "neg": "Neg",
    "abs": "Abs", "sign": "Sign", "floor": "Floor", "ceil": "Ceil", "exp": "Exp", "log": "Log",
    "sqrt": "Sqrt", "tanh": "Tanh", "logistic": "Sigmoid", "erf": "Erf", "sin": "Sin",
    "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos", "atan": "Atan", "sinh": "Sinh",
    "cosh": "Cosh", "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "max": "Max",
    "min": "Min",
}  # fmt: skip

_FORMULAS = {
    "rsqrt": lambda x, accuracy=None: 1 / lax.sqrt(x),
    "cbrt": lambda x, accuracy=None: lax.sign(x) * lax.abs(x) ** x.dtype.type(1 / 3),
    "expm1": lambda x, accuracy=None: lax.exp(x) - 1,
    "log1p": lambda x, accuracy=None: lax.log(1 + x),
    "exp2": lambda x, accuracy=None: lax.exp(x * x.dtype.type(math.log(2))),
    "erfc": lambda x: 1 - lax.erf(x),
    "square": lambda x: x * x,
    "integer_pow": _whole_power,
    "atan2": _angle,
    "is_finite": lambda x: lax.abs(x) < jnp.inf,
    "clamp": lambda low, x, high: jnp.minimum(jnp.maximum(x, low), high),
    "shift_right_arithmetic": lambda x, n: jnp.floor_divide(x, 2**n),
}

RULES: dict[str, Rule] = {
    **{name: _elementwise(_operation(op)) for name, op in _OPERATIONS.items()},
    **{name: _elementwise(_by(formula)) for name, formula in _FORMULAS.items()},
    "rem": _elementwise(_operation("Mod", fmod=1)),
    "pow": _elementwise(_power),
    "round": _elementwise(_round),
    "eq": _elementwise(_comparison("Equal")),
    "ne": _elementwise(_comparison("Equal", negated=True)),
    "lt": _elementwise(_comparison("Less")),
    "le": _elementwise(_comparison("LessOrEqual")),
    "gt": _elementwise(_comparison("Greater")),
    "ge": _elementwise(_comparison("GreaterOrEqual")),
    # The order that sorting uses, which differs in where NaN stands.
    "eq_to": _elementwise(_comparison("Equal")),
    "lt_to": _elementwise(_comparison("Less")),
    "le_to": _elementwise(_comparison("LessOrEqual")),
    "and": _elementwise(_logical("And", "BitwiseAnd")),
    "or": _elementwise(_logical("Or", "BitwiseOr")),
    "xor": _elementwise(_logical("Xor", "BitwiseXor")),
    "not": _elementwise(_logical("Not", "BitwiseNot")),
    "shift_left": _elementwise(_shift("LEFT")),
    "shift_right_logical": _elementwise(_shift("RIGHT")),
    "select_n": _elementwise(_selected),
    "convert_element_type": _elementwise(_converted),
    "copy": _same,
    "copy_p": _same,
    "stop_gradient": _same,
    "optimization_barrier": _same,
    "reduce_precision": _same,
    "sharding_constraint": _same,
    "device_put": _same,
    "name": _same,
    "dim_as_value": _size,
}
