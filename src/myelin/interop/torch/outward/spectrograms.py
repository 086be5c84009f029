"""Sound as an image of its frequencies, in torch."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from myelin import backend, layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.convolution import as_torch_pads
from myelin.kernels.geometry import geometry


def stft_spectrogram(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A convolution for the real parts and one for the imaginary ones."""
    first = layer.data_format == "channels_first"
    samples, channels = layer._split(b.shape(x))
    by_channel = x if first else x.transpose(1, 2)
    signals = by_channel.flatten(0, 1).unsqueeze(1)
    if layer.padding == "same":
        if samples is None:
            raise refused(layer, 'has padding="same", which pads by the number of samples, and '
                          "that is not known: give Input the size")  # fmt: skip
        how = geometry([samples], [layer.frame_length], [layer.step], "same", [1])
        signals = functional.pad(signals, as_torch_pads(how.padding))
    parts = [
        b.module(layer, functools.partial(_side, b, layer, side), side)(signals)
        for side in layer._sides()
    ]
    y = _read(layer, *parts).unflatten(0, (-1, channels))
    # (batch, channels, frequencies, frames) by now.
    if layer.expand_dims:
        return y.transpose(2, 3) if first else y.permute(0, 3, 2, 1)
    y = y.flatten(1, 2)
    return y if first else y.transpose(1, 2)


def _side(b: Building, layer: Any, side: str) -> nn.Module:
    kernel = getattr(layer, f"{side}_kernel")
    made = nn.Conv1d(
        1, kernel.shape[-1], layer.frame_length, layer.step, bias=False, device="meta"
    )  # fmt: skip
    return b.filled(made, weight=b.tensor(kernel, lambda k: np.moveaxis(k, -1, 0).swapaxes(1, 2)))


def _read(layer: Any, real: Proxy, imag: Any = None) -> Proxy:
    """What the mode wants of the parts, `(signals, frequencies, frames)`."""
    if imag is None:
        return real
    if layer.mode == "stft":
        return torch.cat([real, imag], 1)
    if layer.mode == "angle":
        return torch.atan2(imag, real)
    power = real * real + imag * imag
    if layer.mode == "psd":
        # All but the first and the last stand for a negative frequency as well.
        return torch.cat([power[:, :1], power[:, 1:-1] * 2, power[:, -1:]], 1)
    least = backend.epsilon()
    magnitude = power.clamp(min=least).sqrt()
    return magnitude if layer.mode == "magnitude" else magnitude.clamp(min=least).log()


def mel_spectrogram(b: Building, layer: Any, x: Proxy) -> Proxy:
    """Powers of the frequencies of each frame, in bands, in decibels."""
    samples, half = b.shape(x)[-1], layer.fft_length // 2
    if len(b.shape(x)) != 2 or (samples is not None and samples <= half):
        raise refused(layer, f"mirrors {half} samples at each end, which torch does for signals "
                      "(batch, samples) of more")  # fmt: skip
    x = functional.pad(b.floats(x), (half, half), "reflect")
    window = b.parameter(layer, "window", layer._window.astype("f4"))
    parts = torch.fft.rfft(x.unfold(-1, layer.fft_length, layer.sequence_stride) * window)
    power = parts.real**2 + parts.imag**2
    loud = power if layer.mag_exp == 2 else power ** (layer.mag_exp / 2)
    y = loud @ b.parameter(layer, "bands", layer._bands.astype("f4"))
    if layer.power_to_db:
        reference = float(np.log10(max(abs(layer.ref_power), layer.min_power)))
        y = 10 * (y.clamp(min=layer.min_power).log10() - reference)
        y = torch.maximum(y, y.amax((0, 1, 2), True) - layer.top_db)
    return y.transpose(-1, -2)


LAYERS = {
    layers.STFTSpectrogram: stft_spectrogram,
    layers.MelSpectrogram: mel_spectrogram,
}
