"""Spectrograms against Keras: values, kernels, shapes and configurations."""

import jax
import numpy as np
import pytest

from myelin import layers, variable

pytest.importorskip("keras")
pytestmark = pytest.mark.peer

RNG = np.random.default_rng(0)
SOUND = RNG.normal(size=(2, 90, 2)).astype("float32")

STFT = [
    {},
    {"mode": "magnitude", "padding": "same", "frame_step": 5},
    {"mode": "psd", "window": "hamming", "periodic": True, "scaling": "spectrum"},
    {"mode": "real", "window": None, "fft_length": 64},
    {"mode": "imag", "scaling": None, "expand_dims": True},
    {"mode": "stft", "data_format": "channels_first"},
    {"mode": "stft", "data_format": "channels_first", "expand_dims": True},
    {"mode": "magnitude", "expand_dims": True, "window": "blackman"},
]


@pytest.mark.parametrize("arguments", STFT, ids=[str(i) for i in range(len(STFT))])
def test_stft_spectrogram_is_keras(keras, arguments):
    arguments = {"frame_length": 20, "mode": "log", **arguments}
    x = SOUND.swapaxes(1, 2) if "data_format" in arguments else SOUND
    ours, theirs = (k.STFTSpectrogram(**arguments) for k in (layers, keras.layers))
    got, wanted = ours(x), theirs(x)
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=2e-5)
    for own, other in zip(ours.weights, theirs.weights, strict=True):
        assert (own.name, own.trainable) == (other.name, other.trainable)
        np.testing.assert_allclose(own, other.value, atol=5e-6)
    unknown = (None, *x.shape[1:])
    assert ours.compute_output_shape(unknown) == tuple(theirs.compute_output_shape(unknown))
    read = layers.STFTSpectrogram.from_config(theirs.get_config())
    back = keras.layers.STFTSpectrogram.from_config(ours.get_config())
    np.testing.assert_allclose(read(x), wanted, rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose(back(x), wanted, rtol=1e-5, atol=1e-6)


def test_the_angle_is_keras_where_there_is_something_to_measure(keras):
    ours, theirs = (k.STFTSpectrogram("angle", frame_length=16) for k in (layers, keras.layers))
    sizes = layers.STFTSpectrogram("magnitude", frame_length=16)(SOUND)
    difference = np.asarray(ours(SOUND)) - np.asarray(theirs(SOUND))
    turned = np.abs((difference + np.pi) % (2 * np.pi) - np.pi)
    assert turned[np.asarray(sizes) > 1e-2].max() < 1e-3


def test_gradients_of_the_kernels_are_keras(keras):
    ours, theirs = (k.STFTSpectrogram("magnitude", frame_length=16) for k in (layers, keras.layers))
    ours(SOUND), theirs(SOUND)
    variables = {v.name: v for v in ours.trainable_variables}

    def our_loss(values):
        with variable.bind(variables, values):
            return (ours(SOUND) ** 2).sum()

    def their_loss(values):
        return (theirs.stateless_call(values, [], SOUND)[0] ** 2).sum()

    got = jax.grad(our_loss)({name: v.value for name, v in variables.items()})
    wanted = jax.grad(their_loss)([v.value for v in theirs.trainable_variables])
    np.testing.assert_allclose(got["real_kernel"], wanted[0], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(got["imag_kernel"], wanted[1], rtol=1e-3, atol=1e-3)


MEL = [
    {},
    {"power_to_db": False, "mag_exp": 1.0, "window": "hamming", "sequence_length": 24},
    {"window": None, "sequence_length": 20, "ref_power": 2.0, "top_db": 20.0},
    {"min_freq": 100.0, "max_freq": 3000.0, "fft_length": 31, "power_to_db": False},
]


@pytest.mark.parametrize("arguments", MEL, ids=[str(i) for i in range(len(MEL))])
@pytest.mark.parametrize("shape", [(2, 100), (97,)])
def test_mel_spectrogram_is_keras(keras, arguments, shape):
    arguments = {"fft_length": 32, "sequence_stride": 12, "num_mel_bins": 6,
                 "sampling_rate": 8000, **arguments}  # fmt: skip
    x = RNG.normal(size=shape).astype("float32")
    ours, theirs = (k.MelSpectrogram(**arguments) for k in (layers, keras.layers))
    wanted = theirs(x)
    np.testing.assert_allclose(ours(x), wanted, rtol=1e-4, atol=1e-4)
    assert ours.compute_output_shape(shape) == wanted.shape
    read = layers.MelSpectrogram.from_config(theirs.get_config())
    back = keras.layers.MelSpectrogram.from_config(ours.get_config())
    np.testing.assert_allclose(read(x), wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(back(x), wanted, rtol=1e-5, atol=1e-5)


def test_custom_windows_are_taken(keras):
    window = np.linspace(0.1, 1.0, 16)
    arguments = {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4, "window": window}
    x = RNG.normal(size=(2, 60)).astype("float32")
    ours, theirs = (k.MelSpectrogram(**arguments) for k in (layers, keras.layers))
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-4)
