"""What the operations of a program are called with, besides promises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin.interop.torch.inward.reading import Reading, Sizes

# What is made of nothing, such as masks, is small.
_MOST_NUMBERS = 1 << 26


class Filled:
    """An array of one number, of a size that may vary: torch's zeros and ones."""

    def __init__(self, value: float, sizes: Sequence[Any], dtype: str) -> None:
        self.value, self.sizes, self.dtype = value, list(sizes), dtype

    def array(self, r: Reading) -> np.ndarray:
        """The numbers themselves.

        Raises:
            InputError: a size varies.
        """
        if any(isinstance(size, Sizes) for size in self.sizes):
            raise r.refused("computes with zeros or ones of a size that varies")
        check_count(r, math.prod(self.sizes))
        return np.full(self.sizes, self.value, self.dtype)


def check_count(r: Reading, count: int) -> None:
    """Raises where a file asks for more numbers than any honest one does.

    Raises:
        InputError: it does.
    """
    if count > _MOST_NUMBERS:
        raise r.refused(f"wants {count} numbers that no file brings")


def is_zeros(value: Any) -> bool:
    """Whether a value is nothing but zeros."""
    return isinstance(value, Filled) and value.value == 0


def operand(r: Reading, value: Any) -> Any:
    """An operand: a weight as a promise, zeros as numbers."""
    return value.array(r) if isinstance(value, Filled) else r.value(value)
