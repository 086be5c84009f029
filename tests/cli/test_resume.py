"""`myelin train --resume`: a run that did not come to its end goes on as if it never stopped."""

import json

import numpy as np
import pytest

import myelin
from myelin import callbacks
from tests.cli.conftest import QUICK

ARGUMENTS = ("iris", "--hidden", "8,8", "--epochs", 12, "--patience", 0, *QUICK)


class KilledError(BaseException):
    pass


@pytest.fixture
def killed(command, tmp_path, monkeypatch):
    """The folder of a run that ended in its sixth epoch, as if killed."""
    ended = callbacks.CSVLogger.on_epoch_end

    def end(self, epoch, logs=None):
        if epoch == 5:
            raise KilledError
        ended(self, epoch, logs)

    with monkeypatch.context() as patched:
        patched.setattr("myelin.callbacks.CSVLogger.on_epoch_end", end)
        patched.setattr("myelin.callbacks.checkpoint.Checkpoint._time_has_come", True)
        with pytest.raises(KilledError):
            command("train", *ARGUMENTS, "-o", "killed")
    return tmp_path / "killed"


def test_it_goes_on_to_the_same_model_and_files(command, killed, tmp_path):
    assert {path.name for path in killed.iterdir()} == {"checkpoints", "history.csv", "run.json"}
    assert command("train", *ARGUMENTS, "-o", "straight").code == 0
    ended = command("train", "--resume", "killed", "-v", 2)
    assert ended.code == 0, ended.err
    assert "Goes on from killed/checkpoints/" in ended.out
    assert "Epoch 12/12" in ended.out
    straight = tmp_path / "straight"
    names = {path.name for path in straight.iterdir()}
    assert names == {path.name for path in killed.iterdir()}
    assert "run.json" not in names
    assert (killed / "history.csv").read_text() == (straight / "history.csv").read_text()
    scores = [json.loads((f / "metrics.json").read_text()) for f in (killed, straight)]
    for one in scores:
        del one["seconds"], one["options"]
    assert scores[0] == scores[1]
    weights = [myelin.load_model(f / "model.myelin").get_weights() for f in (killed, straight)]
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert "is at its end" in command("train", "--resume", "killed").err


def test_what_cannot_go_on_is_named(command, fails, killed, tmp_path, monkeypatch):
    assert "--resume killed, or delete it" in fails("train", *ARGUMENTS, "-o", "killed")
    assert "leave --epochs out" in fails("train", "--resume", "killed", "--epochs", 3)
    assert "leave DATA out" in fails("train", "wine", "--resume", "killed")
    assert "there is no run" in fails("train", "--resume", "nowhere")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert f"begun in {tmp_path}" in fails("train", "--resume", tmp_path / "killed")
    monkeypatch.chdir(tmp_path)
    (killed / "run.json").write_text('{"data": "iris"}')
    assert "cannot be read" in fails("train", "--resume", "killed")
