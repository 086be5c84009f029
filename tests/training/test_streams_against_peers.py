"""Real loaders of PyTorch's and TensorFlow's train as the arrays do."""

import numpy as np
import pytest

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
