"""Rules for products of matrices, and sums over products of any axes."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from myelin.interop.onnx.elementwise import working
from myelin.interop.onnx.graph import Graph, Value
from myelin.interop.onnx.program import Rule


def _dot_general(graph: Graph, equation: Any, a: Value, b: Value) -> Value:
    aval = equation.outvars[0].aval
    numbers = equation.params["dimension_numbers"]
    (a_summed, b_summed), (a_along, b_along) = ([tuple(n) for n in pair] for pair in numbers)
    # Sums of short numbers in a longer type, where the program wants that.
    wanted = np.promote_types(np.promote_types(a.dtype, b.dtype), aval.dtype)
    a, b = (graph.full(working(graph, graph.cast(v, wanted))) for v in (a, b))
    along = tuple(range(len(a_along)))
    in_front = tuple(a_along) == tuple(b_along) == along and len(a_summed) == 1
    rows, columns = a.ndim - len(along) - 1, b.ndim - len(along) - 1
    many_rows = rows > 1 and not along and a_summed == (a.ndim - 1,)
    if in_front and columns == 1 and (rows == 1 or many_rows):
        if a_summed != (a.ndim - 1,):
            a = _swapped(graph, a)
        if b_summed != (b.ndim - 2,):
            b = _swapped(graph, b)
        return graph.cast(graph.node("MatMul", [a, b], aval.shape), aval.dtype)
    letters = iter(string.ascii_letters)
    of_a = [next(letters) for _ in range(a.ndim)]
    of_b = [next(letters) for _ in range(b.ndim)]
    for i, j in (*zip(a_along, b_along, strict=True), *zip(a_summed, b_summed, strict=True)):
        of_b[j] = of_a[i]
    free_a = [of_a[i] for i in range(a.ndim) if i not in (*a_along, *a_summed)]
    free_b = [of_b[j] for j in range(b.ndim) if j not in (*b_along, *b_summed)]
    result = "".join([*(of_a[i] for i in a_along), *free_a, *free_b])
    sums = f"{''.join(of_a)},{''.join(of_b)}->{result}"
    found = graph.node("Einsum", [a, b], aval.shape, equation=sums)
    return graph.cast(found, aval.dtype)


def _swapped(graph: Graph, x: Value) -> Value:
    """Matrices turned."""
    return graph.transposed(x, [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


RULES: dict[str, Rule] = {"dot_general": _dot_general}
