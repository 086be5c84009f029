"""`Program`: what torch.export finds in a module, in a form that does not need torch."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from myelin.layers.shapes import Shape


@dataclasses.dataclass(frozen=True)
class Ref:
    """Names a value of a program: an input, a weight, or what a call gave."""

    name: str


@dataclasses.dataclass
class Weight:
    """A parameter or buffer, under its name in torch."""

    name: str
    array: np.ndarray
    trainable: bool


@dataclasses.dataclass
class Call:
    """One operation of torch's.

    Attributes:
        target: its name, such as `aten.conv2d.default`.
        arguments: what it is called with, by the names of its schema; `Ref`s for values.
        outputs: what the values are called that it gives; one name, or a list.
        path: the submodule that it is called in, such as `features.0`.
        module: that submodule's class.
        shape: of what it gives, None for sizes that vary; None where it gives several values.
    """

    target: str
    arguments: dict[str, Any]
    outputs: Any
    path: str = ""
    module: str = ""
    shape: Shape | None = None


@dataclasses.dataclass
class Program:
    """The calls between inputs and outputs.

    Attributes:
        inputs: name, shape with None for sizes that vary, and type of each.
        weights: parameters, buffers and constants by the names of their values.
        calls: in the order they compute.
        outputs: a tree of `Ref`s.
        name: the class of the module.
        always: paths of submodules whose dropout says that it is in training, and is not.
    """

    inputs: list[tuple[str, Shape, str]]
    weights: dict[str, Weight]
    calls: list[Call]
    outputs: Any
    name: str = "model"
    always: frozenset[str] = frozenset()
