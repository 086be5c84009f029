"""What a traceback shows: the program's own frames, and one of Myelin's."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, TypeVar

from myelin.errors import MyelinError

_Function = TypeVar("_Function", bound=Callable[..., Any])

_setting = {"filtering": True}


def enable_traceback_filtering() -> None:
    """Leaves Myelin's and jax's own frames out of tracebacks, as at the start."""
    _setting["filtering"] = True


def disable_traceback_filtering() -> None:
    """Has tracebacks show all frames from now on, as a report of a fault in Myelin wants them."""
    _setting["filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """Whether tracebacks leave out Myelin's and jax's own frames."""
    return _setting["filtering"]


def door(function: _Function) -> _Function:
    """What people call: what it raises shows its own frame and those of the program below it.

    jax's frames go in any case; Myelin's go too unless the fault is raised in them and is none
    that Myelin raises on purpose.
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            trace = error.__traceback__
            # Where the arguments did not fit there is no frame but the one here.
            if _setting["filtering"] and trace is not None and trace.tb_next is not None:
                error.__traceback__ = trace.tb_next
                cut(error)
            # Alone, `raise` adds no frame for this line.
            raise

    return called  # type: ignore[return-value]


def cut(error: Exception) -> None:
    """Leaves the first frame of an error as it is, and takes out those below it; see `door`."""
    if not _setting["filtering"]:
        return
    first, *below = list(_frames(error.__traceback__))
    error.__traceback__ = _joined([first, *_shown(below, error)])
    for other in _behind(error):
        other.__traceback__ = _joined(_shown(list(_frames(other.__traceback__)), other))
    for each in (error, *_behind(error)):
        _without_notes_of_jax(each)


def stacklevel() -> int:
    """What `warnings.warn` wants, called beside this, to name the program's line."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_MYELIN):
        frame, level = frame.f_back, level + 1
    return level


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _joined(frames: list[TracebackType]) -> TracebackType | None:
    for frame, following in zip(frames, [*frames[1:], None], strict=False):
        frame.tb_next = following
    return frames[0] if frames else None


def _shown(frames: list[TracebackType], error: BaseException) -> list[TracebackType]:
    mine = [frame for frame in frames if not _is_below(frame, _libraries())]
    ours = bool(mine) and _is_below(mine[-1], _MYELIN)
    if ours and not isinstance(error, MyelinError):
        return mine
    return [frame for frame in mine if not _is_below(frame, _MYELIN)]


def _is_below(frame: TracebackType, folders: tuple[str, ...]) -> bool:
    return frame.tb_frame.f_code.co_filename.startswith(folders)


_MYELIN = (os.path.dirname(os.path.abspath(__file__)) + os.sep,)


def _libraries() -> tuple[str, ...]:
    """Where jax lies, and what stands between its frames."""
    found = (sys.modules.get(name) for name in ("jax", "jaxlib"))
    folders = [os.path.dirname(module.__file__) + os.sep for module in found
               if module is not None and module.__file__]  # fmt: skip
    return (*folders, contextlib.__file__, functools.__file__, "<frozen ")


def _behind(error: BaseException) -> Iterator[BaseException]:
    """What an error came from, one behind the other."""
    seen = {id(error)}
    other = error.__cause__ or error.__context__
    while other is not None and id(other) not in seen:
        yield other
        seen.add(id(other))
        other = other.__cause__ or other.__context__


def _without_notes_of_jax(error: BaseException) -> None:
    """Takes away what jax says of the frames that it has taken away."""
    notes = [note for note in getattr(error, "__notes__", ()) if "JAX has removed" not in note]
    if hasattr(error, "__notes__"):
        error.__notes__ = notes
    cause = error.__cause__
    if cause is not None and type(cause).__module__.startswith("jax._src.traceback"):
        error.__cause__ = None
        error.__suppress_context__ = True
