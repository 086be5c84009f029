"""Texts, sounds and windows are those that Keras reads."""

import inspect

import numpy as np
import pytest

from myelin import utils
from tests.utils.test_folders import sounds as sounds
from tests.utils.test_folders import texts as texts

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")


def assert_same(ours, theirs):
    mine, its = list(ours.as_numpy_iterator()), list(theirs.as_numpy_iterator())
    assert len(mine) == len(its) == len(ours)
    for one, other in zip(mine, its, strict=True):
        tf.nest.assert_same_structure(one, other)
        for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
            assert np.asarray(a).dtype == np.asarray(b).dtype
            if np.asarray(a).dtype.kind == "f":
                np.testing.assert_allclose(a, b, atol=1e-6)
            else:
                np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"batch_size": 3, "max_length": 4},
        {"label_mode": "categorical"},
        {"label_mode": None},
        {"labels": [3, 1, 2, 1]},
        {"batch_size": None, "label_mode": "binary"},
        {"validation_split": 0.5, "subset": "validation"},
    ],
    ids=str,
)
def test_texts(texts, arguments):
    settings = {"shuffle": False, "verbose": False} | arguments
    ours = utils.text_dataset_from_directory(texts, **settings)
    theirs = keras.utils.text_dataset_from_directory(str(texts), **settings)
    assert_same(ours, theirs)
    assert ours.class_names == theirs.class_names


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"batch_size": 4},
        {"output_sequence_length": 28},
        {"batch_size": None, "label_mode": "categorical"},
        {"labels": None},
    ],
    ids=str,
)
def test_sounds(sounds, arguments):
    settings = {"shuffle": False, "verbose": False} | arguments
    ours = utils.audio_dataset_from_directory(sounds, **settings)
    theirs = keras.utils.audio_dataset_from_directory(str(sounds), **settings)
    assert_same(ours, theirs)
    assert ours.class_names == theirs.class_names


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"sequence_stride": 3, "sampling_rate": 2, "batch_size": 4},
        {"start_index": 7, "end_index": 40, "batch_size": None},
        {"targets": None, "sampling_rate": 4},
        {"data": np.arange(120.0).reshape(60, 2)},
        {"targets": np.arange(20)},
    ],
    ids=lambda given: ", ".join(given) or "plain",
)
def test_windows(arguments):
    settings = {"data": np.arange(60), "targets": np.arange(60) * 2, "sequence_length": 6}
    settings |= arguments
    ours = utils.timeseries_dataset_from_array(**settings)
    theirs = keras.utils.timeseries_dataset_from_array(**settings)
    assert_same(ours, theirs)


@pytest.mark.parametrize(
    "name",
    [
        "audio_dataset_from_directory",
        "image_dataset_from_directory",
        "text_dataset_from_directory",
        "timeseries_dataset_from_array",
    ],
)
def test_signatures(name):
    mine = inspect.signature(getattr(utils, name))
    its = inspect.signature(getattr(keras.utils, name))
    assert [(p.name, p.default) for p in mine.parameters.values()] == [
        (p.name, p.default) for p in its.parameters.values()
    ]
