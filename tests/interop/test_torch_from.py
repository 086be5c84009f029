"""Modules of torch's as models: their layers, their layouts, and what is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
nn = torch.nn

from myelin import Sequential, layers, saving  # noqa: E402
from myelin.errors import InputError  # noqa: E402
from myelin.interop.torch import from_torch, to_torch  # noqa: E402
from tests.interop.torch_differences import computed, outputs_of, relative  # noqa: E402


def _both_ways(module, example, atol=2e-6):
    """The model of a module; outputs are compared there, here, and back again."""
    torch.manual_seed(0)
    with torch.no_grad():
        for _, weight in [*module.named_parameters(), *module.named_buffers()]:
            if weight.is_floating_point():
                weight.add_(torch.rand_like(weight) * 0.3)
    model = from_torch(module, torch.from_numpy(example))
    # Another number of examples than the model was read with.
    x = np.concatenate([example, example[:1]])
    wanted = outputs_of(module.eval(), x)
    for found in (computed(model, x), outputs_of(to_torch(model).eval(), x)):
        assert [y.shape for y in found] == [y.shape for y in wanted]
        for one, other in zip(wanted, found, strict=True):
            assert relative(one, other) < atol
    return model


def _normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("f4")


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(8, eps=1e-3, momentum=0.2)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.inner = nn.Conv2d(8, 8, 3, padding=1, groups=4)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.pool(self.relu(self.norm(self.stem(x))))
        y = self.inner(x)
        y += x
        y = torch.nn.functional.adaptive_avg_pool2d(self.relu(y), 1)
        return self.head(torch.flatten(y, 1))


def test_a_residual_network():
    model = _both_ways(Residual(), _normal(2, 3, 16, 16))
    assert type(model).__name__ == "Functional"
    assert model.input_shape == (None, 3, 16, 16)
    norm = model.get_layer("norm")
    assert (norm.momentum, norm.epsilon, norm.axis) == (pytest.approx(0.8), 1e-3, 1)
    assert {"stem", "norm", "relu", "inner", "head"} <= {layer.name for layer in model.layers}


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(10, 6, padding_idx=0)
        self.places = nn.Parameter(torch.zeros(1, 6, 6))
        self.first = nn.Parameter(torch.zeros(1, 1, 6))
        layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 1)
        self.read = nn.GRU(6, 4, batch_first=True, bidirectional=True)

    def forward(self, words):
        x = torch.cat([self.first.expand(words.shape[0], -1, -1), self.words(words)], 1)
        y, last = self.read(self.encoder(x + self.places))
        return y, last[-1] + last[0]


def test_a_transformer_and_a_recurrent_network(tmp_path):
    words = np.random.default_rng(0).integers(0, 10, (3, 5))
    model = _both_ways(Words(), words, atol=1e-5)
    assert any(isinstance(layer, layers.Bidirectional) for layer in model.layers)
    # Weights outside of any layer are kept with the others.
    saving.save_model(model, tmp_path / "m.myelin")
    again = saving.load_model(tmp_path / "m.myelin")
    assert [w.path for w in again.weights] == [w.path for w in model.weights]
    for kept, given in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(kept.numpy(), given.numpy())


def test_a_sequential_of_many_layers():
    module = nn.Sequential(
        nn.Conv2d(1, 4, 5, padding=2, padding_mode="reflect"), nn.GELU(), nn.AvgPool2d(2),
        nn.ConvTranspose2d(4, 3, 3, 2, 1, output_padding=1), nn.LeakyReLU(0.1),
        nn.InstanceNorm2d(3, affine=True), nn.GroupNorm(3, 3), nn.PReLU(3), nn.Dropout2d(0.2),
        nn.Upsample(scale_factor=2), nn.AdaptiveMaxPool2d(3), nn.Hardtanh(), nn.Flatten(),
        nn.Linear(27, 8), nn.LayerNorm(8), nn.SiLU(), nn.Dropout(0.1), nn.Softmax(-1),
    )  # fmt: skip
    model = _both_ways(module, _normal(2, 1, 8, 8), atol=1e-5)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Dropout") == kinds.count("SpatialDropout2D") == 1


def test_a_plain_row_is_a_sequential():
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2))
    model = _both_ways(module, _normal(2, 3, 4))
    assert isinstance(model, Sequential)
    assert [layer.name for layer in model.layers] == ["0", "1", "2", "3"]


def test_one_dimension_and_three():
    row = nn.Sequential(nn.Conv1d(2, 4, 3, dilation=2), nn.BatchNorm1d(4), nn.MaxPool1d(2))
    _both_ways(row, _normal(2, 2, 12))
    volume = nn.Sequential(nn.Conv3d(2, 3, 2, stride=(1, 2, 1)), nn.AvgPool3d(2), nn.Flatten())
    _both_ways(volume, _normal(2, 2, 4, 5, 4))


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True),
        lambda: nn.RNN(3, 4, nonlinearity="relu", batch_first=True, bias=False),
        lambda: nn.GRU(3, 4, batch_first=True),
    ],
)
def test_recurrent_modules_with_their_states(make):
    _both_ways(make(), _normal(3, 5, 3))


class Steps(nn.Module):
    """Reads steps first, as torch does by default, and begins with states of its own."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4)
        self.start = nn.Linear(3, 4)

    def forward(self, x):
        h = torch.tanh(self.start(x.mean(1))).unsqueeze(0)
        y, (_, c) = self.lstm(x.transpose(0, 1), (h, torch.zeros_like(h)))
        return y.permute(1, 0, 2), c[-1]


def test_steps_first_and_states_given():
    _both_ways(Steps(), _normal(3, 5, 3))
    with pytest.raises(InputError, match="batch_first=True"):
        from_torch(nn.LSTM(3, 4), torch.ones(5, 2, 3))


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, kdim=4, vdim=6, batch_first=True)

    def forward(self, x):
        later = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
        y, weights = self.attention(x, x[..., :4], x[..., 2:], attn_mask=later)
        z = torch.nn.functional.scaled_dot_product_attention(y, x, x, is_causal=True)
        return z, weights


def test_attention_with_masks_and_other_sizes():
    _both_ways(Masked(), _normal(2, 5, 8))


FUNCTIONS = {
    "sums": lambda x: x.mean(1) + x.sum((1,)) / 3 - x.amax(1) + x.std(1) * x.var(1, False),
    "cuts": lambda x: torch.cat([x[:, ::2], x.narrow(1, 0, 1), x.chunk(3, 1)[2]], 1)[..., :-1],
    "shapes": lambda x: x.view(x.size(0), -1).unflatten(1, (2, 6)).transpose(1, 2).squeeze(1),
    "choices": lambda x: torch.where(x > 0, x, x.exp() - 1).masked_fill(x < -1, -1.0),
    "products": lambda x: torch.einsum("bij,bkj->bik", x, x) @ torch.bmm(x, x.transpose(1, 2)),
    "numbers": lambda x: (2 - x.abs()).clamp(min=0.1).sqrt() ** 3 / x.sigmoid() + 1 / x,
    "places": lambda x: x.gather(1, x.argsort(1)) + x.sort(1)[0] + x.max(1, keepdim=True)[0],
    "pads": lambda x: torch.nn.functional.pad(x, (1, -1, 2, 0)).flip(1).roll((1,), (1,)),
    "masks": lambda x: (x > 0).cumsum(1).float() * torch.ones(4).cumsum(0),
    "copies": lambda x: x.repeat(1, 2, 1) + x.unsqueeze(2).expand(-1, -1, 2, -1).flatten(1, 2),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    class Of(nn.Module):
        def forward(self, x):
            return FUNCTIONS[name](x)

    _both_ways(Of(), _normal(3, 3, 4), atol=1e-5)


def test_padding_never_learns():
    module = nn.Sequential(nn.Embedding(4, 2, padding_idx=1))
    model = from_torch(module, torch.tensor([[0, 1], [2, 3]]))
    before = model.get_weights()[0].copy()
    model.compile("sgd", "mse")
    model.fit(np.array([[0, 1], [1, 2]]), np.ones((2, 2, 2), "f4"), verbose=0)
    changed = (model.get_weights()[0] != before).any(1)
    assert changed.tolist() == [True, False, True, False]


def test_frozen_weights_stay_frozen():
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    module[0].requires_grad_(False)
    model = from_torch(module, torch.ones(2, 3))
    assert [layer.trainable for layer in model.layers] == [False, True]


def test_the_module_stays_as_it_was():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    module[2].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    model = from_torch(module, torch.ones(1, 3))
    assert [part.training for part in module] == [True, True, False]
    model.layers[0].kernel.assign(np.zeros((3, 4)))
    assert all((value == before[name]).all() for name, value in module.state_dict().items())


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 3)
        self.words = nn.Embedding(5, 3)
        self.scores = nn.Linear(3, 5, bias=False)

    def forward(self, x):
        return self.one(torch.relu(self.one(x)))


class Tied(Shared):
    def forward(self, x):
        return torch.nn.functional.linear(self.words(x), self.words.weight)


class Noisy(Shared):
    def forward(self, x):
        return self.one(x + torch.randn_like(x))


class Always(Shared):
    def forward(self, x):
        return torch.nn.functional.dropout(self.one(x), 0.5)


def test_a_layer_that_is_called_twice_is_one():
    model = _both_ways(Shared(), _normal(2, 3))
    assert len(model.weights) == 2


def test_what_myelin_cannot_have_is_refused_by_name():
    x = torch.ones(2, 3)
    refused = {
        "shares its weight words.weight": (Tied(), torch.ones(2, 3, dtype=torch.int64)),
        "aten.randn_like": (Noisy(), x),
        "drops also when the module does not train": (Always(), x),
        r'in "0" \(MaxPool2d\) has ceil_mode=True': (
            nn.Sequential(nn.MaxPool2d(2, ceil_mode=True)), torch.ones(2, 1, 5, 5),
        ),
        r'in "0" \(BatchNorm1d\) takes the mean of the batch': (
            nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False)), x,
        ),
        "proj_size": (nn.LSTM(3, 4, proj_size=2, batch_first=True), torch.ones(2, 5, 3)),
        "padding out of the mean": (
            nn.AvgPool2d(3, 2, 1, count_include_pad=False), torch.ones(2, 1, 6, 6),
        ),
        "wants an nn.Module": ("module", x),
        "cannot follow Linear": (nn.Linear(4, 2), x),
    }  # fmt: skip
    for why, (module, example) in refused.items():
        with pytest.raises(InputError, match=f"from_torch.*{why}"):
            from_torch(module, example)


class InPlace(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, x):
        return self.change(x * 2)


def _read_after(y):
    y.add_(1).mul_(y)
    return y


def _read_through_a_view(y):
    y[:, 0].add_(1)
    return y


def _written_to(y):
    y[:, 0] = 0
    return y


def test_what_is_changed_in_its_place():
    _both_ways(InPlace(_read_after), _normal(2, 3))
    for change in (_read_through_a_view, _written_to):
        with pytest.raises(InputError, match="from_torch: aten"):
            from_torch(InPlace(change), torch.ones(2, 3))
