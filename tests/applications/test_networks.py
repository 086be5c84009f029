"""The networks that Keras does not have, files of weights, and what cannot be."""

import json

import numpy as np
import pytest

import myelin
from myelin import applications
from myelin.applications import imagenet_utils, resnet
from myelin.applications.vit import positions
from myelin.errors import FileFormatError, InputError

SMALL = {"weights": None, "input_shape": (32, 32, 3)}


@pytest.mark.parametrize(("depth", "parameters"), [(20, 269_722), (32, 464_154), (56, 853_018)])
def test_resnets_for_cifar_have_the_papers_size(depth, parameters):
    """Table 6 of the paper has 0.27, 0.46 and 0.85 million."""
    model = applications.ResNetCIFAR(depth)
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == parameters


def test_the_shortcut_of_a_block_keeps_every_second_pixel_and_all_maps():
    model = applications.ResNetCIFAR(8, input_shape=(8, 6, 1), classes=3)
    x = np.random.default_rng(0).normal(size=(2, 8, 6, 1)).astype("float32")
    parts = {name: model.get_layer(f"conv3_block1_{name}").output for name in ("add", "2_bn")}
    before = model.get_layer("conv2_block1_out").output
    maps, inner, added = myelin.Model(model.input, [before, parts["2_bn"], parts["add"]])(x)
    shortcut = np.asarray(added) - np.asarray(inner)
    np.testing.assert_allclose(shortcut[..., 8:24], np.asarray(maps)[:, ::2, ::2], atol=1e-5)
    np.testing.assert_allclose(shortcut[..., [*range(8), *range(24, 32)]], 0, atol=1e-6)


def test_resnets_of_imagenet_are_as_deep_as_their_names_say():
    for depth, blocks in resnet._STAGES.items():
        assert 3 * sum(blocks) + 2 == depth


def test_depths_that_cannot_be():
    for depth in (7, 10, 18, 2):
        with pytest.raises(InputError, match="6n"):
            applications.ResNetCIFAR(depth)


def reference_vit(weights, x, patch, heads):
    """The transformer of one block, in NumPy, one image and one head at a time."""

    def dense(name, v):
        return v @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]

    def norm(name, v):
        v = (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + 1e-6)
        return v * weights[f"{name}/gamma"] + weights[f"{name}/beta"]

    def softmax(v):
        e = np.exp(v - v.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def gelu(v):
        from math import erf

        return v * 0.5 * (1 + np.vectorize(erf)(v / np.sqrt(2)))

    rows, columns = x.shape[0] // patch, x.shape[1] // patch
    cut = x.reshape(rows, patch, columns, patch, -1).swapaxes(1, 2).reshape(rows * columns, -1)
    kernel = weights["patches/kernel"]
    words = cut @ kernel.reshape(-1, kernel.shape[-1]) + weights["patches/bias"]
    words = words + positions(rows, columns, kernel.shape[-1])
    inner = norm("block1_norm1", words)
    q, k, v = (dense(f"block1_attention_{part}", inner) for part in ("query", "key", "value"))
    mixed = []
    for q_h, k_h, v_h in zip(*(np.split(part, heads, axis=-1) for part in (q, k, v)), strict=True):
        mixed.append(softmax(q_h @ k_h.T / np.sqrt(q_h.shape[-1])) @ v_h)
    words = words + dense("block1_attention_output", np.concatenate(mixed, -1))
    inner = dense("block1_fc1", norm("block1_norm2", words))
    words = words + dense("block1_fc2", gelu(inner))
    return softmax(dense("predictions", norm("norm", words).mean(0)))


def test_the_transformer_is_the_papers(tmp_path):
    model = applications.ViT((8, 12, 3), patch_size=4, depth=1, width=16, heads=2, classes=5)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    x = rng.normal(size=(2, 8, 12, 3)).astype("float32")
    weights = {w.path: w.numpy() for w in model.weights}
    wanted = np.stack([reference_vit(weights, image, 4, 2) for image in x])
    np.testing.assert_allclose(model(x), wanted, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "vit.myelin")
    loaded = myelin.load_model(tmp_path / "vit.myelin")
    np.testing.assert_allclose(loaded(x), model(x), rtol=1e-6)


def test_positions_tell_patches_apart():
    p = positions(3, 4, 16)
    assert (p.shape, p.dtype) == ((12, 16), np.float32)
    distances = np.linalg.norm(p[:, None] - p[None], axis=-1)
    assert distances[~np.eye(12, dtype=bool)].min() > 0.5
    # The first half is the column's, the second the row's.
    np.testing.assert_array_equal(p[0, :8], p[4, :8])
    np.testing.assert_array_equal(p[0, 8:], p[3, 8:])


def test_weights_by_file(tmp_path):
    arguments = {"depth": 8, "input_shape": (8, 8, 3), "classes": 3}
    model = applications.ResNetCIFAR(**arguments)
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")
    for name in ("w.safetensors", "w.npz"):
        model.save_weights(tmp_path / name)
    model.save(tmp_path / "w.myelin")
    for name in ("w.safetensors", "w.npz", "w.myelin"):
        again = applications.ResNetCIFAR(**arguments, weights=str(tmp_path / name))
        np.testing.assert_allclose(again(x), model(x), rtol=1e-6)
    (tmp_path / "w.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600))
    with pytest.raises(FileFormatError, match="HDF5"):
        applications.ResNetCIFAR(**arguments, weights=tmp_path / "w.h5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Myelin downloads no weights"),
        ({"weights": "imagenet", "include_top": False}, "Myelin downloads no weights"),
        ({"weights": "gone.npz"}, "no file of weights 'gone.npz'"),
        ({**SMALL, "input_shape": (31, 32, 3)}, "32 x 32 pixels or more"),
        ({**SMALL, "input_shape": (32, 32)}, "wants .height, width, channels."),
        ({**SMALL, "input_shape": (None, None, 3)}, "images of one size"),
        ({**SMALL, "classes": 0}, "classes wants a whole number"),
        ({**SMALL, "include_top": False, "pooling": "mean"}, "pooling wants None"),
        ({"weights": None, "input_tensor": np.ones((1, 32, 32, 3))}, "input_tensor wants"),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(InputError, match=message):
        applications.VGG16(**arguments)


def test_sizes_of_a_transformer_that_do_not_fit():
    with pytest.raises(InputError, match="whole patches of 5"):
        applications.ViT((32, 32, 3), patch_size=5)
    with pytest.raises(InputError, match="multiple of 4 and of heads=5"):
        applications.ViT(width=64, heads=5)


def test_weights_from_a_file_want_a_softmax_or_logits(tmp_path):
    (tmp_path / "w.npz").write_bytes(b"")
    with pytest.raises(InputError, match="classifier_activation wants None"):
        applications.VGG16(
            weights=tmp_path / "w.npz", input_shape=(32, 32, 3), classifier_activation="sigmoid"
        )


def test_classes_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("MYELIN_DATASETS", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    preds = np.zeros((2, 1000), np.float32)
    preds[0, [5, 3, 8]] = 0.2, 0.7, 0.1
    preds[1, 999] = 1
    with pytest.raises(InputError, match=r"imagenet_class_index\.json"):
        imagenet_utils.decode_predictions(preds)
    file = tmp_path / imagenet_utils.CLASS_FILE
    file.write_text(json.dumps({str(i): [f"n{i}", f"name{i}"] for i in range(1000)}))
    first, second = imagenet_utils.decode_predictions(preds, top=3)
    assert first == [("n3", "name3", preds[0, 3]), ("n5", "name5", preds[0, 5]),
                     ("n8", "name8", preds[0, 8])]  # fmt: skip
    assert second[0][:2] == ("n999", "name999")
    with pytest.raises(InputError, match="1000"):
        imagenet_utils.decode_predictions(preds[:, :10])


def test_a_file_of_classes_that_holds_something_else(tmp_path, monkeypatch):
    monkeypatch.setenv("MYELIN_DATASETS", str(tmp_path))
    (tmp_path / imagenet_utils.CLASS_FILE).write_text('{"0": ["n0", "tench"]}')
    with pytest.raises(FileFormatError, match="does not list"):
        imagenet_utils.decode_predictions(np.zeros((1, 1000)))


def test_modes_that_are_none():
    with pytest.raises(InputError, match="mode"):
        imagenet_utils.preprocess_input(np.zeros((2, 2, 3)), mode="tensorflow")
    with pytest.raises(InputError, match="data_format"):
        imagenet_utils.preprocess_input(np.zeros((2, 2, 3)), data_format="last")


def test_unknown_networks_name_the_nearest():
    with pytest.raises(AttributeError, match="ResNetCIFAR"):
        applications.ResNetCIFR  # noqa: B018
