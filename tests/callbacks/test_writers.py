"""The bar, the row a file, the server."""

import csv
import http.server
import json
import re
import threading
import urllib.parse

import numpy as np
import pytest

from myelin.callbacks import CallbackList, CSVLogger, ProgbarLogger, RemoteMonitor
from tests.callbacks.fakes import FakeModel

ROWS = [
    {"accuracy": 0.5, "loss": 1.25},
    {"accuracy": 0.75, "loss": 0.5, "val_accuracy": 0.625, "val_loss": 0.75},
]


def timeless(text):
    """Printed text without what depends on the clock."""
    return re.sub(r"\d+(s|ms|us)", "T", text)


def drive_bar(callbacks, verbose, epochs=2, steps=3):
    callbacks.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(3):
            callbacks.on_train_batch_end(batch, {"accuracy": 0.5, "loss": 2.0})
        # A validation inside fit is silent.
        callbacks.on_test_begin()
        callbacks.on_test_batch_end(0, {"loss": 9.0})
        callbacks.on_test_end({"loss": 9.0})
        callbacks.on_epoch_end(epoch, ROWS[epoch])
    callbacks.on_train_end()


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_line_an_epoch_reads_as_in_keras(keras, epochs, capsys):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    theirs = keras.callbacks.CallbackList([keras.callbacks.ProgbarLogger()], model=model)
    drive_bar(theirs, 2, epochs)
    expected = timeless(capsys.readouterr().out)
    drive_bar(CallbackList([ProgbarLogger()], model=FakeModel()), 2, epochs)
    assert timeless(capsys.readouterr().out) == expected
    assert expected.count("3/3") == epochs


@pytest.mark.parametrize("verbose", [1, "auto"])
def test_the_bar_shows_the_metrics_of_the_epoch_as_they_are(verbose, capsys):
    drive_bar(CallbackList([ProgbarLogger()], model=FakeModel()), verbose)
    printed = capsys.readouterr().out
    assert printed.startswith("Epoch 1/2\n")
    assert printed.count("\nEpoch 2/2\n") == 1
    assert "accuracy: 0.5000 - loss: 1.2500\n" in printed
    assert "loss: 0.5000 - val_accuracy: 0.6250 - val_loss: 0.7500\n" in printed
    assert "9.0" not in printed


def test_silence(capsys):
    drive_bar(CallbackList([ProgbarLogger()], model=FakeModel()), 0)
    assert capsys.readouterr().out == ""


def test_an_unknown_number_of_steps_is_known_after_the_first_epoch(capsys):
    bar = ProgbarLogger()
    drive_bar(CallbackList([bar], model=FakeModel()), 1, steps=None)
    assert bar.target == 3
    assert "3/3" in capsys.readouterr().out


def test_an_epoch_cut_short_does_not_claim_all_steps(capsys):
    bar = CallbackList([ProgbarLogger()], model=FakeModel())
    bar.set_params({"verbose": 1, "epochs": 1, "steps": 50})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    bar.on_train_batch_end(19, {"loss": 1.0})
    bar.on_epoch_end(0, {"loss": 1.0})
    assert "20/50" in capsys.readouterr().out


@pytest.mark.parametrize("part", ["test", "predict"])
def test_evaluate_and_predict_have_a_bar(part, capsys):
    listed = CallbackList([ProgbarLogger()], model=FakeModel())
    listed.set_params({"verbose": 1, "steps": 4})
    getattr(listed, f"on_{part}_begin")()
    getattr(listed, f"on_{part}_batch_end")(3, {"loss": 0.5})
    getattr(listed, f"on_{part}_end")({"loss": 0.5} if part == "test" else None)
    printed = capsys.readouterr().out
    assert printed.count("4/4") == 1
    assert ("loss: 0.5000" in printed) == (part == "test")


def test_after_fit_evaluate_is_heard_again(capsys):
    listed = CallbackList([ProgbarLogger()], model=FakeModel())
    drive_bar(listed, 0)
    listed.set_params({"verbose": 1, "steps": 1})
    listed.on_test_begin()
    listed.on_test_batch_end(0, {"loss": 0.5})
    listed.on_test_end({"loss": 0.5})
    assert "loss: 0.5000" in capsys.readouterr().out


# CSV.

SPREAD = [
    {"loss": 1.5, "accuracy": 0.25, "each": np.array([0.5, 1.0])},
    {"loss": 0.1 + 0.2, "accuracy": 0.5, "each": np.array([0.25, 2.0]), "val_loss": 3.0},
    {"loss": 0.125},
]


def drive_csv(listed, rows, first=0):
    listed.on_train_begin()
    for epoch, row in enumerate(rows, first):
        listed.on_epoch_begin(epoch)
        listed.on_epoch_end(epoch, row)
    listed.on_train_end()


@pytest.mark.parametrize("rows", [SPREAD, SPREAD[1:], ROWS, [{}]])
@pytest.mark.parametrize("separator", [",", ";"])
def test_the_file_is_byte_for_byte_that_of_keras(keras, rows, separator, tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    theirs = keras.callbacks.CSVLogger(str(tmp_path / "theirs.csv"), separator)
    drive_csv(keras.callbacks.CallbackList([theirs], model=model), rows)
    drive_csv(CallbackList([CSVLogger(tmp_path / "ours.csv", separator)]), rows)
    assert (tmp_path / "ours.csv").read_bytes() == (tmp_path / "theirs.csv").read_bytes()


def test_appending_writes_no_second_header(tmp_path):
    path = tmp_path / "deep" / "log.csv"
    drive_csv(CallbackList([CSVLogger(path)]), ROWS)
    drive_csv(CallbackList([CSVLogger(path, append=True)]), ROWS[:1], first=2)
    with path.open() as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == ["epoch", "0", "1", "2"]
    drive_csv(CallbackList([CSVLogger(path)]), ROWS[:1])
    assert len(path.read_text().splitlines()) == 2


def test_appending_to_an_empty_file_writes_the_header(tmp_path):
    path = tmp_path / "log.csv"
    path.touch()
    drive_csv(CallbackList([CSVLogger(path, append=True)]), ROWS[:1])
    assert path.read_text().startswith("epoch,accuracy,loss")


def test_a_row_can_be_read_while_training_goes_on(tmp_path):
    logger = CSVLogger(tmp_path / "log.csv")
    listed = CallbackList([logger])
    listed.on_train_begin()
    listed.on_epoch_end(0, {"loss": 0.5})
    assert (tmp_path / "log.csv").read_text().splitlines()[1] == "0,0.5,NA"
    listed.on_train_end()
    assert logger.csv_file is None


# The server.


@pytest.fixture
def server():
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", received
        httpd.shutdown()
        thread.join()


def test_the_server_gets_the_logs_as_a_form_or_as_json(server):
    root, received = server
    logs = {"loss": np.float32(0.5), "each": np.array([1.0, 2.0])}
    expected = {"epoch": 3, "loss": 0.5, "each": [1.0, 2.0]}
    CallbackList([RemoteMonitor(root)]).on_epoch_end(3, logs)
    CallbackList([RemoteMonitor(root, "/x/", send_as_json=True)]).on_epoch_end(3, logs)
    (path, kind, form), (other, other_kind, text) = received
    assert (path, kind) == ("/publish/epoch/end/", "application/x-www-form-urlencoded")
    assert json.loads(urllib.parse.parse_qs(form)["data"][0]) == expected
    assert (other, other_kind) == ("/x/", "application/json")
    assert json.loads(text) == expected


@pytest.mark.parametrize("root", ["http://127.0.0.1:9", "nowhere"])
def test_a_server_that_is_not_there_is_a_warning(root):
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor"):
        CallbackList([RemoteMonitor(root)]).on_epoch_end(0, {"loss": 1.0})
