"""Trees of arrays: to a file and back, to the bit."""

import os

import hypothesis
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from myelin.errors import FileFormatError, InputError
from myelin.saving import load_tree, save_tree, tensors

TYPES = ["bool", "int8", "int32", "int64", "uint8", "uint32", "float16", "float32", "float64"]

shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
arrays = st.sampled_from(TYPES).flatmap(lambda dtype: hnp.arrays(dtype, shapes))
bfloats = hnp.arrays("float32", shapes).map(lambda a: np.asarray(jnp.asarray(a, jnp.bfloat16)))
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
trees = st.recursive(
    arrays | bfloats | plain,
    lambda inner: (
        st.dictionaries(st.text(max_size=5) | st.sampled_from(["a/b", "__metadata__"]), inner)
        | st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


def same(one, two):
    """Equal in structure, types and bits."""
    assert type(one) is type(two)
    if isinstance(one, dict):
        assert list(one) == list(two)
        for key in one:
            same(one[key], two[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            same(a, b)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (two.dtype, two.shape)
        assert one.tobytes() == two.tobytes()
    elif isinstance(one, float):
        assert np.float64(one).tobytes() == np.float64(two).tobytes() or one != one
    else:
        assert one == two


@hypothesis.settings(deadline=None, max_examples=100)
@hypothesis.given(tree=trees, remarks=st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_a_tree_comes_back_to_the_bit(tmp_path_factory, tree, remarks):
    path = tmp_path_factory.mktemp("trees") / "tree.safetensors"
    save_tree(path, tree, remarks)
    again, metadata = load_tree(path)
    same(again, tree)
    assert metadata == remarks


def test_names_that_look_alike_do_not_collide(tmp_path):
    tree = {"a": {"b": np.zeros(1)}, "a/b": np.ones(2), "a%2Fb": np.ones(3), "": {"a": np.ones(4)}}
    save_tree(tmp_path / "t", tree)
    same(load_tree(tmp_path / "t")[0], tree)


def test_jax_arrays_and_numpy_scalars_come_back_as_numpy_arrays(tmp_path):
    save_tree(tmp_path / "t", {"a": jnp.arange(3), "b": np.uint32(7), "c": np.float64(0.1)})
    tree, metadata = load_tree(tmp_path / "t")
    same(tree["a"], np.arange(3, dtype=np.int32))
    same(tree["b"], np.array(7, np.uint32))
    same(tree["c"], np.array(0.1))
    assert metadata == {}
    tree["a"][0] = 5  # It may be written to.


def test_memory_order_and_byte_order_do_not_matter(tmp_path):
    turned = np.arange(6.0).reshape(2, 3).T
    save_tree(tmp_path / "t", [turned, turned[::-1], turned.astype(">f4")])
    tree, _ = load_tree(tmp_path / "t")
    for got, wanted in zip(tree, [turned, turned[::-1], turned], strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_the_file_is_read_by_the_safetensors_library(tmp_path):
    from safetensors.numpy import load_file

    save_tree(tmp_path / "t", {"layer": {"kernel": np.arange(4.0)}, "steps": [np.int32(3)]})
    read = load_file(tmp_path / "t")
    assert set(read) == {"layer/kernel", "steps/0"}
    np.testing.assert_array_equal(read["layer/kernel"], np.arange(4.0))


@pytest.mark.parametrize(
    "tree",
    [
        {1: np.zeros(1)},
        object(),
        np.array(["text"]),
        np.array([None]),
        {"a": {3}},
        np.zeros(2, "c16"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_written(tmp_path, tree):
    with pytest.raises(InputError):
        save_tree(tmp_path / "t", tree)
    assert os.listdir(tmp_path) == []


def test_remarks_must_be_texts(tmp_path):
    with pytest.raises(InputError, match="texts"):
        save_tree(tmp_path / "t", {}, {"epoch": 3})


def test_a_file_of_another_writer_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(1)}, tmp_path / "t")
    with pytest.raises(FileFormatError, match="no checksum"):
        load_tree(tmp_path / "t")
    with (tmp_path / "t").open("wb") as file:
        tensors.write(file, {"a": np.zeros(1)}, {})
    with pytest.raises(FileFormatError, match="save_tree"):
        load_tree(tmp_path / "t")


@pytest.mark.parametrize(
    "structure",
    ["[", "3", "{}", '{"array": "b"}', '{"list": 3}', '{"dict": [1]}', '{"array": {}}',
     '{"what": 1}', '{"list": [' * 5000 + "]}" * 5000],
)  # fmt: skip
def test_a_structure_that_makes_no_sense_is_refused(tmp_path, structure):
    with (tmp_path / "t").open("wb") as file:
        tensors.write(file, {"a": np.zeros(1)}, {"myelin.tree": structure})
    with pytest.raises(FileFormatError, match="structure"):
        load_tree(tmp_path / "t")


def test_missing_empty_and_random_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_tree(tmp_path / "none")
    with pytest.raises(FileFormatError):
        load_tree(tmp_path)
    for content in (b"", b"PK", np.random.default_rng(0).bytes(1000)):
        (tmp_path / "t").write_bytes(content)
        with pytest.raises(FileFormatError):
            load_tree(tmp_path / "t")
