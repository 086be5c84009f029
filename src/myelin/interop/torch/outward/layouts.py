"""Fewer changes of layout: convolutions and their kin pass their images on as torch has them.

Each layer permutes its images for torch and back. A permutation may be done after an operation
that treats every number alike, so each moves behind such operations until it meets the next,
and two that undo each other go.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

# What treats every number alike.
_FUNCTIONS: set[Callable[..., Any]] = {
    torch.relu, torch.sigmoid, torch.tanh, torch.exp, torch.selu, torch.add, torch.sub, torch.mul,
    torch.maximum, torch.minimum, operator.add, operator.sub, operator.mul, operator.truediv,
    *(getattr(functional, name) for name in (
        "leaky_relu", "elu", "gelu", "silu", "mish", "relu6", "hardtanh", "hardsigmoid",
        "hardswish", "softsign", "logsigmoid", "celu",
    )),
}  # fmt: skip
_METHODS = {"clamp", "exp", "square", "float"}
_MODULES = (nn.Dropout,)


def joined(graph: fx.Graph, root: nn.Module) -> None:
    """Moves permutations behind what treats every number alike, and takes out pairs of them."""
    for node in list(graph.nodes):
        if _order(node) is not None:
            _composed(graph, node)
        elif _is_elementwise(node, root):
            _moved(graph, node)


def _order(value: Any) -> tuple[int, ...] | None:
    """The order in which a node puts the axes of its first argument, where it permutes."""
    permutes = isinstance(value, fx.Node) and (value.op, value.target) == ("call_method", "permute")
    return tuple(value.args[1:]) if permutes else None


def _composed(graph: fx.Graph, node: fx.Node) -> None:
    """One permutation, or none, in the place of one after another."""
    order, inner = _order(node), _order(node.args[0])
    if order is None or inner is None:
        return
    source = node.args[0].args[0]
    both = tuple(inner[axis] for axis in order)
    if both == tuple(range(len(both))):
        node.replace_all_uses_with(source)
    else:
        node.args = (source, *both)


def _is_elementwise(node: fx.Node, root: nn.Module) -> bool:
    if node.op == "call_module":
        return isinstance(root.get_submodule(str(node.target)), _MODULES)
    if node.op == "call_method":
        return node.target in _METHODS
    return node.op == "call_function" and node.target in _FUNCTIONS


def _moved(graph: fx.Graph, node: fx.Node) -> None:
    """The permutation of what the node gives, in the place of those of what it is given."""
    inputs = [arg for arg in node.args if isinstance(arg, fx.Node)]
    orders = {_order(arg) for arg in inputs}
    if (
        len(orders) != 1
        or None in orders
        or any(isinstance(v, fx.Node) for v in node.kwargs.values())
    ):
        return
    order = orders.pop()
    with graph.inserting_after(node):
        permuted = graph.call_method("permute", (node, *(order or ())))
    node.replace_all_uses_with(permuted, delete_user_cb=lambda user: user is not permuted)
    node.args = tuple(arg.args[0] if isinstance(arg, fx.Node) else arg for arg in node.args)
