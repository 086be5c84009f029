import numpy as np
import pytest

from myelin import Input, Model, Sequential, layers, mixed_precision
from myelin.errors import FileFormatError, InputError
from myelin.interop import onnx as to_onnx
from myelin.interop.exporting import difference
from myelin.interop.inference import Inference
from tests.interop.cases import CASES, ON_HOST
from tests.interop.onnx_differences import onnx_difference

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("name", sorted({*CASES} - {*ON_HOST}))
def test_onnxruntime_gives_the_same_outputs_at_any_batch_size(name):
    assert onnx_difference(name) < 1e-5


def written(model, folder, **kwargs):
    to_onnx.save_model(model, folder / "model.onnx", **kwargs)
    return onnx.load(folder / "model.onnx")


def differs(model, folder, sizes=(9, 17)):
    """The largest difference where sizes beside the batch's are unknown too."""
    to_onnx.save_model(model, folder / "model.onnx")
    inference = Inference(model)
    return max(
        difference("onnx", folder / "model.onnx", inference, inference.sample(batch, 0, size))[1]
        for batch, size in zip((1, 4), sizes, strict=True)
    )


def sizes_of(port):
    return [d.dim_param or d.dim_value for d in port.type.tensor_type.shape.dim]


def test_names_are_kept(tmp_path):
    left, right = Input((4,), name="left"), Input((3,), name="right", dtype="int32")
    hidden = layers.Dense(5, name="hidden")(left)
    more = layers.Embedding(7, 5, name="words")(right)
    outputs = [layers.Dense(2, name="kind")(hidden), layers.Flatten(name="flat")(more)]
    made = written(Model([left, right], outputs, name="both"), tmp_path)
    assert [(i.name, sizes_of(i)) for i in made.graph.input] == [
        ("left", ["batch", 4]), ("right", ["batch", 3]),
    ]  # fmt: skip
    assert [(o.name, sizes_of(o)) for o in made.graph.output] == [
        ("kind", ["batch", 2]), ("flat", ["batch", 15]),
    ]  # fmt: skip
    weights = {i.name for i in made.graph.initializer}
    assert {"hidden/kernel", "hidden/bias", "kind/kernel", "words/embeddings"} <= weights
    assert {node.name.split("/")[0] for node in made.graph.node} >= {"hidden", "kind", "flat"}
    assert made.graph.name == "both"
    assert made.opset_import[0].version >= 18
    assert made.producer_name == "myelin"


def test_what_nothing_reads_is_not_written(tmp_path):
    model = Sequential([Input((3,)), layers.Dense(2), layers.Dropout(0.5)])
    made = written(model, tmp_path)
    assert [node.op_type for node in made.graph.node] == ["MatMul", "Add", "Identity"]
    assert len(made.graph.initializer) == 2


def test_a_shared_weight_is_written_once(tmp_path):
    x = Input((4,))
    layer = layers.Dense(4, name="twice")
    made = written(Model(x, layer(layer(x))), tmp_path)
    assert sorted(i.name for i in made.graph.initializer) == ["twice/bias", "twice/kernel"]


UNKNOWN = {
    "a masked network of words": lambda: Sequential(
        [
            Input((None,), dtype="int32"),
            layers.Embedding(10, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(3),
        ]
    ),
    "images of any size": lambda: Sequential(
        [
            Input((None, None, 3)),
            layers.Conv2D(4, 3, strides=2),
            layers.AveragePooling2D(2),
            layers.GlobalMaxPooling2D(),
        ]
    ),
    "causal attention": lambda: (
        lambda x: Model(x, layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True))
    )(Input((None, 8))),
    "two inputs of one length": lambda: (
        lambda a, b: Model([a, b], layers.Add()([a, b]))
    )(Input((None, 3)), Input((None, 3))),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_sizes_may_be_unknown_too(name, tmp_path):
    assert differs(UNKNOWN[name](), tmp_path) < 1e-5


def test_an_lstm_of_the_size_that_runs_natively_here(tmp_path):
    model = Sequential([Input((5, 32)), layers.LSTM(64)])
    assert differs(model, tmp_path) < 1e-5


class Own(Model):
    def __init__(self):
        super().__init__(name="own")
        self.one, self.two = layers.Dense(3), layers.Dense(2)

    def call(self, inputs):
        return {"sum": self.one(inputs["b"]) + 1, "tanh": self.two(inputs["a"])}


def test_a_subclass_is_known_by_what_it_was_called_on(tmp_path):
    model = Own()
    with pytest.raises(InputError, match=r"own.*is not built"):
        to_onnx.to_onnx(model)
    model({"b": np.ones((2, 4), "f4"), "a": np.ones((2, 5), "f4")})
    made = written(model, tmp_path)
    assert [(i.name, sizes_of(i)) for i in made.graph.input] == [
        ("a", ["batch", 5]), ("b", ["batch", 4]),
    ]  # fmt: skip
    assert [o.name for o in made.graph.output] == ["sum", "tanh"]
    assert differs(model, tmp_path) < 1e-5


def test_outputs_that_are_inputs_or_go_out_twice(tmp_path):
    x = Input((3,), name="x")
    y = layers.Dense(2, name="y")(x)
    model = Model(x, [x, y, y])
    made = written(model, tmp_path)
    assert len({o.name for o in made.graph.output} | {"x"}) == 4
    assert differs(model, tmp_path) < 1e-5


def test_whole_numbers_and_truth_values(tmp_path):
    image, here = Input((5, 4), dtype="uint8"), Input((5, 5), dtype="bool")
    x = layers.Rescaling(1 / 255)(image)
    model = Model([image, here], layers.MultiHeadAttention(1, 4)(x, x, attention_mask=here))
    assert differs(model, tmp_path) < 1e-5


def test_float16_is_written(tmp_path):
    policy = mixed_precision.dtype_policy()
    mixed_precision.set_global_policy("mixed_float16")
    try:
        model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2, dtype="float32")])
    finally:
        mixed_precision.set_global_policy(policy)
    # As exact as such short numbers are.
    assert differs(model, tmp_path) < 1e-2


def _short():
    return Sequential([Input((4,)), layers.Dense(3, dtype="bfloat16", name="short")])


REFUSED = {
    "text_vectorization": lambda: Sequential(
        [
            Input((), dtype="string"),
            layers.TextVectorization(vocabulary=["a"], output_sequence_length=3),
            layers.Embedding(4, 2),
        ]
    ),
    "remembers": lambda: Sequential(
        [Input((4, 3), batch_size=2), layers.LSTM(3, stateful=True, name="remembers")]
    ),
    "bfloat16": _short,
    "decomposed": lambda: Sequential([Input((3, 3)), layers.Lambda(_singular, name="decomposed")]),
    "drawn": lambda: Sequential([Input((3, 3)), layers.Lambda(_random, name="drawn")]),
}


def _singular(x):
    import jax.numpy as jnp

    return jnp.linalg.svd(x)[1]


def _random(x):
    import jax

    return x + jax.random.normal(jax.random.key(0), x.shape)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_is_refused_by_name_before_anything_is(name, tmp_path):
    target = tmp_path / "model.onnx"
    target.write_bytes(b"older")
    with pytest.raises(InputError, match=name):
        to_onnx.save_model(REFUSED[name](), target)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert target.read_bytes() == b"older"


def test_an_existing_file_is_kept_where_that_is_asked_for(tmp_path):
    model = Sequential([Input((2,)), layers.Dense(1)])
    to_onnx.save_model(model, tmp_path / "a.onnx")
    with pytest.raises(FileExistsError):
        to_onnx.save_model(model, tmp_path / "a.onnx", overwrite=False)


def test_weights_that_do_not_fit_into_a_file_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(to_onnx.files, "_LARGEST", 1000)
    small = Sequential([Input((10,)), layers.Dense(20)], name="small")
    large = Sequential([Input((10,)), layers.Dense(30)], name="large")
    to_onnx.save_model(small, tmp_path / "small.onnx")
    with pytest.raises(InputError, match=r'"large".*do not fit into one ONNX file'):
        to_onnx.save_model(large, tmp_path / "large.onnx")
    assert not (tmp_path / "large.onnx").exists()


def test_loading_says_plainly_that_it_is_not_read(tmp_path):
    with pytest.raises(FileFormatError, match=r"a\.onnx is an ONNX file.*not read.*onnxruntime"):
        to_onnx.load_model(tmp_path / "a.onnx")
