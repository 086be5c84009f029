"""Pictures of models: what is in them, where it stands, and the text for Graphviz."""

import sys
import types

import numpy as np
import pytest
from PIL import Image

import myelin as keras
from myelin import layers, utils
from myelin.errors import InputError, NotBuiltError
from myelin.models.diagram import Diagram, Shown, diagram_of
from myelin.models.layout import laid_out


def branched():
    keras.backend.clear_session(free_memory=False)
    a, b = keras.Input((8,), name="a"), keras.Input((4,), name="b")
    i = keras.Input((5,), name="i")
    inner = keras.Model(
        i, layers.Dense(5, name="deep")(layers.Dense(3, name="in")(i)), name="inner"
    )
    shared = layers.Dense(5, "tanh", name="shared")
    left, right = shared(layers.Dense(3, name="l")(a)), shared(layers.Dense(3, name="r")(b))
    joined = layers.Concatenate(name="joined")([inner(left), right * 2.0, a])
    return keras.Model(
        [a, b], [layers.Dense(1, name="one")(joined), layers.Dense(2, name="two")(joined)]
    )


def named(diagram):
    """The arrows by the first words of the boxes' titles."""
    title = {key: box.title.split()[0] for key, box in diagram.boxes.items()}
    return {(title[before], title[after]) for before, after in diagram.arrows}


def test_boxes_and_arrows():
    flat = named(diagram_of(branched(), Shown()))
    assert flat == {
        ("a", "l"), ("b", "r"), ("l", "shared"), ("r", "shared"), ("shared", "inner"),
        ("shared", "multiply"), ("inner", "joined"), ("multiply", "joined"), ("a", "joined"),
        ("joined", "one"), ("joined", "two"),
    }  # fmt: skip
    opened = diagram_of(branched(), Shown(nested=True))
    assert named(opened) == {
        *(pair for pair in flat if "inner" not in pair),
        ("shared", "i"), ("i", "in"), ("in", "deep"), ("deep", "joined"),
    }  # fmt: skip
    assert {b.title.split()[0] for b in opened.boxes.values() if b.groups == ("inner",)} == {
        "i", "in", "deep"
    }  # fmt: skip


def test_what_a_box_says():
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3, "relu", name="d")])
    model.layers[0].trainable = False
    shown = Shown(shapes=True, dtype=True, names=True, activations=True, trainable=True)
    box = list(diagram_of(model, shown).boxes.values())[1]
    assert box.title == "d (Dense)"
    assert box.lines == [
        "activation: relu", "dtype: float32", "input: (None, 4)", "output: (None, 3)",
        "not trainable",
    ]  # fmt: skip
    assert list(diagram_of(model, Shown(names=False)).boxes.values())[1].title == "Dense"


def test_boxes_do_not_lie_on_each_other_and_arrows_go_down():
    diagram = diagram_of(branched(), Shown(nested=True))
    sizes = {key: (1.0 + 0.1 * int(key), 0.5) for key in diagram.boxes}
    layout = laid_out(diagram, sizes, 0.3, 0.4)
    for before, after in diagram.arrows:
        assert layout.centers[before][1] + 0.9 <= layout.centers[after][1] + 1e-9
    for one in sizes:
        for other in sizes:
            if one < other:
                apart = np.abs(np.subtract(layout.centers[one], layout.centers[other]))
                room = (np.array(sizes[one]) + sizes[other]) / 2
                assert (apart >= room + 0.29).any()
    chain = Diagram(dict.fromkeys("abc", diagram.boxes["0"]), [("a", "b"), ("b", "c"), ("a", "c")])
    passing = laid_out(chain, dict.fromkeys("abc", (1.0, 1.0)), 0.2, 0.5)
    assert [len(route) for route in passing.routes] == [2, 2, 4]
    # What passes a box passes beside it.
    assert abs(passing.routes[2][1][0] - passing.centers["b"][0]) > 0.5


@pytest.mark.parametrize("direction", ["TB", "LR", "BT", "RL"])
def test_a_picture_is_written(tmp_path, direction):
    path = tmp_path / "model.png"
    utils.plot_model(
        branched(), path, True, True, True, direction, True, dpi=40, show_trainable=True
    )
    picture = np.asarray(Image.open(path).convert("L"))
    down = direction in ("TB", "BT")
    assert (picture.shape[0] > picture.shape[1]) == down
    assert picture.min() < 80
    assert 0.3 < (picture > 250).mean() < 0.95


def test_other_models_and_faults(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    own = Own()
    with pytest.raises(NotBuiltError, match="before it is drawn"):
        utils.plot_model(own, tmp_path / "own.png")
    own.build((None, 3))
    utils.plot_model(own, tmp_path / "own.svg")
    assert "<svg" in (tmp_path / "own.svg").read_text()
    with pytest.raises(InputError, match=r"an ending of .*png"):
        utils.plot_model(own, tmp_path / "own.doc")
    with pytest.raises(InputError, match='rankdir wants "TB" or "LR"'):
        utils.plot_model(own, rankdir="UP")
    with pytest.raises(InputError, match='no argument is called "layer_range"'):
        utils.model_to_dot(own, layer_range=[])


def test_the_text_for_graphviz(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydot", None)
    dot = utils.model_to_dot(branched(), show_shapes=True, expand_nested=True, rankdir="LR")
    text = dot.to_string()
    assert text.startswith('digraph G {\nrankdir="LR";')
    assert 'label="{a (InputLayer)|output: (None, 8)}"' in text
    assert 'subgraph "cluster_inner" { label="inner"' in text
    assert text.count("{") == text.count("}")
    assert text.count("->") == 13
    dot.write(tmp_path / "model.dot")
    assert (tmp_path / "model.dot").read_text() == text
    cluster = utils.model_to_dot(branched(), subgraph=True).to_string()
    assert cluster.startswith('subgraph "cluster_functional')


def test_pydot_draws_where_it_is(tmp_path, monkeypatch):
    class Dot:
        def write(self, path, format):
            with open(path, "w") as file:
                file.write(format)

    pydot = types.ModuleType("pydot")
    pydot.__spec__ = types.SimpleNamespace()
    pydot.graph_from_dot_data = lambda text: [Dot()]
    monkeypatch.setitem(sys.modules, "pydot", pydot)
    monkeypatch.setattr("myelin.models.plotting.shutil.which", lambda name: f"/bin/{name}")
    utils.plot_model(branched(), tmp_path / "model.pdf")
    assert (tmp_path / "model.pdf").read_text() == "pdf"
