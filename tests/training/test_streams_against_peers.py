"""Real loaders of PyTorch, TensorFlow, Grain and Hugging Face train as the arrays do."""

import numpy as np
import pytest

from myelin.errors import InputError
from tests.training.test_streams import X, Y, assert_same, weights_after


@pytest.fixture(scope="module")
def wanted():
    return weights_after(X, Y, batch_size=16, shuffle=False)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.filterwarnings("ignore:.*fork")
def test_pytorch(torch, wanted, workers):
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(np.asarray(Y)))
    loader = torch.utils.data.DataLoader(data, batch_size=16, num_workers=workers)
    assert_same(weights_after(loader), wanted)


def test_tensorflow(wanted):
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((X, Y))
    assert_same(weights_after(data.batch(16).prefetch(2)), wanted)
    assert_same(weights_after(data.batch(16).repeat(), steps_per_epoch=-(-len(X) // 16)), wanted)


def test_grain(wanted):
    grain = pytest.importorskip("grain")
    data = grain.MapDataset.source(list(zip(X, Y, strict=True))).batch(16)
    assert_same(weights_after(data), wanted)
    assert_same(weights_after(data.to_iter_dataset()), wanted)
    once = weights_after(X, Y, batch_size=16, shuffle=False, epochs=1)
    endless = data.repeat()
    assert_same(weights_after(endless, steps_per_epoch=len(data), epochs=1), once)


def test_hugging_face(wanted):
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"x": X.tolist(), "y": np.asarray(Y).tolist()})
    assert_same(weights_after(data["x"], data["y"], batch_size=16, shuffle=False), wanted)
    columns = data.with_format("numpy")
    assert_same(weights_after(columns["x"], columns["y"], batch_size=16, shuffle=False), wanted)
    with pytest.raises(InputError, match="columns 'x', 'y'"):
        weights_after(data)
