"""STFTSpectrogram and MelSpectrogram: sound as an image of its frequencies over time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import backend, initializers, ops
from myelin.errors import InputError, ShapeError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape, positive_int

Array = jax.Array

MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """The short-time Fourier transform of signals, as a convolution whose kernels can be trained.

    Args:
        mode: what comes out: `"magnitude"` of each frequency, its `"log"`, the power spectral
            density `"psd"`, the `"real"` or the `"imag"` part, the `"angle"`, or `"stft"`: both
            parts, one behind the other.
        frame_length: samples a frame.
        frame_step: samples between frames, 1 to `frame_length`; half of that when None.
        fft_length: how finely frequencies are told apart, `frame_length` or more; the next power of
            two when None.
        window: a name that `scipy.signal.get_window` knows, the `frame_length` values, or None.
        periodic: a periodic window in the place of a symmetric one.
        scaling: `"density"` divides by the window's L2 norm, `"spectrum"` by its sum; None: 1.
        padding: `"valid"`, or `"same"` for frames that reach beyond both ends.
        expand_dims: whether frequencies get an axis of their own.
        data_format: `"channels_last"` (None) or `"channels_first"`.

    Shapes: x `(batch, samples, channels)`, y `(batch, frames, channels · frequencies)`, with
    `expand_dims` `(batch, frames, frequencies, channels)`; with the channels first
    `(batch, channels, samples)`, `(batch, channels · frequencies, frames)` and
    `(batch, channels, frames, frequencies)`. There are `fft_length // 2 + 1` frequencies.

    Raises:
        InputError: an argument out of range.
        ShapeError: x of another number of axes, or shorter than a frame.

    The kernels train unless the layer is made with `trainable=False`.
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.frame_length = positive_int(frame_length, "STFTSpectrogram", "frame_length")
        self.frame_step, self.fft_length = frame_step, fft_length
        self.step = max(1, self.frame_length // 2) if frame_step is None else frame_step
        self.points = fft_length or 1 << (self.frame_length - 1).bit_length()
        if not 1 <= self.step <= self.frame_length:
            raise _wants("frame_step", f"1 to {self.frame_length}, the frame_length", frame_step)
        if self.points < self.frame_length:
            raise _wants("fft_length", f"the frame_length {self.frame_length} or more", fft_length)
        known = {
            "mode": MODES,
            "padding": ("valid", "same"),
            "data_format": (None, "channels_last", "channels_first"),
        }
        for name, given in (("mode", mode), ("padding", padding), ("data_format", data_format)):
            if given not in known[name]:
                raise _wants(name, f"one of {', '.join(map(str, known[name]))}", given)
        self.mode, self.padding = mode, padding
        self.data_format = data_format or "channels_last"
        self.window, self.periodic, self.scaling = window, periodic, scaling
        self.expand_dims = expand_dims
        # Its complaints about window and scaling come here, not with the first data.
        self._initializers = {
            side: initializers.STFT(side, window, scaling, periodic) for side in ("real", "imag")
        }

    def build(self, input_shape: Shape) -> None:
        """Makes the kernels: cosines and sines under the window."""
        self._split(input_shape)
        shape = (self.frame_length, 1, self.points // 2 + 1)
        for side in self._sides():
            kernel = self.add_weight(shape, self._initializers[side], name=f"{side}_kernel")
            setattr(self, f"{side}_kernel", kernel)

    def _sides(self) -> tuple[str, ...]:
        return (self.mode,) if self.mode in ("real", "imag") else ("real", "imag")

    def _split(self, input_shape: Shape) -> tuple[int | None, int]:
        """How many samples and channels there are."""
        if len(input_shape) != 3:
            raise self.wants("signals (batch, samples, channels)", input_shape)
        first = self.data_format == "channels_first"
        samples, channels = input_shape[2 if first else 1], input_shape[1 if first else 2]
        if channels is None:
            raise self.wants("signals with the channels known", input_shape)
        if samples is not None and self.padding == "valid" and samples < self.frame_length:
            raise self.wants(f"signals of {self.frame_length} samples or more", input_shape)
        return samples, channels

    def call(self, inputs: Array) -> Array:
        """The spectrogram."""
        _, channels = self._split(inputs.shape)
        by_channel = inputs if self.data_format == "channels_first" else inputs.swapaxes(1, 2)
        signals = by_channel.reshape(-1, by_channel.shape[-1], 1)
        kernels = [getattr(self, f"{side}_kernel").value for side in self._sides()]
        kernel = jnp.concatenate(kernels, axis=-1).astype(signals.dtype)
        # Frames, then frequencies: real parts before imaginary ones.
        y = ops.conv(signals, kernel, self.step, self.padding)
        y = self._read(y).reshape(-1, channels, y.shape[1], self._frequencies())
        if self.expand_dims:
            return y if self.data_format == "channels_first" else y.transpose(0, 2, 3, 1)
        if self.data_format == "channels_first":
            return y.swapaxes(2, 3).reshape(y.shape[0], -1, y.shape[2])
        return y.swapaxes(1, 2).reshape(y.shape[0], y.shape[2], -1)

    def _frequencies(self) -> int:
        return (self.points // 2 + 1) * (2 if self.mode == "stft" else 1)

    def _read(self, y: Array) -> Array:
        """What `mode` wants of the parts."""
        if self.mode in ("real", "imag", "stft"):
            return y
        real, imag = jnp.split(y, 2, axis=-1)
        if self.mode == "angle":
            return jnp.arctan2(imag, real)
        power = real**2 + imag**2
        if self.mode == "psd":
            # All but the first and the last stand for a negative frequency as well.
            return power.at[..., 1:-1].multiply(2)
        least = backend.epsilon()
        magnitude = jnp.sqrt(jnp.maximum(power, least))
        return magnitude if self.mode == "magnitude" else jnp.log(jnp.maximum(magnitude, least))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the spectrogram; see the class."""
        samples, channels = self._split(input_shape)
        frames = None
        if samples is not None:
            beyond = self.frame_length - 1 if self.padding == "valid" else 0
            frames = -(-(samples - beyond) // self.step)
        batch, frequencies = input_shape[0], self._frequencies()
        first = self.data_format == "channels_first"
        if self.expand_dims:
            last = (channels, frames, frequencies) if first else (frames, frequencies, channels)
            return (batch, *last)
        both = channels * frequencies
        return (batch, both, frames) if first else (batch, frames, both)


class MelSpectrogram(Layer):
    """How loud each band of frequencies is over time, in bands as wide as the ear tells them apart.

    The magnitudes of a short-time Fourier transform, to the power of `mag_exp`, weighted by
    triangles that are evenly spaced on the mel scale, `1127 · ln(1 + f / 700)`, and in decibels.

    Args:
        fft_length: how finely frequencies are told apart.
        sequence_stride: samples between frames.
        sequence_length: samples a frame, up to `fft_length`, which it is when None.
        window: `"hann"`, `"hamming"`, the values, or None.
        sampling_rate: samples a second.
        num_mel_bins: how many bands there are.
        min_freq, max_freq: where they begin and end, in hertz; half the sampling rate when None.
        power_to_db: whether it comes in decibels, `10 · log10(y / ref_power)`.
        top_db: how far below the loudest of the batch anything lies at most, in decibels.
        mag_exp: 1 for magnitudes, 2 for powers.
        min_power: the least power.
        ref_power: the power of 0 decibels.

    Shapes: x `(samples,)` or `(batch, samples)`, y `(…, num_mel_bins, 1 + samples //
    sequence_stride)`; frames are centred, and the signal is mirrored at both ends.

    Raises:
        InputError: an argument out of range.
        ShapeError: x of another number of axes, or a window of another length.
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = "MelSpectrogram"
        self.fft_length = positive_int(fft_length, owner, "fft_length")
        self.sequence_stride = positive_int(sequence_stride, owner, "sequence_stride")
        self.sequence_length = positive_int(sequence_length or fft_length, owner, "sequence_length")
        if self.sequence_length > self.fft_length:
            raise InputError(
                f"{owner}: sequence_length wants at most the fft_length {fft_length}, got "
                f"{sequence_length}"
            )
        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = positive_int(num_mel_bins, owner, "num_mel_bins")
        self.min_freq, self.max_freq = min_freq, max_freq or sampling_rate // 2
        self.power_to_db, self.top_db = power_to_db, top_db
        self.mag_exp, self.min_power, self.ref_power = mag_exp, min_power, ref_power
        self._window = _window_of(window, self.sequence_length, self.fft_length)
        self._bands = _mel_bands(
            self.num_mel_bins, self.fft_length // 2 + 1, sampling_rate, min_freq, self.max_freq
        )

    def call(self, inputs: Array) -> Array:
        """The spectrogram."""
        self.compute_output_shape(inputs.shape)
        dtype = jnp.promote_types(inputs.dtype, jnp.float32)
        x = inputs.astype(dtype)
        half = self.fft_length // 2
        x = jnp.pad(x, [*[(0, 0)] * (x.ndim - 1), (half, half)], mode="reflect")
        frames = (x.shape[-1] - self.fft_length) // self.sequence_stride + 1
        rows = np.arange(frames)[:, None] * self.sequence_stride + np.arange(self.fft_length)
        parts = jnp.fft.rfft(x[..., rows] * self._window.astype(dtype))
        # Not by way of the magnitude, whose slope at 0 is infinite.
        loud = (parts.real**2 + parts.imag**2) ** (self.mag_exp / 2)
        y = loud @ self._bands.astype(dtype)
        if self.power_to_db:
            reference = np.log10(max(abs(self.ref_power), self.min_power))
            y = 10 * (jnp.log10(jnp.maximum(y, self.min_power)) - reference)
            y = jnp.maximum(y, y.max() - self.top_db)
        return y.swapaxes(-1, -2).astype(self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(…, num_mel_bins, frames)`."""
        if len(input_shape) not in (1, 2):
            raise self.wants("signals (samples,) or (batch, samples)", input_shape)
        *batch, samples = input_shape
        frames = None if samples is None else 1 + self._spare(samples) // self.sequence_stride
        return (*batch, self.num_mel_bins, frames)

    def _spare(self, samples: int) -> int:
        """How many samples frames can move over; an odd frame takes one less on each side."""
        return samples - self.fft_length % 2


def _wants(argument: str, wanted: str, given: Any) -> InputError:
    return InputError(f"STFTSpectrogram: {argument} wants {wanted}, got {given!r}")


def _window_of(window: Any, length: int, points: int) -> np.ndarray:
    """The window in the middle of `points`, so scaled that a constant keeps its size."""
    names = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}
    if window is None:
        return np.ones(points)
    if isinstance(window, str):
        if window not in names:
            raise InputError(f'MelSpectrogram: window wants "hann" or "hamming", got {window!r}')
        base, swing = names[window]
        values = base - swing * np.cos(2 * np.pi * np.arange(length) / length)
    else:
        values = np.asarray(window, float)
        if values.shape != (length,):
            raise ShapeError(
                f"MelSpectrogram: the window wants shape ({length},), got {values.shape}"
            )
    before = (points - length) // 2
    return np.pad(values, (before, points - length - before))


def _mel_bands(
    bands: int, frequencies: int, sampling_rate: float, lowest: float, highest: float
) -> np.ndarray:
    """The weight of each frequency in each band, `(frequencies, bands)`; the first, 0, has none."""

    def mel(hertz: Any) -> Any:
        return 1127.0 * np.log(1 + hertz / 700.0)

    points = mel(np.linspace(0, sampling_rate / 2, frequencies))[1:, None]
    edges = np.linspace(mel(lowest), mel(highest), bands + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (points - low) / (middle - low), (high - points) / (high - middle)
    weights = np.maximum(0, np.minimum(rising, falling))
    return np.pad(weights, ((1, 0), (0, 0)))
