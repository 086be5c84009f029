"""Layers that torch has no module for, written out in its functions: all their arguments."""

import io

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from myelin import Input, Model, Sequential, layers, ops  # noqa: E402
from myelin.errors import InputError  # noqa: E402
from myelin.interop.torch import to_torch  # noqa: E402
from tests.interop.torch_differences import computed, difference, outputs_of  # noqa: E402

RNG = np.random.default_rng(7)


def drawn(*shape):
    return RNG.normal(size=shape).astype("f4")


def one(layer, x):
    """How far a layer is from its module, on an array."""
    model = Sequential([Input(x.shape[1:], dtype=str(x.dtype)), layer])
    return difference(model, to_torch(model), x)


@pytest.mark.parametrize(
    "arguments",
    [
        {"return_sequences": True, "go_backwards": True, "padding": "same", "strides": 2},
        {"dilation_rate": 2, "activation": "relu", "recurrent_activation": "hard_sigmoid"},
        {"data_format": "channels_first", "return_sequences": True, "use_bias": False},
        {"data_format": "channels_first", "dropout": 0.5, "recurrent_dropout": 0.5},
    ],
)
def test_conv_lstm(arguments):
    assert one(layers.ConvLSTM1D(3, 2, **arguments), drawn(2, 3, 5, 4)) < 1e-6


def test_states_and_masks_of_conv_lstm():
    x, mask = Input((4, 5, 2)), Input((4,), dtype="bool")
    start = [Input((4, 3)), Input((4, 3))]
    layer = layers.ConvLSTM1D(3, 2, return_sequences=True, return_state=True)
    model = Model([x, mask, *start], layer(x, initial_state=start, mask=mask))
    counts = np.array([[1, 0, 1, 1], [0, 1, 1, 0]], bool)
    given = [drawn(2, 4, 5, 2), counts, drawn(2, 4, 3), drawn(2, 4, 3)]
    assert difference(model, to_torch(model), given) < 1e-6


def test_each_gate_of_conv_lstm_drops_other_channels():
    layer = layers.ConvLSTM1D(1, 1, activation="linear", recurrent_activation="linear",
                              dropout=0.5, name="wave")  # fmt: skip
    model = Sequential([Input((1, 1, 1)), layer])
    layer.cell.kernel.assign([[[1.0, 1.0, 1.0, 1.0]]])
    layer.cell.bias.assign([1.0, 0.0, 0.0, 1.0])
    module = to_torch(model).train()
    torch.manual_seed(0)
    found = module(torch.ones(4000, 1, 1, 1)).detach().numpy().ravel()
    # o · i · c, each with its own factor of 0 or 2 of x: (1 + 2d)(2d)(1 + 2d).
    values, counts = np.unique(found, return_counts=True)
    np.testing.assert_allclose(values, [0, 2, 6, 18], atol=1e-6)
    np.testing.assert_allclose(counts / 4000, [1 / 2, 1 / 8, 1 / 4, 1 / 8], atol=0.03)
    here = np.asarray(model(np.ones((4000, 1, 1, 1), "f4"), training=True))
    assert found.mean() == pytest.approx(here.mean(), rel=0.08)


@pytest.mark.parametrize("mode", ["log", "magnitude", "psd", "real", "imag", "angle", "stft"])
def test_stft_spectrograms(mode):
    how = len(mode) % 2 == 0
    layer = layers.STFTSpectrogram(
        mode, 8, 3, 16, padding="same" if how else "valid", expand_dims=mode in ("psd", "imag"),
        data_format="channels_first" if mode in ("angle", "imag") else None,
    )  # fmt: skip
    assert one(layer, drawn(2, 20, 20)) < 1e-5


@pytest.mark.parametrize(
    "arguments",
    [{}, {"top_db": 20.0, "ref_power": 0.5}, {"power_to_db": False, "mag_exp": 1.0}],
)
def test_mel_spectrograms(arguments):
    layer = layers.MelSpectrogram(64, 16, 48, num_mel_bins=8, sampling_rate=4000, **arguments)
    # The second is so much louder that it says how quiet the first may be.
    sound = drawn(2, 200) * np.array([[0.001], [1.0]], "f4")
    assert one(layer, sound) < 1e-5


def test_signals_of_too_few_samples_for_torch():
    model = Sequential([Input((30,)), layers.MelSpectrogram(64, 16, num_mel_bins=4)])
    with pytest.raises(InputError, match="mirrors 32 samples at each end"):
        to_torch(model)


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_categories(mode):
    numbers = np.array([[0, 3, 3], [5, -1, 1]], "int32")
    assert one(layers.CategoryEncoding(4, mode), numbers) == 0
    assert one(layers.CategoryEncoding(4, mode), numbers[:, :1]) == 0
    # On a boundary, between, beyond, and no number at all.
    x = np.array([[-0.5, 0.0, 7.0], [1.0, -9.0, np.nan]], "f4")
    assert one(layers.Discretization([-0.5, 1.0], output_mode=mode), x) == 0
    assert one(layers.Discretization([-0.5, 1.0]), x) == 0


def test_counts_with_weights():
    numbers, weights = Input((3,), dtype="int32"), Input((3,))
    model = Model([numbers, weights], layers.CategoryEncoding(4, "count")(numbers, weights))
    given = [np.array([[0, 3, 3], [1, 1, 2]], "int32"), drawn(2, 3)]
    assert difference(model, to_torch(model), given) < 1e-6


@pytest.mark.parametrize(
    "make",
    [
        lambda: (layers.Dense(3, "tanh"), drawn(4, 5)),
        lambda: (layers.Conv2D(3, 2, padding="same"), drawn(2, 4, 4, 2)),
        lambda: (layers.Conv1DTranspose(2, 3, strides=2), drawn(2, 4, 3)),
        lambda: (layers.Embedding(6, 3), np.array([[1, 2], [5, 0]], "int32")),
    ],
)
def test_spectral_normalization_in_training(make):
    inner, x = make()
    layer = layers.SpectralNormalization(inner, power_iterations=2, name="normal")
    model = Sequential([Input(x.shape[1:], dtype=str(x.dtype)), layer])
    module = to_torch(model)
    assert difference(model, module, x) < 1e-6
    before = module.normal.vector_u.clone()
    module.eval()(torch.from_numpy(x))
    assert (module.normal.vector_u == before).all()
    found = module.train()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(found, model(x, training=True), atol=1e-5)
    np.testing.assert_allclose(module.normal.vector_u, layer.vector_u.numpy(), atol=1e-5)


def test_spectral_normalization_of_zeros_and_of_other_layers():
    layer = layers.SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"), name="normal")
    model = Sequential([Input((3,)), layer])
    module = to_torch(model).train()
    assert (module(torch.ones(1, 3)) == 0).all()
    np.testing.assert_array_equal(module.normal.vector_u, layer.vector_u.numpy())
    deep = layers.SpectralNormalization(layers.DepthwiseConv2D(2), name="deep")
    with pytest.raises(InputError, match='"deep" divides the kernel of a DepthwiseConv2D'):
        to_torch(Sequential([Input((3, 3, 1)), deep]))


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_tones(order):
    x = drawn(2, 6, 7, 3) * 60 + 120
    x[1, ..., 0] = 9.0
    x = x if order == "channels_last" else np.moveaxis(x, -1, 1)
    adapted = layers.ContrastLimitedAdaptiveHistogramEqualization
    assert one(layers.AutoContrast(data_format=order), x) < 1e-6
    assert one(adapted(clip_limit=0, tile_grid_size=(4, 2), data_format=order), x) < 1e-5
    assert one(adapted(tile_grid_size=(2, 5), data_format=order), x) < 1e-5


@pytest.mark.parametrize("size", [(4, 5), (6, 6), (9, 3)])
def test_what_is_cropped_in_inference(size):
    assert one(layers.RandomCrop(*size), drawn(2, 6, 6, 3)) < 1e-6
    assert one(layers.RandomCrop(*size, data_format="channels_first"), drawn(2, 3, 6, 6)) < 1e-6


def _augmented():
    return Sequential(
        [
            Input((6, 6, 3), dtype="uint8"),
            layers.Pipeline(
                [layers.RandomFlip(name="flip"), layers.RandomZoom(0.1, name="zoom")], "both"
            ),
            layers.RandomContrast(0.3, name="contrast"),
            layers.Conv2D(2, 3, name="edges"),
            layers.GlobalAveragePooling2D(),
        ]
    )


def test_augmentation_is_of_inference_alone():
    model = _augmented()
    module = to_torch(model)
    x = RNG.integers(0, 256, (2, 6, 6, 3)).astype("uint8")
    assert difference(model, module, x) < 1e-6
    images = torch.from_numpy(x)
    with pytest.raises(RuntimeError, match='RandomFlip "flip" changes images in training'):
        module.train()(images)
    # As the error says.
    for name in ("both.flip", "both.zoom"):
        module.get_submodule(name).eval()
    with pytest.raises(RuntimeError, match=r'"contrast".*get_submodule\("contrast"\).eval\(\)'):
        module(images)
    module.contrast.eval()
    module(images).sum().backward()
    assert module.edges.weight.grad.abs().sum() > 0


def test_augmented_modules_go_through_files():
    model = _augmented()
    buffer = io.BytesIO()
    torch.save(to_torch(model), buffer)
    buffer.seek(0)
    module = torch.load(buffer, weights_only=False)
    x = RNG.integers(0, 256, (2, 6, 6, 3)).astype("uint8")
    with pytest.raises(RuntimeError, match='"flip" changes images'):
        module(torch.from_numpy(x))
    assert difference(model, module, x) < 1e-6
    assert list(module.state_dict()) == ["edges.weight", "edges.bias"]


def test_augmentation_that_cannot_go():
    x = Input((6, 6, 3))
    always = Model(x, layers.RandomFlip(name="always")(x, training=True))
    with pytest.raises(InputError, match='"always" is called with training=True'):
        to_torch(always)
    never = Model(x, layers.RandomFlip(name="never")(x, training=False))
    images = drawn(2, 6, 6, 3)
    np.testing.assert_array_equal(to_torch(never).train()(torch.from_numpy(images)), images)
    labels = Input((2,))
    for layer in (layers.MixUp(name="both"), layers.Pipeline([layers.MixUp()], "both")):
        both = layer({"images": x, "labels": labels})
        with pytest.raises(InputError, match='"both" is called with more than images'):
            to_torch(Model([x, labels], both["images"]))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: layers.IntegerLookup(vocabulary=[1, 2]), "computes on the host"),
        (lambda: layers.JaxLayer(lambda params, inputs: inputs, params={}), "over jax arrays"),
        (lambda: layers.ConvLSTM1D(2, 2, stateful=True), "is stateful"),
    ],
)
def test_what_stays_refused_says_why(make, why):
    shape = (2, 3, 4, 2) if "Conv" in type(layer := make()).__name__ else (2, 3)
    with pytest.raises(InputError, match=why):
        to_torch(Sequential([Input(batch_shape=shape), layer]))


class Constants(layers.Layer):
    def call(self, x):
        for number in range(4):
            x = x * np.full((3,), 1 + number, "f4") + np.full((3,), number, "f4")
        return ops.tanh(x / 50)


def test_constants_of_one_layer_do_not_mix():
    model = Sequential([Input((3,)), Constants()])
    x = drawn(2, 3)
    np.testing.assert_allclose(outputs_of(to_torch(model), x), computed(model, x), atol=1e-6)
