"""Damaged, forged and foreign files: a clear error, or the same model, and nothing else."""

import io
import json
import os
import resource
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import safetensors.numpy

from myelin import Sequential, layers, saving
from myelin.callbacks.state_keeper import read_state
from myelin.errors import FileFormatError, MyelinError

# "others" is a file that the library safetensors wrote, which keeps no checksum.
ENDINGS = {"model": ".myelin", "npz": ".npz"}
KINDS = ["model", "safetensors", "npz", "tree", "checkpoint", "others"]


@pytest.fixture(scope="module")
def model():
    made = layers_for_file()
    made.compile("adam", "mse")
    made.optimizer.apply([np.ones(v.shape) for v in made.weights], made.weights)
    return made


@pytest.fixture(scope="module")
def good(model, tmp_path_factory):
    """The bytes of a good file of each kind."""
    folder = tmp_path_factory.mktemp("good")
    model.save(folder / "m.myelin")
    model.save_weights(folder / "w.safetensors")
    model.save_weights(folder / "w.npz")
    saving.save_tree(folder / "tree", {"a": np.arange(5.0), "b": [np.bool_(True), 3, None]})
    of_others = {v.path: v.numpy() for v in model.weights}
    safetensors.numpy.save_file(of_others, folder / "others")
    made = layers_for_file()
    made.compile("sgd", "mse")
    made.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0, resume=folder / "run")
    names = {kind: kind for kind in KINDS}
    names |= {"model": "m.myelin", "safetensors": "w.safetensors", "npz": "w.npz"}
    names["checkpoint"] = "run/checkpoint-000001.safetensors"
    return {kind: (folder / name).read_bytes() for kind, name in names.items()}


def layers_for_file():
    return Sequential(
        [layers.Input((4,)), layers.Dense(3, name="body"), layers.Dense(2, name="head")]
    )


def reader(kind, model, path):
    """Reads the file into something that can be compared."""
    if kind == "tree":
        return lambda: saving.load_tree(path)[0]["a"]
    if kind == "checkpoint":
        return lambda: read_state(path)["model"]
    if kind == "model":
        return lambda: saving.load_model(path).get_weights()
    fresh = layers_for_file()

    def read():
        fresh.load_weights(path)
        return fresh.get_weights()

    return read


def read_damaged(kind, model, path, content):
    """What the damaged file gives, or None where it is refused; anything else fails the test."""
    path.write_bytes(content)
    try:
        return reader(kind, model, path)()
    except MyelinError:
        # FileFormatError; or a name or a shape became another sound one, which does not fit.
        return None


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_files_are_refused(tmp_path, model, good, kind):
    content = good[kind]
    for length in {0, 1, 4, 7, 8, 9, *np.linspace(0, len(content) - 1, 60).astype(int)}:
        (tmp_path / "f").write_bytes(content[:length])
        with pytest.raises(FileFormatError):
            reader(kind, model, tmp_path / "f")()


@pytest.mark.parametrize("kind", ["model", "npz"])
def test_flipped_bytes_in_an_archive_are_found(tmp_path, model, good, kind):
    wanted = model.get_weights()
    rng = np.random.default_rng(1)
    content, refused = good[kind], 0
    table = content.index(b"PK\x01\x02")
    places = [*rng.integers(0, table, 120), *range(table, len(content), 3)]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= int(rng.integers(1, 256))
        got = read_damaged(kind, model, tmp_path / "f", bytes(damaged))
        refused += got is None
        if got is not None:  # Only what nobody reads was hit, such as the time of writing.
            for a, b in zip(got, wanted, strict=True):
                np.testing.assert_array_equal(a, b)
    assert refused > 100


@pytest.mark.parametrize("kind", ["safetensors", "tree", "checkpoint"])
def test_flipped_bytes_in_a_file_with_a_checksum_are_found(tmp_path, model, good, kind):
    rng = np.random.default_rng(2)
    content = good[kind]
    name = content.index(b"myelin.crc32")
    for place in rng.choice(len(content), min(len(content), 300), replace=False):
        damaged = bytearray(content)
        damaged[place] ^= int(rng.integers(1, 256))
        got = read_damaged(kind, model, tmp_path / "f", bytes(damaged))
        if got is not None:
            # Weights need no checksum, as others write none: only its name was hit.
            assert kind == "safetensors"
            assert name <= place < name + len("myelin.crc32")
            for a, b in zip(got, model.get_weights(), strict=True):
                np.testing.assert_array_equal(a, b)


def test_flipped_bytes_without_a_checksum_raise_nothing_else(tmp_path, model, good):
    rng = np.random.default_rng(2)
    content = good["others"]
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= int(rng.integers(1, 256))
        refused += read_damaged("others", model, tmp_path / "f", bytes(damaged)) is None
    assert refused > 50


@pytest.mark.parametrize("kind", ["model", "safetensors", "npz", "checkpoint"])
def test_a_file_is_read_in_twice_its_size(tmp_path, kind):
    big = Sequential([layers.Input((1000,)), layers.Dense(1500), layers.Dense(10)])
    path = tmp_path / f"f{ENDINGS.get(kind, '.safetensors')}"
    if kind == "checkpoint":
        big.compile("adam", "mse")
        big.fit(np.ones((4, 1000)), np.ones((4, 10)), verbose=0, resume=tmp_path)
        path = tmp_path / "checkpoint-000001.safetensors"
    else:
        (big.save if kind == "model" else big.save_weights)(path)
    reads = {"model": saving.load_model, "checkpoint": read_state}.get(kind, big.load_weights)
    tracemalloc.start()
    reads(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.9 < most / path.stat().st_size < 2


@pytest.mark.parametrize("kind", KINDS)
def test_random_blocks_raise_nothing_else(tmp_path, model, good, kind):
    rng = np.random.default_rng(3)
    content = good[kind]
    for _ in range(60):
        start = int(rng.integers(0, len(content)))
        length = int(rng.integers(1, 64))
        damaged = content[:start] + rng.bytes(length) + content[start + length :]
        read_damaged(kind, model, tmp_path / "f", damaged)
    for length in (1, 10, 100, 5000):
        assert read_damaged(kind, model, tmp_path / "f", rng.bytes(length)) is None


# Forged archives.


def rewritten(content, changes=(), leave_out=()):
    """The archive with members replaced or added, all checksums right."""
    out = io.BytesIO()
    changes = dict(changes)
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name not in changes and name not in leave_out:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            new.writestr(name, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def refused(tmp_path, content, match):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(FileFormatError, match=match):
        saving.load_model(tmp_path / "f")


def test_a_zip_bomb_is_refused_without_taking_memory(tmp_path, good):
    for member in ("config.json", "weights.safetensors"):
        content = rewritten(good["model"], {member: bytes(50_000_000)})
        assert len(content) < 1_000_000
        (tmp_path / "f").write_bytes(content)
        tracemalloc.start()
        with pytest.raises(FileFormatError, match="claims to hold"):
            saving.load_model(tmp_path / "f")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()


def test_a_member_that_hides_its_size_is_refused(tmp_path, good):
    content = rewritten(good["model"], {"config.json": bytes(30_000_000)})
    true_size = struct.pack("<I", 30_000_000)
    refused(tmp_path, content.replace(true_size, struct.pack("<I", 1000)), "damaged")


def test_names_that_lead_elsewhere_are_never_unpacked(tmp_path, good):
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("../evil", "/tmp/evil", "..\\evil", "weights.safetensors/../../evil"):
        refused(inside, rewritten(good["model"], {name: b"x"}), "no part of a model")
    assert sorted(os.listdir(tmp_path)) == ["inside"]
    assert os.listdir(inside) == ["f"]


def test_a_name_twice_is_refused(tmp_path, good):
    out = io.BytesIO(good["model"])
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", "{}")
    refused(tmp_path, out.getvalue(), "twice")


@pytest.mark.parametrize("name", ["metadata.json", "config.json", "weights.safetensors"])
def test_missing_members(tmp_path, good, name):
    refused(tmp_path, rewritten(good["model"], leave_out=[name]), "lacks|no model is in it")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("metadata.json", b"{}", "does not say"),
        ("metadata.json", b"[]", "damaged"),
        ("metadata.json", b'{"format": "myelin", "format_version": 99}', "newer"),
        ("config.json", b"", "damaged"),
        ("config.json", b"{}", "no model"),
        ("config.json", b"[" * 100_000, "damaged"),
        ("config.json", b'{"class_name": "Sequential", "config": 3}', "cannot be made"),
        ("config.json", b'{"class_name": "Sequential", "config": {"layers": [3]}}', "be made"),
        ("config.json", b'{"class_name": "Zeros", "config": {}}', "no model"),
        ("config.json", b'{"class_name": "Sequential", "config": {"layers": []}}', "does not fit"),
        ("weights.safetensors", b"", "damaged"),
        ("weights.safetensors", b"\xff" * 8 + b"{}", "damaged"),
        ("optimizer.safetensors", b"junk", "damaged"),
    ],
)  # fmt: skip
def test_forged_members(tmp_path, good, name, content, match):
    refused(tmp_path, rewritten(good["model"], {name: content}), match)


def test_a_class_that_does_not_exist_is_named(tmp_path, good):
    with zipfile.ZipFile(io.BytesIO(good["model"])) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][1]["class_name"] = "os.system"
    content = rewritten(good["model"], {"config.json": json.dumps(config)})
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(ValueError, match=r'"os.system".*custom_objects'):
        saving.load_model(tmp_path / "f")


def with_config(good, change):
    """The good model with its configuration changed."""
    with zipfile.ZipFile(io.BytesIO(good["model"])) as archive:
        config = json.loads(archive.read("config.json"))
    change(config)
    return rewritten(good["model"], {"config.json": json.dumps(config)})


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        (1, "units", 10**9),
        (2, "units", 2**20),
        (0, "batch_shape", [None, 10**12]),
        (0, "batch_shape", [None, 10**5, 10**5]),
    ],
)
def test_giant_layers_are_refused_before_memory_is_taken(tmp_path, good, place, key, value):
    def change(config):
        config["config"]["layers"][place]["config"][key] = value
        for layer in config["config"]["layers"]:
            layer.pop("build_config", None)

    started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(tmp_path, with_config(good, change), "no room for the shape|does not fit|wants shape")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - started
    assert grown < 200_000


def test_giant_metrics_are_refused_before_memory_is_taken(tmp_path, good):
    def change(config):
        metric = {"class_name": "MeanIoU", "config": {"num_classes": 10**6}}
        config["compile_config"]["metrics"] = [{**metric, "module": "keras.metrics"}]

    refused(tmp_path, with_config(good, change), "no room for the shape.*compile=False")


def test_an_optimizer_of_another_kind_is_named(tmp_path, model, good):
    with zipfile.ZipFile(io.BytesIO(good["model"])) as archive:
        config = json.loads(archive.read("config.json"))
    config["compile_config"]["optimizer"] = "sgd"
    content = rewritten(good["model"], {"config.json": json.dumps(config)})
    refused(tmp_path, content, "compile=False")
    for a, b in zip(
        saving.load_model(tmp_path / "f", compile=False).get_weights(),
        model.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


# Forged safetensors.


def safetensors_file(header, data=b"", length=None):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


@pytest.mark.parametrize(
    "content",
    [
        safetensors_file({}, length=2**60),
        safetensors_file({}, length=2**64 - 1),
        safetensors_file({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}),
        safetensors_file({"a": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 0]}}),
        safetensors_file({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, b"1234"),
        safetensors_file({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"1234"),
        safetensors_file({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
        safetensors_file({"a": {"dtype": "OBJ", "shape": [1], "data_offsets": [0, 4]}}, b"1234"),
        safetensors_file({"a": {"dtype": "F8_E8M0", "shape": [1], "data_offsets": [0, 1]}}, b"1"),
        safetensors_file({"a": 3}),
        safetensors_file({"__metadata__": {"myelin.order": "[3]"}}),
        safetensors_file({"__metadata__": {"myelin.order": "{"}}),
        safetensors_file({"__metadata__": {"myelin.order": "3"}}),
        safetensors_file({"__metadata__": {"myelin.order": '["a"]'}}),
    ],
)
def test_forged_headers_are_refused_without_taking_memory(tmp_path, model, content):
    (tmp_path / "f").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(FileFormatError):
        model.load_weights(tmp_path / "f")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


# Files of other kinds.


@pytest.mark.parametrize("read", [saving.load_model, "weights"])
def test_files_of_another_kind_are_named(tmp_path, model, read):
    read = model.load_weights if read == "weights" else read
    with pytest.raises(FileNotFoundError, match="none"):
        read(tmp_path / "none.keras")
    with pytest.raises(FileFormatError, match="a folder"):
        read(tmp_path)
    with pytest.raises(FileFormatError, match="no ordinary file"):
        read("/dev/null")
    other_zip = io.BytesIO()
    with zipfile.ZipFile(other_zip, "w") as archive:
        archive.writestr("readme.txt", b"x")
    kinds = {
        "empty": b"",
        "a pickle.*could run code": b"\x80\x04\x95abc",
        "a damaged HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "single NumPy array": b"\x93NUMPY\x01\x00",
        "PNG": b"\x89PNG\r\n",
        "JSON": b'{"class_name": "Sequential"}',
        "zip archive, but no model": other_zip.getvalue(),
        "no file that is known": b"hello, this is a text file",
    }
    for match, content in kinds.items():
        (tmp_path / "f.keras").write_bytes(content)
        with pytest.raises(FileFormatError, match=match):
            read(tmp_path / "f.keras")


def test_weights_are_no_model(tmp_path, model):
    for name in ("w.safetensors", "w.npz"):
        model.save_weights(tmp_path / name)
        with pytest.raises(FileFormatError, match="load_weights"):
            saving.load_model(tmp_path / name)
