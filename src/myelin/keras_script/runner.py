"""`python -m myelin`: runs a Keras program as plain Python would, with Myelin under `keras`."""

from __future__ import annotations

import builtins
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

HELP = """\
usage: python -m myelin script.py [argument ...]
       python -m myelin -m module [argument ...]
       python -m myelin -c code [argument ...]
       python -m myelin - [argument ...]

Runs a program written for keras or tensorflow.keras, unchanged, on Myelin.
Inside it, keras and tensorflow are Myelin, whether or not the real ones are installed.

The command "myelin --help" lists what else Myelin does."""

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_RUNNER_FILES = (_HERE, os.path.join(os.path.dirname(_HERE[:-1]), "__main__.py"))


class _CannotStartError(Exception):
    """Why there is nothing to run: one line for the reader, and the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the program that the arguments name, in place of this one.

    What the program raises passes through; its traceback shows the program's own frames.

    Args:
        arguments: what stands after `python -m myelin`; from `sys.argv` when not given.

    Raises:
        SystemExit: 2 for a wrong command line, 1 for a module that is not found, else what the
            program raises.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(HELP)
        return
    if given[0] in ("-V", "--version"):
        from importlib.metadata import version

        print(f"Myelin {version('myelin')}")
        return
    # Held here, so that replacing __main__ does not take away the code that is running.
    launcher = sys.modules.get("__main__")
    from myelin.keras_script.modules import install

    install()
    try:
        code, module = _prepare(given)
    except _CannotStartError as error:
        _stop(str(error), error.code)
    except BaseException:
        _show_only_the_program()
        raise
    sys.modules["__main__"] = module
    try:
        exec(code, vars(module))
    except BaseException:
        _show_only_the_program()
        raise
    finally:
        del launcher


def _stop(message: str, code: int) -> NoReturn:
    print(f"python -m myelin: {message}", file=sys.stderr)
    raise SystemExit(code)


def _prepare(given: list[str]) -> tuple[CodeType, ModuleType]:
    """The program's code and its empty `__main__`; sets `sys.argv` and `sys.path[0]`."""
    first, rest = given[0], given[1:]
    if first in ("-c", "-m"):
        if not rest:
            raise _CannotStartError(f"argument expected for the {first} option", 2)
        return _code_given(*rest) if first == "-c" else _module_named(rest[0], rest[1:])
    if first == "-":
        return _standard_input(rest)
    if first.startswith("-"):
        raise _CannotStartError(f'there is no option "{first}"; see python -m myelin --help', 2)
    return _script_at(first, rest)


def _set_command(argv: list[str], folder: str | None) -> None:
    sys.argv = argv
    if folder is not None and not sys.flags.safe_path:
        sys.path[0] = folder


def _main_module(loader: Any, **attributes: Any) -> ModuleType:
    """A fresh `__main__` with the attributes that plain Python gives it."""
    module = ModuleType("__main__")
    own = vars(module)
    own.update(__builtins__=builtins, __loader__=loader, __package__=None, **attributes)
    if sys.version_info < (3, 14):
        own["__annotations__"] = {}
    return module


def _code_given(source: str, *rest: str) -> tuple[CodeType, ModuleType]:
    _set_command(["-c", *rest], "")
    return _compile(source, "<string>"), _main_module(importlib.machinery.BuiltinImporter)


def _standard_input(rest: list[str]) -> tuple[CodeType, ModuleType]:
    _set_command(["-", *rest], "")
    module = _main_module(importlib.machinery.BuiltinImporter, __file__="<stdin>", __cached__=None)
    return _compile(sys.stdin.buffer.read(), "<stdin>"), module


def _compile(source: str | bytes, filename: str) -> CodeType:
    return compile(source, filename, "exec", dont_inherit=True)


def _script_at(given: str, rest: list[str]) -> tuple[CodeType, ModuleType]:
    """A file, or a folder or archive that holds a `__main__.py`."""
    path = os.path.abspath(given)
    if os.path.isdir(path) or path.endswith((".zip", ".pyz", ".egg")):
        return _folder_at(path, given, rest)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except FileNotFoundError:
        raise _CannotStartError(
            f'can\'t open file "{path}": no such file. This runs Keras scripts; '
            f'for a command of Myelin, write "myelin {given}", and see "myelin --help"',
            2,
        ) from None
    except OSError as error:
        raise _CannotStartError(f'can\'t open file "{path}": {error.strerror}', 2) from None
    # Plain Python follows a link to the script, so that what lies beside it can be imported.
    _set_command([given, *rest], os.path.dirname(os.path.realpath(path)))
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    return _compile(source, path), _main_module(loader, __file__=path, __cached__=None)


def _folder_at(path: str, given: str, rest: list[str]) -> tuple[CodeType, ModuleType]:
    spec = importlib.machinery.PathFinder.find_spec("__main__", [path])
    if spec is None or spec.loader is None:
        raise _CannotStartError(f"can't find '__main__' module in {path!r}", 1)
    _set_command([given, *rest], path)
    return _code_of(spec), _module_of(spec)


def _module_named(name: str, rest: list[str]) -> tuple[CodeType, ModuleType]:
    """What `python -m name` would run: a module, or the `__main__` of a package."""
    _set_command(["-m", *rest], os.getcwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            package, spec = name, importlib.util.find_spec(f"{name}.__main__")
            if spec is None:
                raise _CannotStartError(
                    f"No module named {package}.__main__; {package!r} is a package and cannot be "
                    "directly executed",
                    1,
                )
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.__main__".startswith(f"{error.name}."):
            raise
        raise _CannotStartError(str(error), 1) from None
    if spec is None or spec.loader is None:
        raise _CannotStartError(f"No module named {name}", 1)
    code = _code_of(spec)
    sys.argv[0] = spec.origin or name
    return code, _module_of(spec)


def _code_of(spec: importlib.machinery.ModuleSpec) -> CodeType:
    loader: Any = spec.loader
    code = loader.get_code(spec.name)
    if code is None:
        raise _CannotStartError(f"No code object available for {spec.name}", 1)
    return code


def _module_of(spec: importlib.machinery.ModuleSpec) -> ModuleType:
    module = _main_module(spec.loader, __file__=spec.origin, __cached__=spec.cached, __spec__=spec)
    vars(module)["__package__"] = spec.parent
    return module


def _show_only_the_program() -> None:
    """Has the exception under way reported without the runner's own frames.

    Python itself then reports it and ends the process, so exit codes, `atexit`, a hook that the
    program set and the end by a signal are as they always are.
    """
    sys.excepthook = partial(_report, sys.excepthook)


def _report(hook: Any, kind: type[BaseException], error: BaseException, trace: Any) -> None:
    error.__traceback__ = trace
    for each in _chain(error, set()):
        each.__traceback__ = _without_runner(each.__traceback__)
    hook(kind, error, error.__traceback__)


def _chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    """`error`, what it came from, and what it groups."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    grouped = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (error.__cause__, error.__context__, *grouped):
        yield from _chain(other, seen)


def _without_runner(trace: TracebackType | None) -> TracebackType | None:
    """The same traceback without the frames of `python -m myelin` and of the stand-ins."""
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    while frames and _is_launcher(frames[0].tb_frame.f_code.co_filename):
        frames.pop(0)
    kept = [f for f in frames if not f.tb_frame.f_code.co_filename.startswith(_RUNNER_FILES)]
    for frame, following in zip(kept, [*kept[1:], None], strict=False):
        frame.tb_next = following
    return kept[0] if kept else None


def _is_launcher(filename: str) -> bool:
    return filename == "<frozen runpy>" or filename.startswith(_RUNNER_FILES)
