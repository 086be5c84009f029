"""jax's class of primitives, without the rest of the package that exports it.

`jax.extend.core` brings `jax.extend` whole, Pallas included: 0.1 s, a tenth of what a program waits
for before its first line.
"""

from __future__ import annotations

from typing import Any

from jax import lax

Primitive: Any = type(lax.neg_p)
