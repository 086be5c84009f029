"""`RemoteMonitor`: tells a server how training goes."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
import warnings
from typing import Any

import numpy as np

from myelin.callbacks.base import Callback, Logs

# A server that does not answer must not hold up training for longer.
_SECONDS = 10.0


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server by HTTP POST.

    A server that cannot be reached is a warning, never an error.

    Args:
        root: the address of the server.
        path: what comes after it.
        field: the name of the form's field that holds the JSON text.
        headers: headers of the request.
        send_as_json: sends the JSON itself rather than a form.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Sends `{"epoch": ..., name: value, ...}`."""
        values: dict[str, Any] = {"epoch": epoch}
        values.update({name: np.asarray(value).tolist() for name, value in (logs or {}).items()})
        text = json.dumps(values)
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body = urllib.parse.urlencode({self.field: text})
            kind = "application/x-www-form-urlencoded"
        try:
            request = urllib.request.Request(
                self.root + self.path,
                data=body.encode(),
                headers={"Content-Type": kind, **(self.headers or {})},
                method="POST",
            )
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                answer.read()
        except urllib.error.HTTPError:
            # It was reached and said no; Keras says nothing then, either.
            return
        except (OSError, ValueError) as error:
            warnings.warn(
                f"Could not reach RemoteMonitor root server at {self.root} ({error})",
                stacklevel=3,
            )
