"""One process, measured from outside: wall time, processor time and peak memory."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

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


def run_contender(contender: Contender, mnist: str, epochs: int) -> dict[str, Any]:
    """The contender's own figures and those from outside, in one dictionary."""
    environment = {
        name: value.format(cache=CACHE / "compiled") for name, value in contender.environment
    }
    script = str(HERE / "contenders" / contender.script)
    measured, printed = run_process(
        [*contender.launcher, script, *contender.options, "--epochs", str(epochs)],
        {**environment, "BENCHMARK_MNIST": mnist},
    )
    lines = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    if len(lines) != 1:
        raise ContenderError(f"printed {len(lines)} results:\n{printed[-2000:]}")
    return {**measured, **json.loads(lines[0].removeprefix("RESULT "))}
