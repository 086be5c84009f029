import contextlib

import myelin
from myelin.evaluation.report import network


def nested():
    inside = myelin.Sequential(
        [myelin.Input((4,)), myelin.layers.Dense(3, name="deep")], name="inside"
    )
    model = myelin.Sequential(
        [
            myelin.Input((6, 6, 1)),
            myelin.layers.Conv2D(2, 3, name="conv"),
            myelin.layers.BatchNormalization(name="normal"),
            myelin.layers.Flatten(name="flat"),
            myelin.layers.Dense(4, name="middle"),
            inside,
        ],
        name="whole",
    )
    model.compile(myelin.optimizers.SGD(0.125), "mse")
    return model


def test_the_table_is_that_of_the_summary():
    model = nested()
    found = network.describe(model)
    printed = []
    model.summary(line_length=120, print_fn=printed.append)
    for row in (row for row in found.layers if row.depth == 0):
        (line,) = [line for line in "\n".join(printed).splitlines() if f" {row.name} (" in line]
        assert row.shape in line
        assert f" {row.parameters:,} " in line
        assert row.kind in line
    assert found.trainable + found.fixed == model.count_params()
    assert found.fixed == 4
    assert found.optimizer == "SGD, learning rate 0.125"
    assert found.loss == "mse"


def test_layers_of_layers_stand_below_them():
    rows = network.describe(nested()).layers
    assert [(row.name, row.depth) for row in rows[-2:]] == [("inside", 0), ("deep", 1)]
    assert [row.trains for row in rows] == [True, True, None, True, True, True]


def test_a_graph_lists_its_inputs():
    given = myelin.Input((4,), name="given")
    model = myelin.Model(given, myelin.layers.Dense(2, name="out")(given))
    rows = network.describe(model).layers
    assert [row.name for row in rows] == ["given", "out"]
    assert [row.shape for row in rows] == ["(None, 4)", "(None, 2)"]
    assert network.describe(model).optimizer is None


def test_a_layer_that_cannot_say_its_shape_does_not_matter():
    class Odd(myelin.Layer):
        def call(self, inputs):
            return inputs

        def compute_output_shape(self, input_shape):
            raise KeyError(input_shape)

    model = myelin.Sequential([Odd(name="odd")])
    with contextlib.suppress(KeyError):
        model(myelin.ops.zeros((2, 3)))
    assert network.describe(model).layers[0].shape == "?"


def test_losses_have_names():
    model = nested()
    for loss, name in (
        (myelin.losses.MeanSquaredError(name="mine"), "mine"),
        (lambda y, p: p, "<lambda>"),
        (None, None),
    ):
        model.compile("adam", loss)
        assert network.describe(model).loss == name
