"""Every error that Myelin raises on purpose, and the sentences they share.

Each class also derives from the built-in exception that Keras or Python would raise in
its place, so an `except ValueError` written for Keras still catches it.
"""

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class MyelinError(Exception):
    """The root of Myelin's own errors."""


class InputError(MyelinError, ValueError):
    """Data or an argument that cannot be used; says what, where, and how to mend it."""


class ShapeError(InputError):
    """An array whose shape does not fit; names the layer, the wanted and the given shape.

    Attributes:
        source: the layers that the array comes from, once they are known.
    """

    source: str | None = None


class UnknownNameError(MyelinError, ValueError):
    """A name that nothing goes by; names the nearest one that exists."""


class NotBuiltError(MyelinError, AttributeError, ValueError):
    """Asked for what is only known once the shape of a model's inputs is."""


class NotCompiledError(MyelinError, ValueError):
    """`fit` or `evaluate` before `compile`."""


class NonFiniteError(MyelinError, FloatingPointError):
    """A loss that became NaN or infinite; names the epoch, the step and the layer."""


class FileFormatError(MyelinError, ValueError):
    """A file that is damaged, not of the expected kind, or holds what is not known here."""


class MissingExtraError(MyelinError, ImportError):
    """An optional package is needed; names the extra that brings it."""


class DownloadError(MyelinError, OSError):
    """A data set could not be fetched; says which file to put where."""


class RiskWarning(UserWarning):
    """Something in the data makes a score untrustworthy; says what, and how to mend it."""


class RecompilationWarning(UserWarning):
    """A program is compiled anew because the shapes of its data keep changing."""


class OptimisticScoreWarning(UserWarning):
    """A score was taken on data that also chose the epoch."""


def nearest(name: object, known: Iterable[str]) -> str:
    """A closing sentence such as `Did you mean "relu"?`, or the known names, or nothing."""
    names = sorted(set(known))
    lowered = {candidate.lower().replace("_", ""): candidate for candidate in names}
    close = difflib.get_close_matches(str(name).lower().replace("_", ""), lowered, n=1, cutoff=0.5)
    if close:
        return f'Did you mean "{lowered[close[0]]}"?'
    if names and len(names) <= 12:
        return "Known: " + ", ".join(names) + "."
    return ""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for `name`, which is no `kind`; the caller raises it."""
    return UnknownNameError(f'There is no {kind} called "{name}". {nearest(name, known)}'.strip())


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Imports an optional `module`, or says which extra of Myelin brings it.

    Raises:
        MissingExtraError: the module is not installed.
        ImportError: it is installed, but cannot be imported; the package's own error.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or package).partition(".")[0] != package:
            raise
        raise MissingExtraError(
            f"{purpose} needs {package}, which is not installed: pip install 'myelin[{extra}]'"
        ) from error
