import importlib.util

import numpy as np
import pytest

from myelin import Input, Sequential, layers
from myelin.errors import InputError, UnknownNameError
from myelin.interop import exporting
from myelin.interop.inference import Inference


@pytest.fixture(scope="module")
def model():
    return Sequential([Input((4,)), layers.Dense(3, "tanh"), layers.Dense(2)], name="small")


def test_a_model_exports_itself(model, tmp_path, capsys):
    pytest.importorskip("flatbuffers")
    model.export(tmp_path / "a.stablehlo", format="stablehlo", verbose=True)
    assert capsys.readouterr().out == f"Wrote small for StableHLO to {tmp_path / 'a.stablehlo'}\n"
    inference = Inference(model)
    sample = inference.sample()
    largest, relative = exporting.difference(
        "stablehlo", tmp_path / "a.stablehlo", inference, sample
    )
    assert largest <= relative * np.abs(model.predict(sample[0], verbose=0)).max() * 1.001
    assert relative < 1e-6


def test_an_unknown_system_is_an_error(model, tmp_path):
    with pytest.raises(UnknownNameError, match=r'"onxx".*"onnx"'):
        model.export(tmp_path / "a", format="onxx")


@pytest.mark.parametrize("name", ["onnx", "tensorflow", "torch", "keras"])
def test_every_system_gets_what_it_gives_back(name, model, tmp_path):
    pytest.importorskip(name)
    if importlib.util.find_spec(f"myelin.interop.{name}") is None:
        pytest.skip("is not there yet")
    system = exporting.system_of(name)
    target = tmp_path / f"a{system.ending}"
    model.export(target, format=name)
    inference = Inference(model)
    assert exporting.difference(name, target, inference, inference.sample())[1] < 1e-6


def differing(monkeypatch, model, found):
    system = exporting.system_of("stablehlo")._replace(run=lambda *_: [np.asarray(found)])
    monkeypatch.setitem(exporting.SYSTEMS, "stablehlo", system)
    monkeypatch.setattr(
        Inference, "predicted", lambda self, arrays: [np.array([4.0, np.nan, np.inf])]
    )
    return exporting.difference("stablehlo", "", Inference(model), [])


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([4.0, np.nan, np.inf], (0, 0)),
        ([3.0, np.nan, np.inf], (1, 0.25)),
        ([4.0, 0.0, np.inf], (np.inf, np.inf)),
        ([4.0, np.nan, 1e9], (np.inf, np.inf)),
        ([4.0, np.nan], (np.inf, np.inf)),
    ],
)
def test_differences_count_what_is_not_a_number_too(monkeypatch, model, found, wanted):
    assert differing(monkeypatch, model, found) == wanted


def test_a_refusal_names_the_layer(tmp_path):
    pytest.importorskip("flatbuffers")
    text = layers.StringLookup(vocabulary=["a"], name="looked_up")
    model = Sequential([Input((1,), dtype="string"), text])
    with pytest.raises(InputError, match="looked_up"):
        model.export(tmp_path / "a.onnx", format="stablehlo")
