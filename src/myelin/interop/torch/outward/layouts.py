"""Fewer changes of layout: axes that are put in another order and straight back stay."""

from __future__ import annotations

from torch import fx


def joined(graph: fx.Graph) -> None:
    """Takes out of a graph what permutes axes twice."""
