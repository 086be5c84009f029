"""Models as torch modules: every layer, and what a module is like."""

import io

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from myelin import Input, Model, Sequential, layers, ops, saving  # noqa: E402
from myelin.errors import InputError  # noqa: E402
from myelin.interop.torch import to_torch  # noqa: E402
from tests.interop.cases import CASES, ON_HOST, case  # noqa: E402
from tests.interop.torch_differences import (  # noqa: E402
    computed,
    difference,
    outputs_of,
    relative,
    torch_difference,
)
from tests.layers import table  # noqa: E402

# What calls functions of jax.
REFUSED = {"Lambda", "JaxLayer", "JaxLayer with params"}


@pytest.mark.parametrize("name", CASES)
def test_every_layer_gives_the_same_outputs_or_is_refused_by_name(name):
    if name in ON_HOST:
        with pytest.raises(InputError, match="computes on the host"):
            torch_difference(name)
    elif name in REFUSED:
        with pytest.raises(InputError, match=r'to_torch: \w+ "\w+"'):
            torch_difference(name)
    else:
        assert torch_difference(name) < 1e-5


def test_a_module_reads_like_the_model():
    network = [
        Input((8, 8, 3), name="image"),
        layers.Conv2D(4, 3, activation="relu", name="edges"),
        layers.BatchNormalization(name="norm"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.25, name="drop"),
        layers.Dense(2, name="kind"),
    ]
    module = to_torch(Sequential(network, name="small_network"))
    text, code = repr(module), module.code
    assert text.startswith("SmallNetwork(\n  (edges): Conv2d(3, 4, kernel_size=(3, 3)")
    assert "(kind): Linear(in_features=36, out_features=2, bias=True)" in text
    assert "def forward(self, image):" in code
    assert "(drop): Dropout(p=0.25" in text
    learned = [name for name, _ in module.named_parameters()]
    assert learned == [
        "edges.weight", "edges.bias", "norm.weight", "norm.bias", "kind.weight", "kind.bias",
    ]  # fmt: skip
    # Images change their layout at the door, and before Flatten, which sees the order.
    assert code.count("permute(") == 2


def test_a_module_goes_on_without_myelin(tmp_path):
    import subprocess
    import sys

    model, x = case("a residual network")
    torch.save(to_torch(model).eval(), tmp_path / "module.pt")
    np.save(tmp_path / "x.npy", x)
    program = f"""
import sys, numpy, torch
module = torch.load({str(tmp_path / "module.pt")!r}, weights_only=False)
numpy.save({str(tmp_path / "y.npy")!r}, module(torch.from_numpy(numpy.load(
    {str(tmp_path / "x.npy")!r}))).detach().numpy())
assert not any(name.partition(".")[0] in ("myelin", "jax") for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ""})
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model(x), atol=1e-6)


def test_shared_and_nested_layers_have_their_weights_once():
    twice = layers.Dense(4, "tanh", name="twice")
    inner = Sequential([Input((4,)), twice, layers.Dense(4, name="last")], name="inner")
    left, right = Input((4,), name="left"), Input((4,), name="right")
    outputs = {"both": inner(left) + inner(right), "one": twice(left)}
    model = Model({"left": left, "right": right}, outputs)
    module = to_torch(model)
    assert list(module.state_dict()) == [
        "inner.twice.weight", "inner.twice.bias", "inner.last.weight", "inner.last.bias",
    ]  # fmt: skip
    rng = np.random.default_rng(0)
    x = {name: rng.normal(size=(3, 4)).astype("f4") for name in ("left", "right")}
    found = module(**{name: torch.from_numpy(value) for name, value in x.items()})
    wanted = model(x)
    assert set(found) == set(wanted)
    for name, y in found.items():
        np.testing.assert_allclose(y.detach().numpy(), wanted[name], atol=1e-6)


class Gate(layers.Layer):
    """A layer of a user's own, with weights and functions of `ops`."""

    def build(self, shape):
        self.w = self.add_weight((shape[-1], shape[-1]), name="w")
        self.b = self.add_weight((shape[-1],), "ones", name="b")

    def call(self, x):
        y = ops.sigmoid(ops.matmul(x, self.w) + self.b)
        return ops.concatenate([x * y, ops.mean(x, axis=-1, keepdims=True)], axis=-1)


class Written(Model):
    """A model of a user's own, whose layers are called plainly."""

    def __init__(self):
        super().__init__(name="written")
        self.gate = Gate(name="gate")
        self.drop = layers.Dropout(0.5, name="drop")
        self.out = layers.Dense(2, name="out")

    def call(self, x, training=False):
        return self.out(self.drop(self.gate(x), training=training))


def test_subclasses_whose_layers_are_called_plainly():
    model, x = Written(), np.random.default_rng(0).normal(size=(3, 4)).astype("f4")
    with pytest.raises(InputError, match="was not called yet"):
        to_torch(model)
    model(x)
    module = to_torch(model)
    assert difference(model, module, x) < 1e-6
    assert {"gate.w", "gate.b", "out.weight"} <= set(dict(module.named_parameters()))
    module.train()
    assert (module(torch.from_numpy(x)) != module(torch.from_numpy(x))).any()


class Branching(Written):
    def call(self, x, training=False):
        return self.out(x) if training else self.out(self.out(x))


class Foreign(layers.Layer):
    def call(self, x):
        return np.sqrt(x)


def test_what_a_graph_of_calls_cannot_say_is_refused():
    model = Branching()
    model.out = layers.Dense(4, name="out")
    model(np.ones((2, 4), "f4"))
    with pytest.raises(InputError, match="calls other layers in training than else"):
        to_torch(model)
    model = Sequential([Input((3,)), Foreign(name="foreign")])
    with pytest.raises(InputError, match='Foreign "foreign" cannot go there'):
        to_torch(model)
    model = Sequential([Input(batch_shape=(2, 3, 4)), layers.LSTM(2, stateful=True, name="kept")])
    with pytest.raises(InputError, match='LSTM "kept" is stateful'):
        to_torch(model)
    strided = layers.Conv2D(2, 3, strides=2, padding="same", name="strided")
    with pytest.raises(InputError, match="pad by the size of the image"):
        to_torch(Sequential([Input((None, None, 3)), strided]))
    short = Sequential([Input((3,)), layers.Dense(2, dtype="bfloat16", name="short")])
    with pytest.raises(InputError, match='Dense "short" computes in bfloat16'):
        to_torch(short)
    with pytest.raises(InputError, match="wants a model"):
        to_torch(layers.Dense(2))


def test_models_that_never_train_inside_stay_as_they_are():
    base = Sequential([Input((3,)), layers.BatchNormalization(), layers.Dropout(0.5)])
    frozen = layers.BatchNormalization(trainable=False, name="frozen")
    x = inputs = Input((3,))
    model = Model(inputs, frozen(base(x, training=False)))
    module = to_torch(model).train()
    given = np.random.default_rng(0).normal(size=(4, 3)).astype("f4")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    np.testing.assert_allclose(module(torch.from_numpy(given)).detach(), model(given), atol=1e-6)
    assert all((value == before[name]).all() for name, value in module.state_dict().items())


WORDS = np.array([[0, 3, 0, 4, 0], [1, 2, 3, 0, 0], [0, 0, 0, 0, 0], [5, 4, 3, 2, 1]], "int32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: [layers.LSTM(3, return_sequences=True)],
        lambda: [layers.GRU(3, go_backwards=True)],
        lambda: [layers.Bidirectional(layers.SimpleRNN(3, "relu", return_sequences=True))],
        lambda: [layers.LSTM(3, activation="relu", return_sequences=True)],
        lambda: [layers.Dense(3), layers.GlobalAveragePooling1D()],
    ],
)
def test_masks_go_where_they_go_here(make):
    words = WORDS if "Global" not in repr(make()[-1]) else WORDS[[0, 1, 3]]
    embedding = layers.Embedding(6, 4, mask_zero=True)
    model = Sequential([Input((5,), dtype="int32"), embedding, *make()])
    for variable in model.variables:
        if variable.name == "bias":
            variable.assign(variable.numpy() + 0.5)
    assert difference(model, to_torch(model), words) < 1e-6


def test_masks_of_attention():
    words = Input((5,), dtype="int32")
    x = layers.Embedding(6, 4, mask_zero=True)(words)
    attended, scores = layers.MultiHeadAttention(2, 3, dropout=0.1)(
        x, x, return_attention_scores=True
    )
    model = Model(words, [layers.Attention(use_scale=True)([x, attended]), scores])
    assert difference(model, to_torch(model), WORDS) < 1e-6


def test_states_go_in_and_out():
    x, start = Input((4, 3)), Input((2,))
    first, h, c = layers.LSTM(2, return_sequences=True, return_state=True)(x)
    second = layers.GRU(2)(first, initial_state=start)
    model = Model([x, start], [second, h, c])
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(3, 4, 3)).astype("f4"), rng.normal(size=(3, 2)).astype("f4")]
    assert difference(model, to_torch(model), given) < 1e-6


ONE_INPUT = {
    "reductions": lambda x: ops.max(x, axis=1) + ops.var(x, axis=1) - ops.sum(x, (1,)) / 3,
    "places": lambda x: ops.take(ops.flip(x, 1), [0, 2], axis=1)[:, :1] * x[:, 1:2, ::2][..., :1],
    "shapes": lambda x: ops.reshape(ops.transpose(ops.expand_dims(x, 1), (0, 3, 1, 2)), (-1, 12)),
    "choices": lambda x: ops.where(ops.greater(x, 0.1), ops.exp(x), ops.clip(x, -0.5, 0.0)),
    "parts": lambda x: ops.concatenate(ops.split(x, 2, axis=-1)[::-1], axis=-1) ** 2,
    "products": lambda x: ops.einsum("bij,bkj->bik", x, ops.softmax(x)) @ np.eye(3, dtype="f4"),
    "pads": lambda x: ops.pad(ops.tile(x, (1, 2, 1)), ((0, 0), (1, 0), (2, 2))),
    "numbers": lambda x: 1 - ops.abs(x) + ops.maximum(x, 0.2) * ops.gelu(x) / ops.sqrt(2.0),
    "kinds": lambda x: ops.cast(ops.argmax(x, -1), "float32") + ops.sum(ops.one_hot(
        ops.cast(ops.abs(x[..., 0]), "int32"), 3), -1),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_INPUT)
def test_functions_between_layers(name):
    inputs = Input((3, 4))
    model = Model(inputs, ONE_INPUT[name](inputs))
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("f4")
    assert difference(model, to_torch(model), x) < 1e-6


def test_every_activation_that_is_there():
    x = np.linspace(-4, 4, 24, dtype="f4").reshape(4, 6)
    from myelin import activations

    # Those two want arguments or another size.
    names = [name for name in activations.NAMES if name not in ("threshold", "glu")]
    inputs = Input((6,))
    model = Model(inputs, [layers.Activation(name)(inputs) for name in names])
    found = outputs_of(to_torch(model), x)
    for name, one, other in zip(names, computed(model, x), found, strict=True):
        assert relative(one, other) < 2e-6, name


def test_a_function_of_ones_own_is_followed():
    @saving.register_keras_serializable("tests_torch")
    def soft(x):
        return ops.log(1 + ops.exp(x))

    model = Sequential([Input((3,)), layers.Dense(2, soft), layers.Lambda(soft)])
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("f4")
    assert difference(model, to_torch(model), x) < 1e-6


def test_sizes_that_vary_stay_so():
    network = [Input((None, None, 3)), layers.Conv2D(4, 3, padding="same"), layers.MaxPooling2D()]
    model = Sequential([*network, layers.GlobalAveragePooling2D()])
    module = to_torch(model)
    for size in (5, 8):
        x = np.random.default_rng(0).normal(size=(2, size, size + 1, 3)).astype("f4")
        assert difference(model, module, x) < 1e-6
    assert outputs_of(module, np.ones((1, 4, 4, 3), "f4"))[0].shape == (1, 4)


def test_weights_are_copies():
    model = Sequential([Input((3,)), layers.Dense(2, name="dense")])
    module = to_torch(model)
    before = model.get_weights()
    with torch.no_grad():
        module.dense.weight.zero_()
    assert (model.get_weights()[0] == before[0]).all()
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    buffer.seek(0)
    to_torch(model).load_state_dict(torch.load(buffer, weights_only=True))


def test_the_tables_cover_all_that_the_cases_have():
    # The table of cases grows: a new layer is either in torch's table or named above.
    assert {name for name in REFUSED if name not in CASES} == set()
    assert set(table.LAYERS) <= set(CASES)


def test_names_that_python_or_torch_use_themselves():
    inputs = Input((4, 3), name="class")
    y = layers.MultiHeadAttention(1, 2, name="training")(inputs, inputs)
    model = Model(inputs, layers.Dense(2, name="forward")(y), name="2 heads")
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("f4")
    module = to_torch(model)
    assert difference(model, module, x) < 1e-6
    assert {"training_.query.weight", "forward_.weight"} <= set(module.state_dict())
