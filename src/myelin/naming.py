"""Names given to what the user left unnamed: `dense`, `dense_1`, `dense_2`."""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator

_used: Counter[str] = Counter()
# The name scopes that are open, the outermost first.
_open: list[str] = []
# What `uid` has counted to.
_counted: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """A class name as Keras spells it in variable paths.

    >>> snake_case("BatchNormalization"), snake_case("ReLU")
    ('batch_normalization', 're_lu')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """`prefix` the first time in a program, then `prefix_1`, `prefix_2` and so on."""
    count = _used[prefix]
    _used[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def within_scope(name: str) -> str:
    """A name with those of the open name scopes before it, joined with "/"."""
    return "/".join([*_open, name])


@contextlib.contextmanager
def opened(name: str) -> Iterator[None]:
    """Inside the block `within_scope` puts `name` before others."""
    _open.append(name)
    try:
        yield
    finally:
        _open.pop()


def uid(prefix: str = "") -> int:
    """1 the first time that it is asked for `prefix`, then 2, 3 and so on."""
    _counted[prefix] += 1
    return _counted[prefix]


def reset_names() -> None:
    """Starts all names anew, as `keras.backend.clear_session` does."""
    _used.clear()
    _counted.clear()


@contextlib.contextmanager
def anew() -> Iterator[None]:
    """Inside the block names begin anew; after it they go on as if it had not been."""
    before = _used.copy()
    _used.clear()
    try:
        yield
    finally:
        _used.clear()
        _used.update(before)


def unique(name: str, taken: set[str]) -> str:
    """`name`, or `name_1`, `name_2` … where it is taken already; adds the answer to `taken`."""
    candidate, count = name, 0
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    taken.add(candidate)
    return candidate
