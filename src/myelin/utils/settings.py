"""`Config`: named values of an experiment, which can be frozen and written as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from myelin.errors import InputError, nearest

_OWN = ("_values", "_frozen")


class Config(MutableMapping[str, Any]):
    """A dictionary whose entries are attributes too, until it is frozen.

    >>> config = Config(rate=0.1)
    >>> config.epochs = 3
    >>> config["epochs"], config.rate
    (3, 0.1)

    Args:
        **kwargs: the entries to begin with.

    Attributes:
        frozen: whether it refuses changes.

    Raises:
        InputError: a change while it is frozen.
        AttributeError: an attribute that is no entry, with the nearest one that is.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._values: dict[str, Any] = dict(kwargs)
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether it refuses changes."""
        return self._frozen

    def freeze(self) -> None:
        """Has it refuse changes from now on."""
        self._frozen = True

    def unfreeze(self) -> None:
        """Has it take changes again."""
        self._frozen = False

    def as_dict(self) -> dict[str, Any]:
        """The entries as a plain dictionary."""
        return dict(self._values)

    def to_json(self) -> str:
        """The entries as JSON.

        Raises:
            TypeError: a value that JSON does not know.
        """
        return json.dumps(self._values)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._check_thawed(key)
        self._values[key] = value

    def __delitem__(self, key: str) -> None:
        self._check_thawed(key)
        del self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        # Before `__init__`, as copying begins, there are no values yet.
        values = vars(self).get("_values", {})
        if name in values:
            return values[name]
        raise AttributeError(f'Config has no "{name}". {nearest(name, values)}'.strip())

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            super().__setattr__(name, value)
        else:
            self[name] = value

    def _check_thawed(self, key: str) -> None:
        if self._frozen:
            raise InputError(f'Config is frozen, so "{key}" stays as it is; unfreeze() it first')

    def __repr__(self) -> str:
        return f"<Config {self._values}>"
