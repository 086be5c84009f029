"""What `myelin train` can be told, checked before any work starts."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from myelin.errors import InputError, unknown_name

TASKS = ("classification", "regression")
AUGMENTATIONS = ("off", "light", "strong")
DEFAULT_HIDDEN = (128,)
DEFAULT_OPTIMIZER = "adam"


@dataclass(frozen=True)
class TrainOptions:
    """The options of `train`, under their own names.

    Attributes:
        hidden: the units of each hidden layer of a dense network; None lets the data decide.
        dropout: None for the network's own.
        optimizer: None for the default.
        image_size: height and width, or None to find it.
        cv: the number of folds of a cross-validation, or None for none.
        patience: 0 for no early stopping; None for the default.
        augment: how much images are changed in training.
        model: the user's own network, as `FILE.py:FUNCTION`, or None.
    """

    target: str | None
    task: str | None
    hidden: tuple[int, ...] | None
    dropout: float | None
    l1: float
    l2: float
    optimizer: str | None
    learning_rate: float | None
    epochs: int
    batch_size: int
    validation_split: float
    test_split: float
    cv: int | None
    patience: int | None
    seed: int
    image_size: tuple[int, int] | None
    augment: str
    model: str | None
    output: str | None
    verbose: int | None

    def __post_init__(self) -> None:
        if self.task is not None and self.task not in TASKS:
            raise unknown_name("--task", self.task, TASKS)
        if self.augment not in AUGMENTATIONS:
            raise unknown_name("--augment", self.augment, AUGMENTATIONS)
        _at_least("--epochs", self.epochs, 1)
        _at_least("--batch-size", self.batch_size, 1)
        if self.dropout is not None:
            _in_range("--dropout", self.dropout)
        _in_range("--validation-split", self.validation_split)
        _in_range("--test-split", self.test_split)
        if self.cv is not None:
            _at_least("--cv", self.cv, 2)
        _finite_from_zero("--l1", self.l1)
        _finite_from_zero("--l2", self.l2)
        if self.learning_rate is not None:
            _finite_from_zero("--learning-rate", self.learning_rate)
            if self.learning_rate == 0:
                raise InputError("--learning-rate wants a number above 0, got 0")
        if self.patience is not None:
            _at_least("--patience", self.patience, 0)
            if self.patience and not self.validation_split:
                raise InputError("--patience watches the validation rows: --validation-split is 0")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"--seed wants a whole number from 0 to {2**32 - 1}, got {self.seed}")
        if self.verbose not in (None, 0, 1, 2):
            raise InputError(f"--verbose wants 0, 1 or 2, got {self.verbose}")
        if self.model is not None:
            self._check_only_own_network()

    def _check_only_own_network(self) -> None:
        """Raises where an option shapes the network that `--model` brings itself."""
        given = {
            "--hidden": self.hidden is not None, "--dropout": self.dropout is not None,
            "--l1": bool(self.l1), "--l2": bool(self.l2), "--augment": self.augment != "off",
        }  # fmt: skip
        for name in (name for name, is_given in given.items() if is_given):
            what = "augmentation layers" if name == "--augment" else "what it stands for"
            raise InputError(
                f"{name} is for the networks that train makes: with --model, put {what} into "
                "your own"
            )

    def to_json(self) -> dict[str, Any]:
        """The options as plain data."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> TrainOptions:
        """The options that `to_json` gave.

        Raises:
            TypeError: they are not options.
        """
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in plain.items()
        }
        return cls(**given)


def parse_hidden(text: str | None) -> tuple[int, ...] | None:
    """`256,128` as numbers of units; `0` is no hidden layer.

    Raises:
        InputError: anything else.
    """
    if text is None:
        return None
    try:
        units = tuple(int(part) for part in text.split(","))
    except ValueError:
        units = (-1,)
    if units == (0,):
        return ()
    if min(units) < 1:
        raise InputError(f'--hidden wants numbers of units such as 128 or 256,128, got "{text}"')
    return units


def parse_size(text: str | None) -> tuple[int, int] | None:
    """`32` or `32x48` as height and width.

    Raises:
        InputError: anything else.
    """
    if text is None:
        return None
    try:
        sides = [int(part) for part in text.lower().split("x")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise InputError(f'--image-size wants 32, or height x width as in 32x48, got "{text}"')
    return sides[0], sides[-1]


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise InputError(f"{name} wants a whole number of at least {least}, got {value}")


def _in_range(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise InputError(f"{name} wants a number from 0 up to but not including 1, got {value:g}")


def _finite_from_zero(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{name} wants a number of at least 0, got {value:g}")
