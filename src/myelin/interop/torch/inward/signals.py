"""Operations of torch's on signals: their frames, and the frequencies in those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myelin import ops
from myelin.interop.torch.inward.reading import Reading
from myelin.interop.torch.inward.values import operand


def unfold(r: Reading, self: Any, dimension: int, size: int, step: int) -> Any:
    """Frames of the last axis, as a new one."""
    x = operand(r, self)
    if dimension not in (-1, len(x.shape) - 1):
        raise r.refused("takes frames of another axis than the last")
    return ops.extract_sequences(x, size, step)


def rfft(r: Reading, self: Any, dim: int = -1) -> Any:
    """The frequencies of the last axis: real and imaginary parts, for torch's complex numbers."""
    x = operand(r, self)
    if dim not in (-1, len(x.shape) - 1):
        raise r.refused("transforms another axis than the last")
    return tuple(ops.rfft(x))


def part(place: int) -> Callable[..., Any]:
    """An entry for one part of complex numbers."""

    def entry(r: Reading, self: Any) -> Any:
        if not isinstance(self, tuple):
            raise r.refused("takes a part of what are no frequencies")
        return self[place]

    return entry


TABLE: dict[str, Callable[..., Any]] = {
    "unfold": unfold, "fft_rfft": rfft, "real": part(0), "imag": part(1),
}  # fmt: skip
