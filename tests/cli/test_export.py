import numpy as np
import pytest

from myelin import Input, Sequential, layers
from myelin.interop import exporting


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "small.myelin"
    Sequential([Input((4,)), layers.Dense(3, "relu"), layers.Dense(2)]).save(path)
    return path


def test_a_model_is_written_beside_itself_and_compared(command, model):
    pytest.importorskip("flatbuffers")
    ended = command("export", model, "--to", "stablehlo")
    assert ended.code == 0, ended.err
    assert model.with_suffix(".stablehlo").exists()
    assert f"Wrote {model.with_suffix('.stablehlo')} for StableHLO" in ended.out
    assert "inputs of shape (3, 4) its outputs differ from Myelin's by at most" in ended.out


def test_onnx_runs_in_onnxruntime(command, model, tmp_path):
    pytest.importorskip("onnxruntime")
    ended = command("export", model, "--to", "onnx", "-o", tmp_path / "other.onnx")
    assert ended.code == 0, ended.err
    assert f"Wrote {tmp_path / 'other.onnx'} for ONNX" in ended.out
    assert (tmp_path / "other.onnx").stat().st_size > 100


def test_a_difference_is_a_failure(command, model, monkeypatch):
    pytest.importorskip("flatbuffers")
    system = exporting.system_of("stablehlo")
    far = system._replace(run=lambda *given: [1.001 * np.asarray(system.run(*given)[0])])
    monkeypatch.setitem(exporting.SYSTEMS, "stablehlo", far)
    ended = command("export", model, "--to", "stablehlo")
    assert ended.code == 1
    assert "0.001 of their scale" in ended.out
    assert "do not rely on" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.myelin", "--to", "onnx"), 'There is no model "none.myelin"'),
        (("small.myelin", "--to", "onxx"), 'Did you mean "onnx"'),
        (("small.myelin",), "--to"),
        (("small.keras", "--to", "keras"), "has that format already"),
    ],
)
def test_bad_arguments(command, model, arguments, said, monkeypatch):
    monkeypatch.chdir(model.parent)
    (model.parent / "small.keras").write_bytes(model.read_bytes())
    ended = command("export", *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_a_layer_that_cannot_go_is_named_and_nothing_written(command, tmp_path):
    pytest.importorskip("flatbuffers")
    text = layers.StringLookup(vocabulary=["a"], name="looked_up")
    path = tmp_path / "text.myelin"
    Sequential([Input((1,), dtype="string"), text]).save(path)
    ended = command("export", path, "--to", "stablehlo")
    assert ended.code == 2
    assert "looked_up" in ended.err
    assert [file.name for file in tmp_path.iterdir()] == ["text.myelin"]
