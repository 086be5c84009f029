"""The attacks on Keras's model files that have a number, each refused here."""

import base64
import io
import json
import marshal
import tarfile
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

from myelin import Sequential, layers, saving
from myelin.errors import FileFormatError, MyelinError
from myelin.utils.download import extract

RAN = []


@pytest.fixture(autouse=True)
def nothing_ran():
    RAN.clear()
    yield
    assert not RAN


@pytest.fixture
def good(tmp_path):
    """A `.keras` file, and the parts of it."""
    model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.save(tmp_path / "good.keras")
    return tmp_path / "good.keras"


def forged(good, *added, weights=None):
    """The file with layers added to its configuration, or with other weights."""
    path = good.with_name("forged.keras")
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json" and added:
                config = json.loads(content)
                config["config"]["layers"] += added
                content = json.dumps(config)
            if name == "model.weights.h5" and weights is not None:
                content = weights
            new.writestr(name, content)
    return path


def with_weights(good, change):
    """The file after `change` of the open HDF5 file in it."""
    with zipfile.ZipFile(good) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content, "r+") as file:
        change(file)
    return forged(good, weights=content.getvalue())


def layer(class_name, module="keras.layers", **config):
    return {"module": module, "class_name": class_name, "registered_name": None,
            "config": {"name": "evil", **config}}  # fmt: skip


def a_function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def a_lambda():
    code = compile("from tests.saving import test_cves; test_cves.RAN.append(1)", "evil", "exec")
    text = base64.b64encode(marshal.dumps(code)).decode()
    return {"class_name": "__lambda__",
            "config": {"code": text, "defaults": None, "closure": None}}  # fmt: skip


def refused(path, match, **arguments):
    with pytest.raises(MyelinError, match=match):
        saving.load_model(path, **arguments)


def legacy(tmp_path, function):
    """An `.h5` file of Keras 2 with a Lambda."""
    evil = {"class_name": "Lambda", "config": {"name": "evil", "function": function,
            "batch_input_shape": [None, 4]}}  # fmt: skip
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [evil]}}
    with h5py.File(tmp_path / "evil.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.create_group("model_weights").attrs["layer_names"] = [b"evil"]
        file["model_weights"].create_group("evil").attrs["weight_names"] = np.zeros(0)
    return tmp_path / "evil.h5"


def test_cve_2024_3660_a_lambda_layer_with_marshalled_code(good):
    refused(forged(good, layer("Lambda", function=a_lambda())), "holds a lambda.*safe_mode=False")


def test_cve_2025_1550_any_function_of_any_module_named_in_the_configuration(good):
    for module, name in (("os", "system"), ("builtins", "exec"), ("subprocess", "run")):
        refused(forged(good, layer("Lambda", function=a_function(module, name),
                                   arguments={"command": "touch x"})), name)  # fmt: skip
    refused(forged(good, layer("Popen", "subprocess", args=["touch", "x"])), "Popen")


def test_cve_2025_8747_functions_of_keras_itself_as_gadgets(good):
    evil = a_function("keras.utils", "get_file")
    arguments = {"fname": "x", "extract": True}
    refused(forged(good, layer("Lambda", function=evil, arguments=arguments)), "get_file")
    refused(forged(good, layer("get_file", "keras.utils", origin="http://x")), "get_file")


def test_cve_2025_9905_a_lambda_in_an_h5_file_in_safe_mode(tmp_path):
    old = [a_lambda()["config"]["code"], None, None]
    for function in (a_lambda(), old):
        refused(legacy(tmp_path, function), "holds a lambda", safe_mode=True)


def test_cve_2025_9906_the_configuration_turns_safe_mode_off(good):
    off = a_function("keras.config", "enable_unsafe_deserialization")
    evil = [layer("Lambda", function=off), layer("Lambda", function=a_lambda())]
    refused(forged(good, *evil), "holds a lambda")
    refused(forged(good, evil[0]), "enable_unsafe_deserialization")


def test_cve_2025_49655_a_torch_module_wrapper_with_a_pickle(good):
    pickled = {"class_name": "__bytes__", "config": {"value": "gASVAA=="}}
    evil = layer("TorchModuleWrapper")
    evil["config"]["module"] = pickled
    refused(forged(good, evil), "TorchModuleWrapper")


@pytest.mark.parametrize("place", ["/etc/passwd", "http://127.0.0.1/x"])
@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_cve_2025_12058_a_vocabulary_that_is_a_file_or_an_address(good, kind, place):
    refused(forged(good, layer(kind, vocabulary=place)), "not the name of a file")
    own = good.with_suffix(".myelin")
    Sequential([layers.Input((1,), dtype="string"), getattr(layers, kind)(vocabulary=["1"])]).save(
        own
    )
    with zipfile.ZipFile(own) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][1]["config"]["vocabulary"] = place
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(own, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    refused(own, "not the name of a file")


def test_cve_2025_12060_an_archive_whose_names_lead_out_of_the_folder(tmp_path):
    (tmp_path / "inside").mkdir()
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        member = tarfile.TarInfo("../out.txt")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(MyelinError):
        extract(tmp_path / "evil.tar", tmp_path / "inside")
    assert not (tmp_path / "out.txt").exists()


def test_cve_2026_0897_an_array_that_declares_far_more_than_it_stores(good):
    def chunked(file):
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (1 << 20, 1 << 20), "f4", chunks=(1024, 1024),
                            compression="gzip")  # fmt: skip

    def empty(file):
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (1 << 40,), "f4")

    for change in (chunked, empty):
        path = with_weights(good, change)
        tracemalloc.start()
        refused(path, "declares .* and stores")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()


def test_cve_2026_1669_an_array_whose_data_are_another_file(good):
    secret = good.with_name("secret")
    secret.write_bytes(bytes(48))

    def external(file):
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (4, 3), "f4", external=[(str(secret), 0, 48)])

    refused(with_weights(good, external), "in another file, which is refused")


# Relatives of those without a number.


def test_links_and_arrays_made_of_others_are_refused(good):
    with h5py.File(good.with_name("other.h5"), "w") as file:
        file["x"] = np.zeros((4, 3), "f4")

    def linked(link):
        def change(file):
            del file["layers/dense/vars/0"]
            file["layers/dense/vars/0"] = link

        return change

    def virtual(file):
        del file["layers/dense/vars/0"]
        made = h5py.VirtualLayout((4, 3), "f4")
        made[...] = h5py.VirtualSource(str(good.with_name("other.h5")), "x", (4, 3))
        file.create_virtual_dataset("layers/dense/vars/0", made)

    outside = h5py.ExternalLink(str(good.with_name("other.h5")), "x")
    refused(with_weights(good, linked(outside)), "no object|link to another place|group has lost")
    refused(with_weights(good, linked(h5py.SoftLink("/layers/dense_1/vars/0"))), "link to another")
    refused(with_weights(good, virtual), "put together of other arrays|form that is not read")


def test_references_records_and_text_are_no_weights(good):
    def of(value, dtype=None):
        def change(file):
            del file["layers/dense/vars/0"]
            file.create_dataset("layers/dense/vars/0", data=value, dtype=dtype)

        return change

    record = np.zeros(3, [("a", "f4"), ("b", "i4")])
    refused(with_weights(good, of(record)), "records")
    refused(with_weights(good, of(["a", "b"], h5py.string_dtype())), "text|no weights")

    def reference(file):
        target = file["layers/dense_1/vars/0"].ref
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", data=target, dtype=h5py.ref_dtype)

    refused(with_weights(good, reference), "references")


def test_members_of_an_archive_that_lead_out_of_it(good):
    path = good.with_name("evil.keras")
    path.write_bytes(good.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets/../../evil.txt", "x")
    refused(path, "leads out of it")


def test_a_lambda_loads_where_the_reader_says_so_and_no_other_way(tmp_path):
    code = base64.b64encode(marshal.dumps((lambda x: x * 2).__code__)).decode()
    path = legacy(tmp_path, [code, None, None])
    with pytest.raises(FileFormatError, match="safe_mode=False"):
        saving.load_model(path)
    made = saving.load_model(path, safe_mode=False)
    np.testing.assert_array_equal(made(np.ones((1, 4), "f4")), np.full((1, 4), 2.0))
