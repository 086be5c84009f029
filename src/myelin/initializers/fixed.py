"""Initializers without chance: constants, the identity, the Fourier kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.initializers.base import Initializer, as_array


class Zeros(Initializer):
    """All 0."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Zeros of that shape and type."""
        return as_array(np.zeros(shape), dtype)


class Ones(Initializer):
    """All 1."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Ones of that shape and type."""
        return as_array(np.ones(shape), dtype)


class Constant(Initializer):
    """All one number, or an array that is broadcast to the shape.

    Args:
        value: a number, or an array.
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The value in that shape and type."""
        return as_array(np.broadcast_to(np.asarray(self.value), tuple(shape)), dtype)


class Identity(Initializer):
    """`gain` times the identity matrix.

    Args:
        gain: the number on the diagonal.

    Raises:
        ShapeError: the shape does not have 2 axes.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The matrix; it need not be square."""
        if len(shape) != 2:
            raise ShapeError(f"Identity wants a matrix to fill, got shape {tuple(shape)}")
        return as_array(self.gain * np.eye(shape[0], shape[1]), dtype)


class STFT(Initializer):
    """The kernel of a convolution that computes a short-time Fourier transform.

        kernel[t, 0, f] = window[t] · trig(-2π · t · f / n) / scale,  n = 2 · (frequencies - 1)

    Args:
        side: `"real"` for the cosine, `"imag"` for the sine.
        window: a name in `scipy.signal.windows`, the values themselves, or None.
        scaling: `"density"` divides by the window's L2 norm, `"spectrum"` by its sum; None: 1.
        periodic: a periodic window, in the place of a symmetric one.

    Raises:
        InputError: an unknown side, window or scaling.
        ShapeError: called with a shape other than (frame length, 1, frequencies).
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise InputError(f'STFT: side wants "real" or "imag", got {side!r}')
        if scaling not in (None, "density", "spectrum"):
            raise InputError(f'STFT: scaling wants "density", "spectrum" or None, got {scaling!r}')
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic
        self._window_of(1 if isinstance(window, str) else None)

    def _window_of(self, length: int | None) -> Any:
        if not isinstance(self.window, str) or length is None:
            return self.window
        from scipy import signal

        try:
            return signal.get_window(self.window, length, self.periodic)
        except ValueError as error:
            raise InputError(f"STFT: {error}") from None

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The kernel, of shape (frame length, 1, frequencies)."""
        if len(shape) != 3 or shape[1] != 1:
            raise ShapeError(
                f"STFT wants the shape (frame length, 1, frequencies), got {tuple(shape)}"
            )
        length, _, frequencies = shape
        time = np.arange(length).reshape(-1, 1, 1)
        frequency = np.arange(frequencies).reshape(1, 1, -1) / (2 * (frequencies - 1))
        trig = np.cos if self.side == "real" else np.sin
        kernel = trig(-2 * np.pi * time * frequency)
        if self.window is None:
            return as_array(kernel, dtype)
        window = np.asarray(self._window_of(length), dtype=np.float64)
        if window.shape != (length,):
            raise ShapeError(f"STFT: the window wants shape ({length},), got {window.shape}")
        scale = {
            "density": np.sqrt(np.sum(window**2)),
            "spectrum": np.sum(np.abs(window)),
            None: 1.0,
        }[self.scaling]
        return as_array(kernel * window.reshape(-1, 1, 1) / scale, dtype)
