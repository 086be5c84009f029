"""What all tests share: seeds, and the peers to compare with, which skip where not installed."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "agg")

import pytest

PEERS = ("keras", "torch", "tensorflow")


def pytest_configure(config):
    config.addinivalue_line("markers", "peer: compares with Keras, PyTorch or TensorFlow")
    config.addinivalue_line("markers", "dataset: needs real data in MYELIN_DATASETS")


def pytest_collection_modifyitems(items):
    for item in items:
        if set(PEERS) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.peer)


@pytest.fixture(scope="session")
def keras():
    """The real Keras, on its JAX backend."""
    return pytest.importorskip("keras")


@pytest.fixture(scope="session")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _seed():
    from myelin import random

    random.set_random_seed(1337)
