"""The same pipelines in tf.data give the same elements."""

import numpy as np
import pytest

from myelin.utils.dataset import Dataset, TensorSpec

tf = pytest.importorskip("tensorflow")

X = np.arange(22, dtype=np.float32).reshape(11, 2)
Y = np.arange(11, dtype=np.int64)
WORDS = ["a", "bb", "ccc", "dd"]


def ragged():
    for length in (1, 3, 2, 4, 2):
        yield np.arange(length, dtype=np.int32), length


def pipelines(data, spec, f32, i32):
    """Each with tf.data's `Dataset` or ours, and the module's types."""
    pairs = data.from_tensor_slices((X, Y))
    numbers = data.range(10)
    lengths = data.from_generator(ragged, output_signature=(spec((None,), i32), spec((), i32)))
    return {
        "slices": pairs,
        "slices of a dictionary": data.from_tensor_slices({"a": X, "b": (Y, Y + 1)}),
        "slices of a list": data.from_tensor_slices([1, 2, 3]),
        "text": data.from_tensor_slices(WORDS).batch(3),
        "tensors": data.from_tensors((X, 5)),
        "range": data.range(2, 20, 5),
        "range downwards": data.range(9, 0, -4),
        "batch": pairs.batch(4),
        "batch, whole ones": pairs.batch(4, drop_remainder=True),
        "batch twice": pairs.take(10).batch(2).batch(3),
        "take and skip": pairs.skip(2).take(5).batch(2),
        "take and skip batches": pairs.batch(3).skip(1).take(2),
        "take none": numbers.take(0),
        "take all": numbers.take(-1),
        "skip all": numbers.skip(-1),
        "skip many": numbers.skip(20),
        "repeat": pairs.repeat(2).batch(4),
        "batches repeated": pairs.batch(4).repeat(2),
        "whole batches repeated": pairs.batch(4, drop_remainder=True).repeat(2).take(3),
        "repeat without end": numbers.batch(3).repeat().take(7),
        "rows repeated without end": numbers.repeat().batch(4).take(6),
        "shard": numbers.shard(3, 1),
        "shard batches": numbers.batch(2).shard(2, 1),
        "map": pairs.map(lambda x, y: (x * 2, y)),
        "map to a dictionary": pairs.map(lambda x, y: {"x": x + 1, "y": y}).batch(4),
        "map to a list": pairs.map(lambda x, y: [x, x + 1]).batch(2),
        "map batches": pairs.batch(4).map(lambda x, y: (x / 2, y), num_parallel_calls=2),
        "map of a dictionary": data.from_tensor_slices({"a": X}).map(lambda d: d["a"][0]),
        "two maps": pairs.map(lambda x, y: x).map(lambda x: x + 1, num_parallel_calls=-1),
        "filter": pairs.filter(lambda x, y: y % 3 == 0).batch(2),
        "unbatch": pairs.batch(4).unbatch(),
        "concatenate": numbers.take(2).concatenate(numbers.skip(7)),
        "enumerate": pairs.enumerate(5).take(3),
        "zip": data.zip((numbers, pairs.batch(2))),
        "zip of a dictionary": data.zip({"a": numbers, "b": numbers.skip(4)}),
        "flat_map": pairs.flat_map(lambda x, y: data.from_tensor_slices(x)),
        "interleave": data.range(4).interleave(
            lambda n: data.from_tensors(n).repeat(5), cycle_length=3, block_length=2
        ),
        "window": numbers.window(3, shift=2).flat_map(lambda w: w.batch(3)),
        "strided windows": numbers.window(3, 1, 2, drop_remainder=True).flat_map(
            lambda w: w.batch(3)
        ),
        "far windows": numbers.window(2, shift=4).flat_map(lambda w: w.batch(2)),
        "cache": pairs.map(lambda x, y: x).cache().repeat(2).batch(5),
        "generator": lengths,
        "padded": lengths.padded_batch(2),
        "padded to shapes": lengths.padded_batch(2, padded_shapes=([6], [])),
        "padded with values": lengths.padded_batch(
            3, padding_values=(np.int32(-1), np.int32(0)), drop_remainder=True
        ),
        "apply": numbers.apply(lambda d: d.batch(4)),
    }


def types(module):
    return module.float32, module.int32


OURS = pipelines(Dataset, TensorSpec, np.float32, np.int32)
THEIRS = pipelines(tf.data.Dataset, tf.TensorSpec, *types(tf))


@pytest.mark.parametrize("name", OURS)
def test_elements_and_length(name):
    ours, theirs = OURS[name], THEIRS[name]
    for _ in range(2):
        mine = list(ours.as_numpy_iterator())
        its = list(theirs.as_numpy_iterator())
        assert len(mine) == len(its)
        for a, b in zip(mine, its, strict=True):
            tf.nest.assert_same_structure(a, b)
            for one, other in zip(tf.nest.flatten(a), tf.nest.flatten(b), strict=True):
                np.testing.assert_array_equal(one, other)
                assert np.asarray(one).dtype.kind == np.asarray(other).dtype.kind
    count = int(theirs.cardinality())
    if "skip all" in name or "flat" in name:
        return
    assert int(ours.cardinality()) in (count, -2) or count == -2


@pytest.mark.parametrize(
    "name",
    ["slices", "slices of a dictionary", "batch", "batch, whole ones", "generator", "padded"],
)
def test_element_spec(name):
    mine = [(s.shape, s.dtype) for s in tf.nest.flatten(OURS[name].element_spec)]
    its = [
        (tuple(s.shape), s.dtype.as_numpy_dtype) for s in tf.nest.flatten(THEIRS[name].element_spec)
    ]
    assert mine == its
