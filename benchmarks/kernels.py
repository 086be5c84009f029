"""The native products beside XLA's, and beside what the processor could do at most.

    .venv-bench/bin/python benchmarks/kernels.py

Each pair runs in turn in this process; the best of many rounds counts, for the machine may be busy.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import numpy as np
from jax import lax

from myelin.kernels import dense, native

ROUNDS = 40
# What it is, rows, depth, columns, and how much of x is not 0.
SHAPES = (
    ("classic program, forward", 32, 784, 128, 1.0),
    ("classic program, digits", 32, 784, 128, 0.19),
    ("classic program, last layer", 32, 128, 10, 0.5),
    ("wide layer", 128, 1024, 1024, 1.0),
    ("wide layer after ReLU", 128, 1024, 1024, 0.4),
    ("3 × 3 convolution of 3", 30_000, 27, 32, 1.0),
    ("3 × 3 convolution of 32", 20_000, 288, 64, 1.0),
    ("1 × 1 convolution of 64", 20_000, 64, 128, 1.0),
)


def main() -> None:
    """Prints a line for each shape and product."""
    if not native.available():
        raise SystemExit("Myelin was built without its native kernels")
    print(f"one thread at most {peak():.0f} GFLOP/s, {os.cpu_count()} threads\n")
    print("| product | native, GFLOP/s | XLA, GFLOP/s | native is faster by |")
    print("| --- | --- | --- | --- |")
    for name, rows, depth, columns, filled in SHAPES:
        x, w, dy = operands(rows, depth, columns, filled)
        compare(f"{name}: x · w", 2 * rows * depth * columns, x, w, "nn")
        compare(f"{name}: xᵀ · dy", 2 * rows * depth * columns, x, dy, "tn")


def operands(rows: int, depth: int, columns: int, filled: float) -> tuple[jax.Array, ...]:
    """x, w and the gradient of x · w."""
    rng = np.random.default_rng(0)
    x = rng.random((rows, depth), np.float32) * (rng.random((rows, depth)) < filled)
    w, dy = (rng.random((size, columns), np.float32) for size in (depth, rows))
    return tuple(jax.device_put(a.astype(np.float32)) for a in (x, w, dy))


def compare(name: str, work: int, a: jax.Array, b: jax.Array, form: str) -> None:
    """Times both forms in turn, many calls in one program, as in an epoch."""
    repeats = max(1, int(2e8) // work)
    ours = repeated(lambda a, b: dense.product(a, b, form), repeats)
    theirs = repeated(lambda a, b: dense.plain_product(a, b, form=form), repeats)
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for which, program in enumerate((ours, theirs)):
            best[which] = min(best[which], seconds(program, a, b) / repeats)
    rates = [work / second / 1e9 for second in best]
    print(f"| {name} | {rates[0]:.0f} | {rates[1]:.0f} | {best[1] / best[0]:.2f} |", flush=True)


def repeated(product: Callable[..., jax.Array], repeats: int) -> Callable[..., jax.Array]:
    """A program of `repeats` products, each of operands that wait for the one before."""

    @jax.jit
    def program(a: jax.Array, b: jax.Array) -> jax.Array:
        def body(_: int, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            y = product(a, carry[1])
            return y, lax.optimization_barrier((carry[1], y))[0]

        return lax.fori_loop(0, repeats, body, (product(a, b), b))[0]

    return program


def seconds(program: Callable[..., jax.Array], a: jax.Array, b: jax.Array) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    program(a, b).block_until_ready()
    return time.perf_counter() - began


def peak() -> float:
    """GFLOP/s of one thread that only multiplies and adds."""
    spin = ctypes.CDLL(str(native.LIBRARY)).myelin_peak
    spin.restype, spin.argtypes = ctypes.c_int64, [ctypes.c_int64]
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work = spin(200_000)
        rates.append(work / (time.perf_counter() - began) / 1e9)
    return max(rates)


if __name__ == "__main__":
    main()
