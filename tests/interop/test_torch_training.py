"""Trained further on both sides: the same losses, in either direction."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from myelin import Input, Sequential, layers, optimizers  # noqa: E402
from myelin.interop.torch import from_torch, to_torch  # noqa: E402

ROWS, BATCH, EPOCHS = 12, 4, 3
OPTIMIZERS = {
    "SGD": (lambda: optimizers.SGD(0.1), lambda weights: torch.optim.SGD(weights, 0.1)),
    "Adam": (
        lambda: optimizers.Adam(0.01, epsilon=1e-7),
        lambda weights: torch.optim.Adam(weights, 0.01, eps=1e-7),
    ),
}


def _mlp():
    return Sequential([Input((5,)), layers.Dense(8, "tanh"), layers.Dense(3)]), (5,)


def _cnn():
    network = [
        Input((6, 6, 2)),
        layers.Conv2D(4, 3, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.8),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(3),
    ]
    return Sequential(network), (6, 6, 2)


def _lstm():
    return Sequential([Input((5, 4)), layers.LSTM(6), layers.Dense(3)]), (5, 4)


def _gru_both_ways():
    network = [Input((5, 4)), layers.Bidirectional(layers.GRU(3)), layers.Dense(3)]
    return Sequential(network), (5, 4)


def _videos():
    network = [
        Input((3, 4, 4, 2)),
        layers.ConvLSTM2D(3, 2, strides=2, padding="same"),
        layers.SpectralNormalization(layers.Conv2D(4, 2, activation="tanh")),
        layers.Flatten(),
        layers.Dense(3),
    ]
    return Sequential(network), (3, 4, 4, 2)


def _sounds():
    network = [
        Input((40, 1)),
        layers.STFTSpectrogram(frame_length=8),
        layers.GlobalAveragePooling1D(),
        layers.Dense(3),
    ]
    return Sequential(network), (40, 1)


def _torch_mlp():
    return torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.GELU(), torch.nn.Linear(8, 3)), (5,)


def _torch_cnn():
    network = [
        torch.nn.Conv2d(2, 4, 3, stride=2, padding=1),
        torch.nn.BatchNorm2d(4, momentum=0.3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(36, 3),
    ]
    return torch.nn.Sequential(*network), (2, 6, 6)


class _LSTM(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(4, 6, batch_first=True)
        # Two biases that are added learn twice as fast as the one they are.
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.head = torch.nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class _Attending(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(4, 2, batch_first=True)
        self.norm = torch.nn.LayerNorm(4)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.norm(x + self.attention(x, x, x)[0]).mean(1))


def _data(shape):
    rng = np.random.default_rng(3)
    return rng.normal(size=(ROWS, *shape)).astype("f4"), rng.integers(0, 3, ROWS)


def _trained_here(model, optimizer, x, y):
    from myelin.losses import SparseCategoricalCrossentropy

    model.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True))
    told = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
    return told.history["loss"]


def _trained_there(module, optimizer, x, y):
    module.train()
    told = []
    for _ in range(EPOCHS):
        losses = []
        for start in range(0, ROWS, BATCH):
            rows = slice(start, start + BATCH)
            logits = module(torch.from_numpy(x[rows]))
            loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(y[rows]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        told.append(np.mean(losses))
    return told


@pytest.mark.parametrize(
    ("make", "optimizer"),
    [
        (_mlp, "Adam"), (_cnn, "SGD"), (_cnn, "Adam"), (_lstm, "SGD"), (_gru_both_ways, "Adam"),
        (_videos, "SGD"), (_sounds, "SGD"),
    ],
)  # fmt: skip
def test_a_model_trains_alike_in_torch(make, optimizer):
    model, shape = make()
    x, y = _data(shape)
    module = to_torch(model)
    ours, theirs = OPTIMIZERS[optimizer]
    learning = [weight for weight in module.parameters() if weight.requires_grad]
    there = _trained_there(module, theirs(learning), x, y)
    here = _trained_here(model, ours(), x, y)
    np.testing.assert_allclose(here, there, rtol=2e-4)
    assert here[-1] < here[0]


@pytest.mark.parametrize(
    ("make", "optimizer"),
    [(_torch_mlp, "SGD"), (_torch_cnn, "Adam"), (_LSTM, "Adam"), (_Attending, "SGD")],
)
def test_a_module_trains_alike_here(make, optimizer):
    torch.manual_seed(0)
    module, shape = (made, (5, 4)) if not isinstance(made := make(), tuple) else made
    x, y = _data(shape)
    model = from_torch(module, torch.from_numpy(x[:2]))
    ours, theirs = OPTIMIZERS[optimizer]
    here = _trained_here(model, ours(), x, y)
    there = _trained_there(module, theirs(module.parameters()), x, y)
    np.testing.assert_allclose(here, there, rtol=2e-4)
    assert here[-1] < here[0]


def test_moving_averages_differ_as_documented():
    # torch keeps the variance of a population estimated from the batch, Keras that of the batch.
    model = Sequential([Input((3,)), layers.BatchNormalization(momentum=0.9, name="norm")])
    module = to_torch(model).train()
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("f4")
    found = module(torch.from_numpy(x))
    wanted = model(x, training=True)
    np.testing.assert_allclose(found.detach().numpy(), wanted, atol=1e-5)
    norm, kept = model.layers[-1], module.norm
    np.testing.assert_allclose(kept.running_mean.numpy(), norm.moving_mean.numpy(), rtol=1e-5)
    ours, theirs = norm.moving_variance.numpy() - 0.9, kept.running_var.numpy() - 0.9
    np.testing.assert_allclose(theirs, ours * 5 / 4, rtol=1e-4)


def test_the_same_share_is_dropped():
    network = [Input((40, 50)), layers.Dropout(0.3), layers.SpatialDropout1D(0.5)]
    model = Sequential(network)
    module = to_torch(model).train()
    torch.manual_seed(0)
    y = module(torch.ones(64, 40, 50)).numpy()
    np.testing.assert_allclose(np.unique(y), [0, 1 / (0.7 * 0.5)], rtol=1e-6)
    whole_channels = (y == 0).all(1).mean()
    assert whole_channels == pytest.approx(0.5, abs=0.03)
    assert (y != 0).mean() == pytest.approx(0.7 * 0.5, abs=0.03)
    assert (module.eval()(torch.ones(2, 40, 50)) == 1).all()


def test_noise_is_there_in_training_alone():
    model = Sequential([Input((50,)), layers.GaussianNoise(0.3), layers.GaussianDropout(0.2)])
    module = to_torch(model)
    torch.manual_seed(0)
    y = module.train()(torch.ones(400, 50))
    spread = (0.3**2 * 1.25 + 0.25) ** 0.5
    assert y.mean().item() == pytest.approx(1, abs=0.02)
    assert y.std().item() == pytest.approx(spread, rel=0.03)
    assert (module.eval()(torch.ones(2, 50)) == 1).all()


def test_dropout_of_a_recurrent_layer_stays_for_all_steps():
    model = Sequential(
        [Input((6, 8)), layers.GRU(4, dropout=0.5, return_sequences=True, name="gru")]
    )
    module = to_torch(model).train()
    torch.manual_seed(0)
    factors = module.gru.dropout(torch.ones(3, 1, 8))
    assert set(factors.unique().tolist()) == {0.0, 2.0}
    torch.manual_seed(0)
    x = torch.randn(3, 6, 8)
    torch.manual_seed(0)
    found = module(x)
    torch.testing.assert_close(found, module.gru.rnn(x * factors)[0])


def test_what_torch_drops_in_training_is_dropped_here():
    attention = torch.nn.MultiheadAttention(4, 2, dropout=0.25, batch_first=True)
    lstm = torch.nn.LSTM(4, 4, 2, dropout=0.5, batch_first=True)

    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.lstm = attention, lstm

        def forward(self, x):
            y = self.attention(x, x, x, need_weights=False)[0]
            return torch.nn.functional.dropout(self.lstm(y)[0], 0.1, self.training)

    model = from_torch(Both(), torch.ones(2, 3, 4))
    assert sorted(step.rate for step in model.layers if isinstance(step, layers.Dropout)) == [
        0.1,
        0.25,
        0.5,
    ]
