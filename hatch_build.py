"""Compiles the native kernels when Myelin is built; without a compiler it is built without them.

The system's C compiler does it, else the one in the package `ziglang`, which pip brings for the
build only. Where neither works, Myelin runs XLA's own arithmetic, which is slower.
"""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = pathlib.Path("src/myelin/kernels/native")
LIBRARY = SOURCES / "kernels.so"
FLAGS = (
    *("-std=c11", "-D_GNU_SOURCE", "-O3", "-g0", "-fPIC", "-fvisibility=hidden", "-Wno-psabi"),
    *("-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"),
)

EACH_KIND = ("arithmetic.c", "tiles.c", "columns.c", "lstm.c", "gru.c")
ONCE = (
    "frame.c", "pool.c", "scratch.c", "handlers.c", "normalization.c",
    "axes.c", "tap_sum.c", "point_sum.c", "convolution.c", "recurrent.c", "rows.c",
)  # fmt: skip
# What is compiled for each kind of processor: bytes in a vector, rows of a tile, flags.
KINDS = {
    "x86_64": {
        "plain": (16, 6, ()),
        "avx2": (32, 6, ("-mavx2", "-mfma", "-mbmi")),
        "avx512": (64, 12, ("-mavx512f", "-mavx512vl", "-mavx512dq", "-mfma", "-mbmi")),
    },
    "aarch64": {"plain": (16, 8, ())},
}
MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}.get(
    platform.machine().lower(), platform.machine().lower()
)
SYSTEM = {"Linux": "linux-gnu.2.17", "Darwin": "macos"}.get(platform.system())
POSSIBLE = MACHINE in KINDS and SYSTEM is not None


class Hook(BuildHookInterface):
    """Puts the compiled library beside the Python files and into a wheel for this platform."""

    def dependencies(self) -> list[str]:
        """The compiler, where the system has none."""
        return [] if _system_compiler() or not POSSIBLE else ["ziglang>=0.13"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles the library; a failure is reported, and stops nothing."""
        if not POSSIBLE:
            return
        library = pathlib.Path(self.root) / LIBRARY
        try:
            _compile(pathlib.Path(self.root) / SOURCES, library)
        except (OSError, subprocess.SubprocessError) as error:
            library.unlink(missing_ok=True)
            said = getattr(error, "stderr", None) or error
            self.app.display_warning(f"Myelin is built without its native kernels: {said}")
            return
        build_data["pure_python"] = False
        # The library knows nothing of Python, so one wheel serves all its versions.
        tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{tag}"


def _system_compiler() -> str | None:
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


def _compile(sources: pathlib.Path, library: pathlib.Path) -> None:
    found = _system_compiler()
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", f"{MACHINE}-{SYSTEM}"]
    compiler = [found] if found else zig
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        # Zig keeps what it has built; outside the folder it would fill the user's cache.
        caches = {f"ZIG_{scope}_CACHE_DIR": folder for scope in ("GLOBAL", "LOCAL")}
        objects = []

        def run(*arguments: str) -> None:
            subprocess.run(
                [*compiler, *arguments],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, **caches},
            )

        def compile_one(source: str, name: str, *flags: str) -> None:
            objects.append(str(work / f"{name}.o"))
            run(*FLAGS, *flags, "-c", str(sources / source), "-o", objects[-1])

        for kind, (width, rows, flags) in KINDS[MACHINE].items():
            named = (f"-DKIND={kind}", f"-DBYTES={width}", f"-DROWS={rows}")
            for source in EACH_KIND:
                compile_one(source, f"{kind}_{source}", *named, *flags)
        for source in ONCE:
            compile_one(source, source)
        run("-shared", "-s", "-o", str(work / "kernels.so"), *objects, "-lm", "-lpthread")
        _replace(work / "kernels.so", library)


def _replace(built: pathlib.Path, library: pathlib.Path) -> None:
    """Puts the library in its place at one stroke: a process may have the old one loaded."""
    # Several environments may be built at once.
    beside = library.with_suffix(f".so.{os.getpid()}.part")
    shutil.copyfile(built, beside)
    beside.chmod(0o644)
    beside.replace(library)
