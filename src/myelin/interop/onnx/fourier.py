"""Rules for complex numbers, as pairs of arrays, and for Fourier transforms, as products."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from myelin.interop.onnx import elementwise, indexing, reducing, shaping
from myelin.interop.onnx.graph import Complex, Graph, Value, known
from myelin.interop.onnx.program import Rule, traced


def _fft(graph: Graph, equation: Any, x: Any) -> Any:
    lengths = equation.params["fft_lengths"]
    kind = str(equation.params["fft_type"]).rpartition(".")[2]
    kind = {"0": "FFT", "1": "IFFT", "2": "RFFT", "3": "IRFFT"}.get(kind, kind)
    if not all(isinstance(n, int) for n in lengths):
        raise graph.refusal("a Fourier transform of any length")
    if kind == "RFFT":
        first = _halved(lengths[-1])
        x = _turned(graph, Complex(x, _nothing(x)), first, -1)
        return _along(graph, x, lengths[:-1], -1.0)
    if kind == "IRFFT":
        x = _along(graph, x, lengths[:-1], 1.0)
        return _whole(graph, x, lengths[-1])
    return _along(graph, x, lengths, -1.0 if kind == "FFT" else 1.0, last=True)


def _along(graph: Graph, x: Complex, lengths: Any, sign: float, last: bool = False) -> Complex:
    """The transforms along the axes before the last, or up to it."""
    for place, n in enumerate(reversed(lengths)):
        angles = np.outer(np.arange(n), np.arange(n)) * (sign * 2 * math.pi / n)
        scale = 1 / n if sign > 0 else 1.0
        matrix = scale * (np.cos(angles) + 1j * np.sin(angles))
        x = _turned(graph, x, matrix, -1 - place if last else -2 - place)
    return x


def _halved(n: int) -> np.ndarray:
    """The matrix of a transform of real numbers, `(n, n // 2 + 1)`."""
    angles = np.outer(np.arange(n), np.arange(n // 2 + 1)) * (-2 * math.pi / n)
    return np.cos(angles) + 1j * np.sin(angles)


def _nothing(x: Value) -> Value:
    return known(np.zeros((1,) * x.ndim, x.dtype), None, x.shape)


def _turned(graph: Graph, x: Complex, matrix: np.ndarray, axis: int) -> Complex:
    """x times a matrix along an axis."""
    cosines, sines = (np.asarray(part, np.float32) for part in (matrix.real, matrix.imag))

    def multiplied(real: Any, imag: Any) -> Any:
        real, imag = (jnp.moveaxis(part, axis, -1) for part in (real, imag))
        found = [real @ cosines - imag @ sines, real @ sines + imag @ cosines]
        return [jnp.moveaxis(part, -1, axis) for part in found]

    def of_real(real: Any) -> Any:
        real = jnp.moveaxis(real, axis, -1)
        return [jnp.moveaxis(real @ part, -1, axis) for part in (cosines, sines)]

    if x.imag.known and not np.any(x.imag.array):
        return Complex(*traced(graph, of_real, x.real))
    return Complex(*traced(graph, multiplied, x.real, x.imag))


def _whole(graph: Graph, x: Complex, n: int) -> Value:
    """The real numbers, n of them, whose transform along the last axis is x."""
    rows = np.arange(n // 2 + 1)
    angles = np.outer(rows, np.arange(n)) * (2 * math.pi / n)
    # All but the first, and for even lengths the last, stand for two.
    weight = np.where((rows == 0) | (2 * rows == n), 1, 2)[:, None] / n
    cosines, sines = (np.asarray(weight * part, np.float32)
                      for part in (np.cos(angles), np.sin(angles)))  # fmt: skip
    found: Value = traced(graph, lambda real, imag: real @ cosines - imag @ sines, x.real, x.imag)
    return found


def _parts(rule: Rule) -> Rule:
    """The rule of what is done to real and imaginary parts alike."""

    def applied(graph: Graph, equation: Any, *values: Any) -> Any:
        if not any(isinstance(value, Complex) for value in values):
            return rule(graph, equation, *values)
        real, imag = (
            rule(graph, equation, *(getattr(v, part) if isinstance(v, Complex) else v
                                    for v in values))
            for part in ("real", "imag")
        )  # fmt: skip
        if isinstance(real, Value):
            real, imag = [real], [imag]
        return [Complex(*pair) for pair in zip(real, imag, strict=True)]

    return applied


def _arithmetic(name: str, function: Any) -> Rule:
    """The rule of what is done to complex numbers by a formula of their parts."""
    plain = elementwise.RULES.get(name)

    def applied(graph: Graph, equation: Any, *values: Any) -> Any:
        if not any(isinstance(value, Complex) for value in values):
            assert plain is not None
            return plain(graph, equation, *values)
        parts = [part for value in values for part in (value.real, value.imag)]
        found = traced(graph, function, *parts)
        return Complex(*found) if isinstance(found, list) else found

    return applied


def _product(a: Any, b: Any, c: Any, d: Any) -> Any:
    return [a * c - b * d, a * d + b * c]


def _quotient(a: Any, b: Any, c: Any, d: Any) -> Any:
    length = c * c + d * d
    return [(a * c + b * d) / length, (b * c - a * d) / length]


_BY_PARTS = (
    "reshape", "squeeze", "expand_dims", "broadcast_in_dim", "transpose", "slice", "rev",
    "concatenate", "split", "stack", "unstack", "pad", "dynamic_slice",
)  # fmt: skip

RULES: dict[str, Rule] = {
    "fft": _fft,
    "complex": lambda graph, equation, real, imag: Complex(real, imag),
    "real": lambda graph, equation, x: x.real,
    "imag": lambda graph, equation, x: x.imag,
    "convert_element_type": elementwise.RULES["convert_element_type"],
    "copy": elementwise.RULES["copy"],
    **{name: _parts(shaping.RULES[name]) for name in _BY_PARTS},
    **{name: _parts(elementwise.RULES[name]) for name in ("add", "sub", "neg", "select_n")},
    **{name: _parts(indexing.RULES[name]) for name in ("gather", "scatter", "scatter-add")},
    "reduce_sum": _parts(reducing.RULES["reduce_sum"]),
    "abs": _arithmetic("abs", lambda a, b: jnp.sqrt(a * a + b * b)),
    "mul": _arithmetic("mul", _product),
    "div": _arithmetic("div", _quotient),
    "conj": _arithmetic("conj", lambda a, b: [a, -b]),
}
