"""`tf.signal`: frames, windows and Fourier transforms along the last axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from myelin.dtypes import name_of
from myelin.keras_script.tensorflow.calling import of_array, tensor

fft = of_array(jnp.fft.fft)
ifft = of_array(jnp.fft.ifft)
fft2d = of_array(jnp.fft.fft2)
ifft2d = of_array(jnp.fft.ifft2)


def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Any:
    """The Fourier transform of real numbers, its lower half."""
    return jnp.fft.rfft(tensor(input_tensor), _length(fft_length))


def irfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Any:
    """The real numbers of which `rfft` gives this."""
    return jnp.fft.irfft(tensor(input_tensor), _length(fft_length))


def _length(given: Any) -> int | None:
    return None if given is None else int(jnp.ravel(tensor(given))[0])


def hann_window(
    window_length: int, periodic: bool = True, dtype: Any = "float32", name: str | None = None
) -> Any:
    """Half a cosine's wave, from 0 to 1 and back."""
    return _cosine(window_length, periodic, 0.5, dtype)


def hamming_window(
    window_length: int, periodic: bool = True, dtype: Any = "float32", name: str | None = None
) -> Any:
    """The same, but from 0.08 on."""
    return _cosine(window_length, periodic, 0.54, dtype)


def _cosine(length: int, periodic: bool, level: float, dtype: Any) -> Any:
    if length == 1:
        return jnp.ones(1, name_of(dtype))
    # As in TensorFlow, a window of odd length is not made periodic.
    whole = length if periodic and length % 2 == 0 else length - 1
    angle = 2 * jnp.pi * jnp.arange(length) / whole
    return (level - (1 - level) * jnp.cos(angle)).astype(name_of(dtype))


def frame(
    signal: Any, frame_length: int, frame_step: int, pad_end: bool = False, pad_value: float = 0,
    axis: int = -1, name: str | None = None,
) -> Any:  # fmt: skip
    """Windows over an axis, `(…, frames, frame_length, …)`."""
    signal = jnp.moveaxis(tensor(signal), axis, -1)
    n = signal.shape[-1]
    count = -(-n // frame_step) if pad_end else max(0, (n - frame_length) // frame_step + 1)
    missing = max(0, (count - 1) * frame_step + frame_length - n) if count else 0
    widths = [(0, 0)] * (signal.ndim - 1) + [(0, missing)]
    signal = jnp.pad(signal, widths, constant_values=pad_value) if missing else signal
    index = frame_step * jnp.arange(count)[:, None] + jnp.arange(frame_length)
    frames = signal[..., index]
    last = axis in (-1, signal.ndim - 1)
    return frames if last else jnp.moveaxis(frames, (-2, -1), (axis, axis + 1))


def stft(
    signals: Any, frame_length: int, frame_step: int, fft_length: int | None = None,
    window_fn: Callable[..., Any] | None = hann_window, pad_end: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Fourier transforms of windows over the last axis, complex `(…, frames, bins)`."""
    length = fft_length or 1 << (frame_length - 1).bit_length()
    frames = frame(signals, frame_length, frame_step, pad_end)
    if window_fn is not None:
        frames = frames * window_fn(frame_length, dtype="float32")
    return jnp.fft.rfft(frames, length)
