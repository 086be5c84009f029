import jax
import numpy as np
import pytest

from myelin import Input, Model, Sequential, layers
from myelin.errors import InputError
from myelin.interop.inference import Inference
from tests.interop.cases import case


def test_names_shapes_and_types_are_the_model_s():
    words, left = Input((None,), dtype="int64", name="words"), Input((3,), name="left")
    both = layers.Concatenate(name="both")([layers.Dense(2)(left), layers.Dense(4)(left)])
    seen = layers.GlobalAveragePooling1D(name="seen")(layers.Embedding(9, 2)(words))
    inference = Inference(Model({"w": words, "l": left}, [both, seen]))
    assert [port.name for port in inference.inputs] == ["l", "w"]
    assert [port.dtype for port in inference.inputs] == ["float32", "int32"]
    assert [str(spec.shape) for spec in inference.specs] == ["(batch, 3)", "(batch, size_1_1)"]
    assert inference.output_names == ["both", "seen"]
    assert [str(v.aval.shape) for v in inference.jaxpr.jaxpr.outvars] == [
        "(batch, 6)",
        "(batch, 2)",
    ]


def test_it_is_a_pure_function_of_weights_and_inputs():
    model = Sequential([Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    inference = Inference(model)
    (x,) = inference.sample(4)
    (wanted,) = inference.predicted([x])
    values = inference.values
    np.testing.assert_allclose(inference(values, x)[0], wanted, 1e-6, 1e-6)
    (twice,) = inference({path: 2 * value for path, value in values.items()}, x)
    assert np.abs(twice - wanted).max() > 0.1
    np.testing.assert_allclose(inference.predicted([x])[0], wanted)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(64),
        layers.Conv2D(4, 3),
        layers.Conv2DTranspose(4, 3),
        layers.DepthwiseConv2D(3),
        layers.MaxPooling2D(),
        layers.BatchNormalization(),
        layers.TimeDistributed(layers.LSTM(64)),
    ],
    ids=lambda layer: layer.name,
)
def test_programs_hold_operations_of_jax_alone(layer):
    model = Sequential([Input((32, 32, 16)), layer])
    text = str(Inference(model).jaxpr)
    assert "myelin" not in text
    assert "ffi_call" not in text


def test_samples_are_of_the_inputs_types_and_repeat():
    model = Model(
        [a := Input((None, 2)), b := Input((3,), dtype="bool"), c := Input((1,), dtype="uint8")],
        [layers.Identity()(x) for x in (a, b, c)],
    )
    inference = Inference(model)
    first, again = inference.sample(4, seed=1), inference.sample(4, seed=1)
    assert [(x.shape, str(x.dtype)) for x in first] == [
        ((4, 6, 2), "float32"), ((4, 3), "bool"), ((4, 1), "uint8"),
    ]  # fmt: skip
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert inference.sample(4, seed=2)[0][0, 0, 0] != first[0][0, 0, 0]


def by_size(x):
    return x if x.shape[0] > 3 else -x


def test_what_depends_on_the_batch_s_size_is_refused_by_name():
    model = Sequential([Input((3,)), layers.Lambda(by_size, name="choosy", output_shape=(3,))])
    with pytest.raises(InputError, match=r'"choosy".*any size.*batch.*not exported'):
        Inference(model)


def test_a_layer_that_remembers_is_refused_by_name_and_left_as_it_was():
    model = Sequential([Input((4, 3), batch_size=2), layers.GRU(3, stateful=True, name="old")])
    with pytest.raises(InputError, match=r"old/.* while it predicts"):
        Inference(model)
    assert not any(isinstance(v._value, jax.core.Tracer) for v in model.variables)


class Doubled(Model):
    def call(self, x):
        return x * 2


def test_a_signature_says_what_a_subclass_takes():
    model = Doubled(name="doubled")
    model.build((None, 3))
    inference = Inference(model, [layers.InputSpec(shape=(None, 5), dtype="int32")])
    assert inference.inputs == [("input", (None, 5), "int32")]
    assert inference.output_names == ["doubled"]


def test_what_begins_on_the_host_is_refused_with_a_way_out():
    """The model that the message names computes the rest, of one layer's outputs and of several."""
    for name in ("the sentiment network, of examples/", "the network of a table, of examples/"):
        model, x = case(name)
        with pytest.raises(InputError, match="computes on the host") as refused:
            Inference(model)
        advice = str(refused.value).rpartition("what comes behind it, ")[2]
        behind = eval(advice, {"Model": Model, "model": model})
        values = model.prepared(x).values
        given = values if len(values) > 1 else values[0]
        np.testing.assert_array_equal(behind(given), model(x))
        Inference(behind)


def test_a_model_inside_that_begins_on_the_host_is_refused_too():
    inner = Sequential([Input((1,), dtype="string"), layers.StringLookup(vocabulary=["a"])])
    x = Input((1,), dtype="string")
    with pytest.raises(InputError, match="a model that begins behind it"):
        Inference(Model(x, layers.Embedding(3, 2)(inner(x))))
