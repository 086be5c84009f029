"""Damaged and forged files of Keras's: an error of Myelin's or a good model, and nothing else."""

import io
import json
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myelin import Sequential, layers, saving
from myelin.errors import MyelinError

KINDS = ["m.keras", "m.h5", "m.weights.h5"]
# However small a file is, loading takes what Python takes for a model.
SPARE = 16_000_000


@pytest.fixture(scope="module")
def model():
    made = Sequential(
        [
            layers.Input((4,)),
            layers.Dense(3, "relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )
    made.compile("adam", "mse", metrics=["mae"])
    made.optimizer.apply([np.ones(v.shape) for v in made.trainable_variables],
                         made.trainable_variables)  # fmt: skip
    return made


@pytest.fixture(scope="module")
def good(model, tmp_path_factory):
    """The bytes of a good file of each kind, and a folder to write damaged ones to."""
    folder = tmp_path_factory.mktemp("good")
    for name in KINDS:
        (model.save_weights if "weights" in name else model.save)(folder / name)
    return folder, {name: (folder / name).read_bytes() for name in KINDS}


def read(model, path):
    """Loads the file; refusals are Myelin's own errors, and memory stays in proportion."""
    tracemalloc.start()
    try:
        if "weights" in path.name:
            fresh = saving.model_from_json(model.to_json())
            fresh.load_weights(path)
            return fresh
        return saving.load_model(path)
    except MyelinError:
        return None
    finally:
        assert tracemalloc.get_traced_memory()[1] < 2 * path.stat().st_size + SPARE
        tracemalloc.stop()


@st.composite
def damaged(draw, content):
    """The content cut off, with bits turned, or with a stretch of other bytes."""
    content = bytearray(content)
    kind = draw(st.sampled_from(["cut", "bits", "bytes"]))
    if kind == "cut":
        return bytes(content[: draw(st.integers(0, len(content) - 1))])
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content) - 1))
        if kind == "bits":
            content[place] ^= 1 << draw(st.integers(0, 7))
        else:
            new = draw(st.binary(min_size=1, max_size=9))
            content[place : place + len(new)] = new[: len(content) - place]
    return bytes(content)


def places(tree, path=()):
    """The ways to all values of a tree of JSON."""
    yield path
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


OTHER = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.floats(), st.just({}), st.just([]),
    st.sampled_from([0, -1, 2**31, 10**9, 10**12, 10**40, "os.system", "Dense", [None, 10**9]]),
)  # fmt: skip


def changed(data, text):
    """A JSON text with one or two of its values replaced or taken away."""
    tree = json.loads(text)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(sorted(places(tree), key=str)))
        if not path:
            return json.dumps(data.draw(OTHER))
        target = tree
        for key in path[:-1]:
            target = target[key]
        if isinstance(target, dict) and data.draw(st.integers(0, 4)) == 0:
            del target[path[-1]]
        else:
            target[path[-1]] = data.draw(OTHER)
    return json.dumps(tree)


FEW = settings(max_examples=25, deadline=None, derandomize=True, database=None,
               suppress_health_check=list(HealthCheck))  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@FEW
@given(data=st.data())
def test_damaged_files_are_refused_or_read_as_they_are(model, good, name, data):
    folder, contents = good
    path = folder / f"damaged-{name}"
    path.write_bytes(data.draw(damaged(contents[name])))
    read(model, path)


@FEW
@given(data=st.data())
def test_damaged_weights_in_an_archive_with_right_checksums(model, good, data):
    folder, contents = good
    path = folder / "damaged.keras"
    with (
        zipfile.ZipFile(io.BytesIO(contents["m.keras"])) as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, data.draw(damaged(content)) if name.endswith(".h5") else content)
    read(model, path)


@FEW
@given(data=st.data())
def test_changed_configurations_are_refused_or_read_as_they_are(model, good, data):
    folder, contents = good
    path = folder / "changed.keras"
    with (
        zipfile.ZipFile(io.BytesIO(contents["m.keras"])) as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, changed(data, content) if name == "config.json" else content)
    read(model, path)


@FEW
@given(data=st.data())
def test_changed_attributes_are_refused_or_read_as_they_are(model, good, data):
    folder, contents = good
    path = folder / "changed.h5"
    path.write_bytes(contents["m.h5"])
    with h5py.File(path, "r+") as file:
        name = data.draw(st.sampled_from(["model_config", "training_config"]))
        file.attrs[name] = changed(data, file.attrs[name])
    read(model, path)


@pytest.mark.parametrize("name", KINDS)
def test_good_files_are_read(model, good, name):
    made = read(model, good[0] / name)
    for a, b in zip(made.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_shape_that_is_only_declared_makes_no_room_for_giant_layers(model, good):
    folder, contents = good
    path = folder / "giant.keras"
    with (
        zipfile.ZipFile(io.BytesIO(contents["m.keras"])) as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        config = json.loads(old.read("config.json"))
        weights = io.BytesIO(old.read("model.weights.h5"))
        with h5py.File(weights, "r+") as file:
            file.create_dataset("layers/dense/vars/9", (1 << 40,), "f4")
        for layer in config["config"]["layers"][1:]:
            del layer["build_config"]
        config["config"]["layers"][1]["config"]["units"] = 10**8
        new.writestr("config.json", json.dumps(config))
        new.writestr("model.weights.h5", weights.getvalue())
    assert read(model, path) is None


@pytest.mark.parametrize("depth", [300, 5000])
def test_configurations_that_are_nested_too_deep_are_refused(model, good, depth):
    folder, contents = good
    nested = "[" * depth + "]" * depth
    with zipfile.ZipFile(folder / "deep.keras", "w") as new:
        with zipfile.ZipFile(io.BytesIO(contents["m.keras"])) as old:
            new.writestr("model.weights.h5", old.read("model.weights.h5"))
        new.writestr("config.json", '{"class_name": "Sequential", "config": ' + nested + "}")
    with h5py.File(folder / "deep.h5", "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": ' + nested + "}"
        file.create_group("model_weights")
    for name in ("deep.keras", "deep.h5"):
        assert read(model, folder / name) is None
