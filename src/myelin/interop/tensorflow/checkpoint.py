"""The variables of a SavedModel: a tree of objects by name, with arrays at its leaves.

A checkpoint says itself which objects were saved and what their parts are called, so nothing of the
program beside it is looked at.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, MyelinError, require

_GRAPH, _VALUE = "_CHECKPOINTABLE_OBJECT_GRAPH", "VARIABLE_VALUE"
PURPOSE = "reading a SavedModel"
# The object that was saved; all others hang on it.
ROOT = 0


class Objects:
    """Objects that were saved, by their numbers, with the names of their parts.

    Args:
        nodes: TensorFlow's descriptions of them.
        where: the folder, for errors.
    """

    def __init__(self, nodes: Any, where: str) -> None:
        self.nodes = nodes
        self.where = where

    def children(self, number: int) -> dict[str, int]:
        """The parts of an object, by name."""
        if not 0 <= number < len(self.nodes):
            raise FileFormatError(f"{self.where} is damaged: it lacks an object that it names")
        return {child.local_name: child.node_id for child in self.nodes[number].children}

    def listed(self, number: int, name: str) -> list[int] | None:
        """The objects in a list that is a part of an object; None where there is no such part."""
        place = self.children(number).get(name)
        return None if place is None else self.numbered(place, "")

    def numbered(self, number: int, prefix: str) -> list[int]:
        """The parts of an object that are called `prefix` and a number, in order."""
        parts = self.children(number).items()
        found = {name.removeprefix(prefix): part for name, part in parts if name.startswith(prefix)}
        return [found[key] for key in sorted(filter(str.isdecimal, found), key=int)]

    def below(self, number: int) -> set[int]:
        """All objects that an object leads to, itself too."""
        found: set[int] = set()
        ahead = [number]
        while ahead:
            number = ahead.pop()
            if number not in found:
                found.add(number)
                ahead += self.children(number).values()
        return found

    def at(self, names: Sequence[str]) -> int | None:
        """The object that a way of names leads to; None where there is none."""
        number: int | None = ROOT
        for name in names:
            number = None if number is None else self.children(number).get(name)
        return number


class Checkpoint(Objects):
    """The variables in the folder of a SavedModel.

    Args:
        folder: the SavedModel.

    Attributes:
        room: how many numbers its files may hold at most.

    Raises:
        FileFormatError: there are no variables, or they are damaged.
        MissingExtraError: TensorFlow is not installed.
    """

    def __init__(self, folder: Path) -> None:
        tensorflow = require("tensorflow", "tensorflow", PURPOSE)
        from tensorflow.core.protobuf import trackable_object_graph_pb2

        place = folder / "variables"
        self.room = sum(file.stat().st_size for file in place.glob("variables.data-*"))
        graph = trackable_object_graph_pb2.TrackableObjectGraph()
        with damage(str(folder)):
            self._reader = tensorflow.train.load_checkpoint(str(place / "variables"))
            self._shapes = self._reader.get_variable_to_shape_map()
            graph.ParseFromString(self._reader.get_tensor(_GRAPH))
        super().__init__(graph.nodes, str(folder))

    def arrays_below(self, number: int) -> list[int]:
        """The variables that an object leads to, each once, in the order of the names."""
        found: dict[int, bool] = {}
        ahead = [number]
        while ahead:
            number = ahead.pop()
            if number not in found:
                ahead += reversed(self.children(number).values())
                found[number] = any(a.name == _VALUE for a in self.nodes[number].attributes)
        return [number for number, is_variable in found.items() if is_variable]

    def slots(self, number: int) -> list[tuple[str, int, int]]:
        """What an optimizer keeps for variables: a kind, the variable, the object that is kept."""
        self.children(number)
        kept = self.nodes[number].slot_variables
        return [(s.slot_name, s.original_variable_node_id, s.slot_variable_node_id) for s in kept]

    def name(self, number: int) -> str:
        """What a variable was called."""
        return str(self._value(number).full_name)

    def array(self, number: int) -> np.ndarray:
        """The numbers of a variable.

        Raises:
            FileFormatError: it is none, or the files are damaged.
        """
        key = self._value(number).checkpoint_key
        # No memory is taken for more than the files can hold.
        if math.prod(self._shapes.get(key, ())) > self.room:
            raise FileFormatError(f'{self.where} is damaged: it is too short for "{key}"')
        with damage(self.where):
            return np.asarray(self._reader.get_tensor(key))

    def _value(self, number: int) -> Any:
        self.children(number)
        for attribute in self.nodes[number].attributes:
            if attribute.name == _VALUE:
                return attribute
        raise FileFormatError(
            f"{self.where} is damaged: an object should be a variable, and is not"
        )


@contextlib.contextmanager
def damage(where: str) -> Iterator[None]:
    """What TensorFlow raises inside the block becomes a FileFormatError."""
    try:
        yield
    except MyelinError:
        raise
    # Its errors are of many kinds, and none of them says which folder it was.
    except Exception as error:
        raise FileFormatError(f"{where} is damaged: {error}") from error


def description(folder: Path) -> Any:
    """What a SavedModel says of its objects and functions, none of which is run.

    Raises:
        FileFormatError: it is damaged.
        MissingExtraError: TensorFlow is not installed.
    """
    require("tensorflow", "tensorflow", PURPOSE)
    from tensorflow.core.protobuf import saved_model_pb2

    read = saved_model_pb2.SavedModel()
    with damage(str(folder)):
        read.ParseFromString((folder / "saved_model.pb").read_bytes())
        return read.meta_graphs[0]
