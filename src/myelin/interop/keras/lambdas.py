"""Lambdas in Keras's files, which are code: refused, unless the reader says that it trusts them."""

from __future__ import annotations

import base64
import builtins
import marshal
import types
from typing import Any

from myelin.errors import FileFormatError

Config = dict[str, Any]


class Reader:
    """Turns the lambdas of one file into functions that go by a name.

    Args:
        where: the file, for errors.
        safe_mode: whether they are refused.
        functions: takes the functions, by name.
    """

    def __init__(self, where: str, safe_mode: bool, functions: dict[str, Any]) -> None:
        self.where = where
        self.safe_mode = safe_mode
        self.functions = functions

    def read(self, config: Config) -> Config:
        """The configuration of a function by name for that of a lambda.

        Raises:
            FileFormatError: lambdas are refused, or it is damaged.
        """
        if self.safe_mode:
            raise FileFormatError(
                f"{self.where} holds a lambda, which is code that would run with all your rights, "
                "so it is not loaded. If you trust who made the file, pass safe_mode=False"
            )
        name = f"lambda>{len(self.functions)}"
        self.functions[name] = _function(config.get("config"), self.where)
        return {
            "module": None, "class_name": "function", "config": name,
            "registered_name": name,
        }  # fmt: skip


def _function(config: Any, where: str) -> types.FunctionType:
    """The function that Keras wrote as marshalled code, defaults and what it closes over."""
    try:
        code = marshal.loads(base64.b64decode(config["code"]))
        defaults = config.get("defaults")
        cells = config.get("closure")
        made = types.FunctionType(
            code,
            {"__builtins__": builtins},
            argdefs=None if defaults is None else tuple(map(_as_tuple, defaults)),
            closure=None if cells is None else tuple(map(types.CellType, cells)),
        )
    except (ValueError, TypeError, KeyError, EOFError, AttributeError) as error:
        raise FileFormatError(
            f"{where}: a lambda cannot be made by this Python: {error}. Make the layer anew with "
            "a function of your own, and load the weights alone"
        ) from error
    return made


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value
