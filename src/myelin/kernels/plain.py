"""A block in which kernels are traced in their plain form, for whoever hands the program on.

What is exported runs in other systems, and on other kinds of device: it may hold none of Myelin's
own primitives, and no call of its compiled library. Its sizes may be symbols, too, so that nothing
may be decided by them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_depth = 0


@contextlib.contextmanager
def plain_forms() -> Iterator[None]:
    """Inside the block, kernels trace as `jax.lax` operations alone."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


def wanted() -> bool:
    """Whether such a block is open."""
    return _depth > 0
