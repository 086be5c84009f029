"""The list of Keras's names is true, and nearly all of them are here."""

import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.peer

PROGRAM = pathlib.Path(__file__).parents[1] / "docs" / "list_keras.py"


def test_the_page_is_up_to_date_and_nearly_all_is_there():
    """At least 95 % of each main group; with TensorFlow beside it Keras has the same names."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, str(PROGRAM), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
