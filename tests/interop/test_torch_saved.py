"""`.pt` files written here: what torch reads in them, and what comes back."""

import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from myelin import Input, Sequential, layers  # noqa: E402
from myelin.errors import FileFormatError, InputError  # noqa: E402
from myelin.interop.torch import load_model, save_model  # noqa: E402
from tests.interop.cases import case  # noqa: E402
from tests.interop.torch_differences import computed, relative  # noqa: E402


@pytest.mark.parametrize(
    "name",
    [
        "a residual network", "a transformer", "a masked LSTM of words", "Conv2DTranspose",
        "MaxPooling2D", "Dot", "two inputs and two outputs", "ConvLSTM2D", "STFTSpectrogram",
        "Discretization", "SpectralNormalization", "Pipeline", "RandomCrop",
        "the spoken digits, of examples/",
    ],
)  # fmt: skip
def test_what_is_written_is_the_same_there_and_here(tmp_path, name):
    model, inputs = case(name)
    path = tmp_path / "m.pt"
    save_model(model, path)
    arrays = inputs if isinstance(inputs, list) else [inputs]
    wanted = computed(model, inputs)
    theirs = torch.export.load(path).module()(*(torch.from_numpy(a) for a in arrays))
    theirs = [y.detach().numpy() for y in (theirs if isinstance(theirs, list) else [theirs])]
    for found in (theirs, computed(load_model(path), inputs)):
        for one, other in zip(wanted, found, strict=True):
            assert relative(one, other) < 1e-5


def test_a_file_says_nothing_of_the_machine(tmp_path):
    model, _ = case("a classic network")
    save_model(model, tmp_path / "m.pt")
    with zipfile.ZipFile(tmp_path / "m.pt") as archive:
        members = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    graph = members["models/model.json"]
    assert b"site-packages" not in graph
    assert b"/myelin/" not in graph
    # torch wants the member of example inputs, which is a pickle, to be there; it is empty.
    assert [n for n in members if n.endswith((".pt", ".pkl"))] == ["data/sample_inputs/model.pt"]
    assert members["data/sample_inputs/model.pt"] == b""


def test_dropout_and_momentum_come_back(tmp_path):
    network = [
        Input((6, 6, 2)), layers.Conv2D(3, 3), layers.BatchNormalization(momentum=0.7),
        layers.Flatten(), layers.Dropout(0.4), layers.Dense(2, name="kind"),
    ]  # fmt: skip
    save_model(Sequential(network), tmp_path / "m.pt", include_optimizer=False)
    again = load_model(tmp_path / "m.pt", custom_objects=None, compile=True, safe_mode=True)
    kinds = {type(layer).__name__: layer for layer in again.layers}
    assert kinds["Dropout"].rate == pytest.approx(0.4)
    assert kinds["BatchNormalization"].momentum == pytest.approx(0.7)
    assert again.get_layer("kind").units == 2


def test_nothing_is_written_where_a_layer_cannot_go(tmp_path):
    model, _ = case("JaxLayer")
    with pytest.raises(InputError, match="JaxLayer"):
        save_model(model, tmp_path / "m.pt")
    assert not list(tmp_path.iterdir())


def test_files_of_others(tmp_path):
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    program = torch.export.export(module.eval(), (torch.ones(2, 3),))
    torch.export.save(program, tmp_path / "fixed.pt2")
    x = torch.randn(2, 3)
    found = load_model(tmp_path / "fixed.pt2")(x.numpy())
    np.testing.assert_allclose(found, module(x).detach(), atol=1e-6)
    torch.save(module.state_dict(), tmp_path / "weights.pt")
    torch.save(module, tmp_path / "module.pt")
    torch.jit.script(module).save(str(tmp_path / "script.pt"))
    for name in ("weights", "module", "script"):
        with pytest.raises(FileFormatError, match=r"torch\.export\.save"):
            load_model(tmp_path / f"{name}.pt")
    trained = torch.nn.Sequential(torch.nn.BatchNorm1d(3))
    torch.export.save(
        torch.export.export(trained.train(), (torch.ones(2, 3),)), tmp_path / "trained.pt"
    )
    with pytest.raises(FileFormatError):
        load_model(tmp_path / "trained.pt")
