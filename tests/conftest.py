"""What all tests share: seeds, and the peers to compare with, which skip where not installed."""

import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "agg")
# A test runs what it compiles a few times, so that compiling is most of what the tests cost: code
# that is not optimized, and made by XLA's older emitters in one piece, is compiled in a third of
# the time. What one test has compiled, another reads from disk.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
    " --xla_backend_optimization_level=0",
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
_compiled = None
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    # The workers of a parallel run inherit it.
    _compiled = os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="myelin-tests-")

import pytest  # noqa: E402

PEERS = (
    "keras", "torch", "tensorflow", "tf_keras", "tensorboard", "onnx", "onnxruntime", "grain",
    "datasets",
)  # fmt: skip
_ASKS_FOR_A_PEER = re.compile(rf"importorskip\(\s*[\"']({'|'.join(PEERS)})\b")

# Keras programs that the tests run as programs, not modules to look for tests in.
collect_ignore = ["scripts"]


def pytest_configure(config):
    config.addinivalue_line("markers", "peer: compares with Keras, PyTorch, TensorFlow or ONNX")
    config.addinivalue_line("markers", "dataset: needs real data in MYELIN_DATASETS")
    if os.environ.get("MYELIN_REQUIRE_PEERS") and not hasattr(config, "workerinput"):
        _require_peers()


def pytest_unconfigure(config):
    if _compiled is not None:
        shutil.rmtree(_compiled, ignore_errors=True)


def _require_peers():
    """Ends the run where a peer is missing, so that no comparison is skipped unseen."""
    program = f"import {', '.join(PEERS)}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode:
        why = done.stderr.strip().rpartition("\n")[2]
        raise pytest.UsageError(f"MYELIN_REQUIRE_PEERS is set, but a peer is missing: {why}")


def pytest_collection_modifyitems(items):
    asking = {}
    for item in items:
        module = getattr(item, "module", None)
        if module not in asking:
            asking[module] = module is not None and _asks_for_a_peer(module)
        if asking[module] or set(PEERS) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.peer)


def _asks_for_a_peer(module):
    try:
        return bool(_ASKS_FOR_A_PEER.search(inspect.getsource(module)))
    except OSError:  # an empty file
        return False


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
