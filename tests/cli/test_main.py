import os
import subprocess
import sys

import pytest

import myelin
from myelin.cli import main, train


def test_help_is_light():
    """Neither jax nor NumPy is imported to show the help."""
    program = (
        "import sys\nfrom myelin.cli.main import run\n"
        "try:\n    run(['train', '--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'jax', 'numpy', 'sklearn', 'matplotlib', 'pandas', 'PIL', 'optax'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    for option in (
        "--target",
        "--epochs",
        "--patience",
        "--l2",
        "--augment",
        "--model",
        "--output",
    ):
        assert option in ended.stdout


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands(command, arguments):
    ended = command(*arguments)
    assert ended.code == 0
    for name in ("train", "predict", "evaluate"):
        assert name in ended.out


def test_version(command):
    ended = command("--version")
    assert (ended.code, ended.out) == (0, f"myelin {myelin.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "trian"),
        (["train", "--epoch", "3"], "--epoch"),
        (["train", "--epochs", "many"], "--epochs"),
        (["predict"], "model"),
        (["train", "a", "b"], "b"),
    ],
)
def test_wrong_command_lines(fails, arguments, message):
    assert message in fails(*arguments).lower()


def test_output_that_cannot_show_a_letter_is_no_fault():
    program = (
        "import sys\nfrom myelin.cli import main, train\n"
        "train.train = lambda *_: print('R\u00b2')\nmain.run(['train'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "R\\xb2\n"), ended.stderr


def test_faults_of_our_own_are_one_line_and_code_1(command, monkeypatch):
    def broken(*_):
        raise KeyError("something\nunforeseen")

    monkeypatch.setattr(train, "train", broken)
    ended = command("train")
    assert ended.code == 1
    assert ended.err.startswith("myelin: internal error, KeyError")
    assert ended.err.count("\n") == 1


def test_debug_shows_the_traceback(monkeypatch):
    def broken(*_):
        raise KeyError("unforeseen")

    monkeypatch.setattr(train, "train", broken)
    monkeypatch.setenv("MYELIN_DEBUG", "1")
    with pytest.raises(KeyError, match="unforeseen"):
        main.run(["train"])


def test_ctrl_c_ends_with_130(command, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "train", interrupted)
    ended = command("train")
    assert ended.code == 130
    assert "Traceback" not in ended.err
