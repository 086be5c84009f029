"""The disk itself: the same bytes written in one go and synced, and read in one go."""

import files_protocol as protocol
import numpy as np

options = protocol.options()
content = np.concatenate([m.reshape(-1) for m in protocol.matrices(options.width)])
path = options.folder / "bytes"


def save():
    with path.open("wb") as file:
        file.write(content.data)


def load():
    with path.open("rb") as file:
        file.readinto(np.empty(content.nbytes, np.uint8).data)


protocol.finish(protocol.saved_and_loaded("bytes", path, save, load))
