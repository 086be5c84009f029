"""All rules: a primitive's name, and how it is written."""

from __future__ import annotations

from myelin.interop.onnx import (
    convolution,
    elementwise,
    fourier,
    indexing,
    loops,
    products,
    reducing,
    shaping,
)
from myelin.interop.onnx.program import Rule

RULES: dict[str, Rule] = {
    **elementwise.RULES,
    **shaping.RULES,
    **reducing.RULES,
    **products.RULES,
    **convolution.RULES,
    **indexing.RULES,
    **loops.RULES,
    **fourier.RULES,
}

# What may be given complex numbers, beside programs inside programs.
BY_PARTS = {*fourier.RULES, *loops.RULES}

# What is not computed beforehand even where all that goes in is known: programs, whose own
# equations are, and what keeps numbers small until they are repeated.
UNFOLDED = {*loops.RULES, *elementwise.RULES, "broadcast_in_dim", "iota"} - {"scan", "while"}
