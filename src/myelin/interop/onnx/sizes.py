"""Sizes that are only known when the file runs, computed from those of its inputs."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from myelin.interop.onnx.graph import Graph, Value, known


def measured(graph: Graph, size: Any) -> Value:
    """A size as an int64 array of one number.

    Args:
        graph: the outermost, where sizes are computed once for all that read them.
        size: a whole number, or a symbolic one, which is read from what jax writes for it, such as
            `2*batch + 1`; that is the notation of `jax.export.symbolic_shape`.
    """
    if isinstance(size, int):
        return known(np.array([size], np.int64))
    text = str(size)
    if text not in graph.root.sizes:
        scope, graph.scope = graph.scope, ""
        tree = ast.parse(text.replace("^", "**"), mode="eval").body
        graph.root.sizes[text] = _computed(graph, tree)
        graph.scope = scope
    return graph.root.sizes[text]


def _computed(graph: Graph, tree: ast.expr) -> Value:
    if isinstance(tree, ast.Constant):
        return known(np.array([tree.value], np.int64))
    if isinstance(tree, ast.Name):
        return _symbol(graph, tree.id)
    if isinstance(tree, ast.UnaryOp):
        return _called(graph, "sub", known(np.zeros(1, np.int64)), _computed(graph, tree.operand))
    if isinstance(tree, ast.BinOp):
        name = _SIGNS[type(tree.op)]
        return _called(graph, name, _computed(graph, tree.left), _computed(graph, tree.right))
    assert isinstance(tree, ast.Call)
    assert isinstance(tree.func, ast.Name)
    return _called(graph, tree.func.id, *(_computed(graph, part) for part in tree.args))


def _symbol(graph: Graph, name: str) -> Value:
    if name not in graph.root.sizes:
        source, axis = graph.root.symbols[name]
        whole = Value((), np.dtype(np.float32), (), source)
        graph.root.sizes[name] = graph.node(
            "Shape", [whole], (1,), np.int64, start=axis, end=axis + 1
        )
    return graph.root.sizes[name]


def _called(graph: Graph, name: str, *parts: Value) -> Value:
    if name == "floordiv":
        # ONNX's division of whole numbers rounds towards 0.
        parts = (_called(graph, "sub", parts[0], _called(graph, "mod", *parts)), parts[1])
    return graph.node(_OPERATIONS[name], parts, (1,))


_SIGNS: dict[type, str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Pow: "pow"}
_OPERATIONS = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "pow": "Pow", "floordiv": "Div", "mod": "Mod",
    "max": "Max", "min": "Min",
}  # fmt: skip
