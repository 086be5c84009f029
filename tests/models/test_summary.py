"""`summary()` prints Keras's table, character by character."""

import numpy as np
import pytest

import myelin as mn
from myelin.errors import InputError


def plain(k):
    return [k.Input((28, 28)), k.layers.Flatten(), k.layers.Dense(128, "relu"), k.layers.Dense(10)]


def normalized(k):
    long_name = "a_rather_long_name_for_a_layer_that_needs_two_lines"
    return [
        k.Input((20,)),
        k.layers.Dense(64, trainable=False),
        k.layers.BatchNormalization(),
        k.layers.Dropout(0.5),
        k.layers.Dense(3, name=long_name),
    ]


def nested(k):
    inner = k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.Dense(2)], name="inner")
    middle = k.Sequential([k.Input((4,)), inner, k.layers.ReLU()], name="middle")
    return [k.Input((4,)), k.layers.Dense(4), middle, k.layers.Dense(1)]


def unbuilt(k):
    return [k.layers.Dense(4), k.Sequential([k.layers.Dense(3)], name="inner")]


def fixed_batch(k):
    return [
        k.Input((6, 4), batch_size=2),
        k.layers.Reshape((2, 12)),
        k.layers.Permute((2, 1)),
        k.layers.Rescaling(2.0),
        k.layers.PReLU(),
    ]


def large(k):
    return [k.Input((3000,)), k.layers.Dense(3000, dtype="bfloat16"), k.layers.Dense(9000)]


def other_weights(k):
    adapted = k.layers.Normalization(axis=-1)
    adapted.adapt(np.ones((4, 3), np.float32))
    return [k.Input((3,)), adapted, k.layers.LayerNormalization()]


def only_input(k):
    return [k.Input((3,))]


def nothing(k):
    return []


NETWORKS = [plain, normalized, nested, unbuilt, fixed_batch, large, other_weights, only_input,
            nothing]  # fmt: skip
FORMS = [
    {},
    {"expand_nested": True},
    {"show_trainable": True},
    {"expand_nested": True, "show_trainable": True, "line_length": 70},
    {"line_length": 45},
    {"line_length": 120},
    {"line_length": 100, "positions": [0.3, 0.6, 1.0]},
]


def model_of(k, network, change=None):
    k.backend.clear_session()
    model = k.Sequential(network(k), name="model")
    if change is not None:
        change(k, model)
    return model


def printed(k, network, change=None, **form):
    shown = []
    model_of(k, network, change).summary(print_fn=shown.append, **form)
    (text,) = shown
    return text.splitlines()


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch):
    # Keras cuts off what is wider than the terminal; here it is not cut off.
    monkeypatch.setenv("COLUMNS", "130")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_table_is_that_of_keras(network, form, keras):
    assert printed(mn, network, **form) == printed(keras, network, **form)


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_it_fits_the_terminal_as_in_keras(columns, keras, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert printed(mn, normalized) == printed(keras, normalized)


def train(k, model):
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 20), "float32"), np.zeros((4, 3), "float32"), verbose=0)


def call(k, model):
    model(np.zeros((2, 3), "float32"))


def build(k, model):
    model.build((None, 3))


def freeze(k, model):
    model.trainable = False


@pytest.mark.parametrize(
    ("network", "change"),
    [(normalized, train), (unbuilt, call), (unbuilt, build), (normalized, freeze)],
)
def test_after_what_happened_to_it(network, change, keras):
    mine = printed(mn, network, change, show_trainable=True)
    assert mine == printed(keras, network, change, show_trainable=True)


@pytest.mark.parametrize(
    "layer_range",
    [("dense", "dense"), ["dropout", "a_.*"], ["d.*", "dropout"], ["dropout", "batch.*"]],
)
def test_a_range_of_layers(layer_range, keras):
    mine = printed(mn, normalized, layer_range=layer_range)
    assert mine == printed(keras, normalized, layer_range=layer_range)


@pytest.mark.parametrize("layer_range", [("dens_e", "dense"), ("dense",), (1, 2)])
def test_a_range_of_no_layers(layer_range):
    with pytest.raises(InputError, match="layer_range"):
        printed(mn, plain, layer_range=layer_range)


def test_no_room_for_the_columns():
    with pytest.raises(InputError, match="line_length=10"):
        printed(mn, plain, line_length=10)


def test_it_goes_to_the_screen(capsys, keras):
    model_of(mn, plain).summary()
    mine = capsys.readouterr().out
    model_of(keras, plain).summary()
    assert mine == capsys.readouterr().out
    assert "Total params: 101,770 (397.54 KB)" in mine


def test_what_is_wider_than_the_terminal_is_not_cut_off(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert {len(line) for line in printed(mn, plain, line_length=90)[1:-3]} == {90}


def test_names_are_no_markup():
    model = mn.Sequential([mn.Input((2,)), mn.layers.Dense(1, name="[bold]d")], name="[red]m")
    shown = []
    model.summary(print_fn=shown.append)
    assert "[red]m" in shown[0]
    assert "[bold]d (Dense)" in shown[0]
