import re

import numpy as np
import pytest
from jax import export

from myelin import Input, Sequential, layers
from myelin.errors import InputError
from myelin.interop import stablehlo
from myelin.interop.inference import Inference
from tests.interop.cases import case

pytest.importorskip("flatbuffers")


@pytest.mark.parametrize(
    "name", ["Conv2DTranspose", "a masked LSTM of words", "two inputs and two outputs"]
)
def test_jax_gives_the_same_outputs_at_any_batch_size(name, tmp_path):
    model, x = case(name)
    stablehlo.save_model(model, tmp_path / "a.stablehlo")
    inference = Inference(model)
    arrays = x if isinstance(x, list) else [x]
    wanted = inference.predicted(arrays)
    for batch in (1, len(arrays[0])):
        found = stablehlo.run(tmp_path / "a.stablehlo", [array[:batch] for array in arrays])
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other[:batch], 1e-5, 1e-6)


def test_the_file_runs_on_all_kinds_of_device_and_calls_nothing_of_ours(tmp_path):
    model = Sequential([Input((8, 32)), layers.LSTM(64), layers.Dense(64)])
    stablehlo.save_model(model, tmp_path / "a.stablehlo")
    program = export.deserialize(bytearray((tmp_path / "a.stablehlo").read_bytes()))
    assert program.platforms == ("cpu", "cuda", "rocm", "tpu")
    called = set(re.findall(r"custom_call @(\w+)", program.mlir_module()))
    assert called == {"shape_assertion"}
    assert str(program.in_avals[0].shape) == "(batch, 8, 32)"


def test_a_refused_model_leaves_no_file(tmp_path):
    text = layers.TextVectorization(vocabulary=["a"], output_mode="multi_hot", name="words")
    model = Sequential([Input((), dtype="string"), text])
    with pytest.raises(InputError, match=r"words.*host"):
        stablehlo.save_model(model, tmp_path / "a.stablehlo")
    assert not list(tmp_path.iterdir())
