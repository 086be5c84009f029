"""Waves in signals, and complex numbers, with `keras.ops`'s names.

Where Keras has a pair of arrays for complex numbers, real and imaginary part, it is here too.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import dtypes
from myelin.errors import InputError, ShapeError
from myelin.ops.convert import convert_to_tensor, operand
from myelin.promise import lift

Array = jax.Array
Pair = tuple[Array, Array]


def fft(x: Any) -> Pair:
    """Fourier's transform along the last axis, `(real, imaginary)` from and to."""
    return _parts(jnp.fft.fft(_complex(x, "fft")))


def fft2(x: Any) -> Pair:
    """Fourier's transform along the last two axes, `(real, imaginary)` from and to."""
    return _parts(jnp.fft.fft2(_complex(x, "fft2")))


def ifft2(x: Any) -> Pair:
    """The inverse of `fft2`."""
    return _parts(jnp.fft.ifft2(_complex(x, "ifft2")))


def rfft(x: Any, fft_length: int | None = None) -> Pair:
    """The half of Fourier's transform that says all of real numbers.

    Args:
        x: real, `(…, n)`.
        fft_length: n to cut to or fill up to with zeros.

    Returns:
        Real and imaginary part, `(…, n // 2 + 1)`.
    """
    return _parts(jnp.fft.rfft(convert_to_tensor(x), fft_length))


def irfft(x: Any, fft_length: int | None = None) -> Array:
    """The inverse of `rfft`; `fft_length` numbers, an even count when None."""
    return jnp.fft.irfft(_complex(x, "irfft"), fft_length)


def stft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Pair:
    """The Fourier transforms of pieces of a signal that overlap.

    Args:
        x: `(…, n)`, float32 or float64.
        sequence_length: of a piece.
        sequence_stride: from the start of a piece to that of the next.
        fft_length: pieces are filled up to it with zeros, in equal parts on both sides.
        window: what pieces are multiplied with: "hann", "hamming", a vector of
            `sequence_length`, or None.
        center: whether pieces stand around their place, with the ends of the signal mirrored.

    Returns:
        Real and imaginary part, `(…, pieces, fft_length // 2 + 1)`.

    Raises:
        InputError: another type, another window, or pieces longer than `fft_length`.
    """
    x = convert_to_tensor(x)
    if str(x.dtype) not in ("float32", "float64"):
        raise InputError(f"stft: wants float32 or float64, got {x.dtype}")
    weights = _window(window, sequence_length, fft_length, x.dtype, "stft")
    if center:
        side = fft_length // 2
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(side, side)], mode="reflect")
    return rfft(extract_sequences(x, fft_length, sequence_stride) * weights)


def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Array:
    """The signal whose `stft` is nearest to x (Griffin and Lim, 1984, equation 6).

    Args:
        x: real and imaginary part, `(…, pieces, fft_length // 2 + 1)`.
        sequence_length, sequence_stride, fft_length, window, center: as for `stft`.
        length: of the signal; all that the pieces say when None.

    Raises:
        InputError: x is no such pair, another window, or pieces longer than `fft_length`.
    """
    spectrum = _complex(x, "istft")
    if spectrum.ndim < 2:
        raise ShapeError(f"istft: wants (…, pieces, frequencies), got {tuple(spectrum.shape)}")
    weights = _window(window, sequence_length, fft_length, spectrum.real.dtype, "istft")
    pieces = jnp.fft.irfft(spectrum, fft_length) * weights
    count = pieces.shape[-2]
    total = fft_length + sequence_stride * (count - 1)
    places = jnp.arange(count)[:, None] * sequence_stride + jnp.arange(fft_length)
    signal = jnp.zeros((*pieces.shape[:-2], total), pieces.dtype).at[..., places].add(pieces)
    shared = (
        jnp.zeros(total, pieces.dtype)
        .at[places]
        .add(jnp.broadcast_to(jnp.square(weights), places.shape))
    )
    # Where no window reaches, nothing is known, and 0 is said.
    signal = signal / jnp.where(shared > 1e-10, shared, 1.0)
    start = fft_length // 2 if center else 0
    if length is not None:
        return signal[..., start : start + length]
    return signal[..., start : total - start]


def _window(window: Any, length: int, fft_length: int, dtype: Any, owner: str) -> Array:
    """The window of `length` numbers with zeros on both sides up to `fft_length`."""
    if fft_length < length:
        raise InputError(
            f"{owner}: fft_length wants at least sequence_length, {length}, got {fft_length}"
        )
    if isinstance(window, str):
        shapes = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}
        if window not in shapes:
            raise InputError(f'{owner}: window wants "hann", "hamming", got {window!r}')
        mean, swing = shapes[window]
        turns = jnp.arange(length, dtype=dtype) / length
        weights = mean - swing * jnp.cos(2 * jnp.pi * turns)
    elif window is None:
        return jnp.ones(fft_length, dtype)
    else:
        weights = convert_to_tensor(window).astype(dtype)
    if weights.shape != (length,):
        raise InputError(
            f"{owner}: window wants {length} numbers, as sequence_length says, got "
            f"{tuple(weights.shape)}"
        )
    before = (fft_length - length) // 2
    return jnp.pad(weights, (before, fft_length - length - before))


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Array:
    """Pieces of a signal: `(…, n)` becomes `(…, pieces, sequence_length)`.

    Args:
        x: the signal.
        sequence_length: of a piece.
        sequence_stride: from the start of a piece to that of the next; pieces may overlap.

    Raises:
        ShapeError: the signal is shorter than a piece.
    """
    x = convert_to_tensor(x)
    if x.shape[-1] < sequence_length:
        raise ShapeError(
            f"extract_sequences: pieces of {sequence_length} out of a signal of {x.shape[-1]}"
        )
    starts = jnp.arange(0, x.shape[-1] - sequence_length + 1, sequence_stride)
    return x[..., starts[:, None] + jnp.arange(sequence_length)]


# Complex numbers.


def real(x: Any) -> Array:
    """The real part, elementwise."""
    return jnp.real(operand(x))


def imag(x: Any) -> Array:
    """The imaginary part, elementwise."""
    return jnp.imag(operand(x))


def conj(x: Any) -> Array:
    """x with the sign of its imaginary part turned, elementwise."""
    return jnp.conj(operand(x))


def angle(x: Any) -> Array:
    """The angle of x in the complex plane, in radians, elementwise."""
    x = convert_to_tensor(x)
    return jnp.angle(x if jnp.iscomplexobj(x) else x.astype(jnp.result_type(x.dtype, float)))


def polar(abs_: Any, angle: Any) -> Array:
    """The complex numbers with a length and an angle in radians, elementwise."""
    length, turn = convert_to_tensor(abs_), convert_to_tensor(angle)
    return jax.lax.complex(length * jnp.cos(turn), length * jnp.sin(turn))


def view_as_complex(x: Any) -> Array:
    """Pairs of real and imaginary part along the last axis, `(…, 2)`, as complex numbers.

    Raises:
        ShapeError: the last axis is not 2.
    """
    x = convert_to_tensor(x)
    if x.ndim == 0 or x.shape[-1] != 2:
        raise ShapeError(f"view_as_complex: wants a last axis of 2, got {tuple(x.shape)}")
    return jax.lax.complex(x[..., 0], x[..., 1])


def view_as_real(x: Any) -> Array:
    """Complex numbers as pairs of real and imaginary part along a new last axis."""
    x = convert_to_tensor(x)
    return jnp.stack([jnp.real(x), jnp.imag(x)], axis=-1)


conjugate = conj


def _complex(x: Any, owner: str) -> Array:
    pair = x if isinstance(x, list | tuple) else ()
    parts = [convert_to_tensor(part) for part in pair]
    if len(parts) != 2 or not all(dtypes.is_float(part.dtype) for part in parts):
        raise InputError(f"{owner}: wants two floating-point arrays, (real, imaginary)")
    if parts[0].shape != parts[1].shape:
        shapes = " and ".join(str(tuple(part.shape)) for part in parts)
        raise ShapeError(f"{owner}: real and imaginary part want the same shape, got {shapes}")
    return jax.lax.complex(*parts)


def _parts(x: Array) -> Pair:
    return jnp.real(x), jnp.imag(x)


__all__ = [
    "angle",
    "conj",
    "conjugate",
    "extract_sequences",
    "fft",
    "fft2",
    "ifft2",
    "imag",
    "irfft",
    "istft",
    "polar",
    "real",
    "rfft",
    "stft",
    "view_as_complex",
    "view_as_real",
]
lift(globals(), __all__)
