"""Every layer and network that both libraries have, to Keras's files and back."""

import json
import zipfile

import numpy as np
import pytest

from myelin import saving
from myelin.errors import InputError
from tests.interop.cases import CASES, case
from tests.interop.differences import OWN, keras_difference

keras = pytest.importorskip("keras")

REFUSED = {
    "Equalization": "with its own",
    "JaxLayer with params": "give .* init_fn",
}
# Those with a class of Myelin's user, which Keras cannot know.
CUSTOM = {
    "Wrapper", "the transformer, of examples/", "the transformer behind its text, of examples/",
}  # fmt: skip
# Those whose outputs are compared too, one or two of each kind that computes with weights; all of
# them take a minute, and keras_difference is there for it.
COMPUTED = [
    "Lambda", "Conv2D in groups", "Conv2DTranspose", "ConvLSTM1D", "SpectralNormalization",
    "BatchNormalization of images", "GroupedQueryAttention", "a residual network",
    "a masked LSTM of words", "two inputs and two outputs", "the sentiment network, of examples/",
]  # fmt: skip


def settings(path):
    """The settings of all layers in a file, by the place and the name of each."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))["config"]
    # Keras writes masks down as operations.
    layers = [layer for layer in config["layers"] if layer["class_name"] != "NotEqual"]
    return {(i, key): value for i, layer in enumerate(layers)
            for key, value in layer["config"].items()}  # fmt: skip


# What Keras says of sizes that follow from others, or that it names anew.
NOT_KEPT = {"dtype", "layer", "backward_layer", "cell", "layers", "shared_object_id"}


@pytest.mark.parametrize("name", [name for name in CASES if name not in CUSTOM | {*REFUSED}])
def test_settings_and_weights_go_to_keras_and_come_back(tmp_path, name):
    model, _ = case(name)
    ours, theirs, again = (tmp_path / f"{who}.keras" for who in ("ours", "theirs", "again"))
    model.save(ours)
    there = keras.saving.load_model(ours, custom_objects=OWN)
    there.save(theirs)
    back = saving.load_model(theirs, custom_objects=OWN)
    back.save(again)
    kept = settings(again)
    for (place, key), value in settings(theirs).items():
        if value and key not in NOT_KEPT and not isinstance(value, dict):
            assert kept.get((place, key)) == value, key
    for other in (there, back):
        for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", COMPUTED)
def test_outputs_are_the_same_in_keras_and_after_the_way_back(name):
    assert keras_difference(name) < 1e-5


@pytest.mark.parametrize("name", REFUSED)
def test_what_keras_cannot_read_is_refused_by_name(tmp_path, name):
    with pytest.raises(InputError, match=REFUSED[name]):
        case(name)[0].save(tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())
