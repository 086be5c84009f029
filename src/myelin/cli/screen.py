"""What is printed: plain sentences and tables; in a pipe or a file, plain lines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

# Where the output is no terminal, nothing should wrap that a program may read.
_WIDTH_OF_FILES = 200


def console(stderr: bool = False) -> Any:
    """A rich console that takes text as it is: a class may be called `[red]` or `:cat:`."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_OF_FILES
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, width=width)


def say(*lines: str, stderr: bool = False) -> None:
    """Prints sentences, a line each."""
    stream = sys.stderr if stderr else sys.stdout
    for line in lines:
        print(line, file=stream)
    stream.flush()


def counted(n: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table: the first column to the left, the others to the right."""
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    for i, name in enumerate(header):
        shown.add_column(name, justify="left" if i == 0 else "right", no_wrap=True)
    for row in rows:
        shown.add_row(*row)
    console().print(shown)
