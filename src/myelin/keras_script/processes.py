"""Child processes of a Keras script: they must find Myelin under `keras` as their parent does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

_original: Callable[..., dict[str, Any]] | None = None


class _Install:
    """Unpickling it in a child installs the stand-in modules there."""

    def __reduce__(self) -> tuple[Any, ...]:
        from myelin.keras_script.modules import install

        return install, ()


def follow() -> None:
    """From now on, processes started by `multiprocessing` install the stand-ins first.

    A spawned child receives a dictionary before it imports the parent's `__main__`; one more
    entry in it is enough. The fork server loads `__main__` ahead of that, so it is told not
    to, which also keeps JAX's threads out of the process that forks.
    """
    global _original
    from multiprocessing import spawn

    _original = spawn.get_preparation_data

    def get_preparation_data(name: str) -> dict[str, Any]:
        assert _original is not None
        return {"myelin": _Install(), **_original(name)}

    spawn.get_preparation_data = get_preparation_data
    with contextlib.suppress(ImportError):  # a platform without a fork server
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload([])


def unfollow() -> None:
    """Undoes `follow` for the processes started from now on."""
    global _original
    from multiprocessing import spawn

    if _original is not None:
        spawn.get_preparation_data = _original
        _original = None
