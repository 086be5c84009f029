"""Where progress and remarks go: to the screen, or to Python's logging."""

from __future__ import annotations

import logging
import sys

_interactive = True


def enable_interactive_logging() -> None:
    """Has progress bars and remarks go to the screen again, as they do from the beginning."""
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """Has progress bars and remarks go to Python's logging, for a program that nobody watches.

    The logger is called "myelin", the level is INFO. A progress bar is then one line at its end.
    Tables that were asked for, such as `model.summary()`, are still printed.
    """
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress bars and remarks go to the screen."""
    return _interactive


def say(text: str, end: str = "\n") -> None:
    """Tells the user something.

    Args:
        text: what; in the logs without the empty lines around it.
        end: what follows it on the screen.
    """
    if not _interactive:
        if text.strip():
            logging.getLogger("myelin").info("%s", text.strip())
        return
    try:
        sys.stdout.write(text + end)
    except UnicodeEncodeError:
        # A terminal without UTF-8 has no heavy line.
        plain = text.replace("━", "=").encode("ascii", "replace").decode()
        sys.stdout.write(plain + end)
    sys.stdout.flush()
