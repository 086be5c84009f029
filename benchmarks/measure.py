"""One process, measured from outside: wall time, processor time and peak memory.

And the machine: what it is, and the fastest product of matrices that NumPy gets out of it.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np
from lineup import Contender

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE / ".cache"

# Only the processor is compared here, and no library may chatter into the time it takes.
COMMON = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


class ContenderError(Exception):
    """A contender ended with an error; holds the end of what it printed."""


def run_process(arguments: list[str], environment: dict[str, str]) -> tuple[dict[str, Any], str]:
    """Runs Python with `arguments`; returns what was measured, and what it printed.

    Raises:
        ContenderError: its exit code was not zero.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **COMMON, **environment, "BENCHMARK_STARTED": repr(started)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        # wait4 tells the peak of this child alone, with the processes it waited for.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise ContenderError(f"exit code {process.returncode}:\n{printed[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    measured = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * unit,
    }
    return measured, printed


def run_contender(contender: Contender, data: str, epochs: int) -> dict[str, Any]:
    """The contender's own figures and those from outside, in one dictionary."""
    environment = {
        name: value.format(cache=CACHE / "compiled") for name, value in contender.environment
    }
    script = str(HERE / "contenders" / contender.script)
    measured, printed = run_process(
        [*contender.launcher, script, *contender.options, "--epochs", str(epochs)],
        {**environment, "BENCHMARK_DATA": data},
    )
    lines = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    if len(lines) != 1:
        raise ContenderError(f"printed {len(lines)} results:\n{printed[-2000:]}")
    return {**measured, **json.loads(lines[0].removeprefix("RESULT "))}


PACKAGES = ("myelin", "jax", "keras", "tensorflow-cpu", "torch", "scikit-learn", "numpy")


def compile_bytecode() -> None:
    """Compiles Myelin's modules, as pip did its peers' when it installed them.

    A checkout has bytecode only after its first import, and none where
    PYTHONDONTWRITEBYTECODE is set: every process would compile 120 files.
    """
    package = importlib.util.find_spec("myelin")
    for folder in package.submodule_search_locations or [] if package else []:
        compileall.compile_dir(folder, quiet=1)


def machine() -> str:
    """The processor, its cores, and the versions of all that was measured."""
    model = platform.processor() or platform.machine()
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
        named = [line for line in text.splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    except OSError:
        pass
    versions = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"without {package}")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {usable} cores, {platform.system()}; {', '.join(versions)}"


def gemm_peak(side: int = 2048, repeats: int = 10) -> float:
    """GFLOP/s of the fastest of `repeats` products of two float32 matrices in NumPy."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, side, side), dtype=np.float32)
    product = np.empty_like(a)
    walls = []
    for _ in range(repeats):
        started = time.perf_counter()
        np.matmul(a, b, out=product)
        walls.append(time.perf_counter() - started)
    return 2 * side**3 / min(walls) / 1e9
