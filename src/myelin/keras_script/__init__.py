"""Keras programs on Myelin: while installed, `keras` and `tensorflow.keras` mean Myelin.

    python -m myelin script.py      runs a script as it is
    myelin.install()                does the same inside a program or a notebook
    %load_ext myelin                the same, as a notebook extension

`modules` holds the stand-in modules and the finder that serves them, `names` the few names
that stand elsewhere in Myelin than in Keras, `processes` what child processes need, and
`runner` the command.
"""

from typing import Any

from myelin.keras_script.modules import install, uninstall

__all__ = ["install", "load_ipython_extension", "uninstall", "unload_ipython_extension"]


def load_ipython_extension(ipython: Any) -> None:
    """What `%load_ext myelin` calls: `install()` for the rest of the session."""
    install()


def unload_ipython_extension(ipython: Any) -> None:
    """What `%unload_ext myelin` calls: `uninstall()`."""
    uninstall()
