"""`--model FILE.py:FUNCTION`: the user's own network, from a file that imports keras or myelin."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from myelin.errors import InputError, nearest

if TYPE_CHECKING:
    from myelin import Model

_USAGE = "--model wants FILE.py:FUNCTION, such as net.py:build"


@dataclass(frozen=True)
class OwnNetwork:
    """The user's function that makes a network.

    Attributes:
        given: as the user wrote it, `FILE.py:FUNCTION`.
        function: takes `(input_shape, outputs)`, or some of `input_shape`, `outputs`, `classes`
            and `num_classes` by name, and returns a model.
    """

    given: str
    function: Callable[..., Any]

    def make(self, shape: tuple[int, ...], outputs: int, x: np.ndarray, classifies: bool) -> Model:
        """The network, tried on a few examples.

        Args:
            shape: of one example.
            outputs: the number of classes, or 1 for a value.
            x: a few examples `(n, *shape)`.
            classifies: whether the outputs must be probabilities.

        Raises:
            InputError: the function fails, returns no model, or one that does not fit the data.
        """
        from myelin import Model

        arguments = self._arguments(shape, outputs)
        with _one_line(f"--model {self.given}"):
            model = self.function(*arguments.args, **arguments.kwargs)
        if not isinstance(model, Model):
            raise InputError(
                f"--model {self.given}: wants a Keras model back, got {type(model).__name__}"
            )
        with _one_line(f"--model {self.given}: its model on inputs of shape {x.shape}"):
            given = model.predict_on_batch(x)
        _check_outputs(self.given, given, len(x), outputs, classifies)
        return model

    def _arguments(self, shape: tuple[int, ...], outputs: int) -> inspect.BoundArguments:
        known = {"input_shape": shape, "outputs": outputs, "classes": outputs,
                 "num_classes": outputs}  # fmt: skip
        signature = inspect.signature(self.function)
        named = {name: known[name] for name in signature.parameters if name in known}
        for args, kwargs in (((), named), ((shape, outputs), {})):
            with contextlib.suppress(TypeError):
                return signature.bind(*args, **kwargs)
        raise InputError(
            f"--model {self.given}: wants a function of (input_shape, outputs), has {signature}"
        )


def _check_outputs(given: str, outputs: Any, n: int, wanted: int, classifies: bool) -> None:
    shape = getattr(outputs, "shape", None)
    if shape != (n, wanted):
        what = f"{wanted} classes" if classifies else "one value"
        got = f"outputs of shape {(None, *shape[1:])}" if shape else "several outputs"
        raise InputError(
            f"--model {given}: the data have {what}, so the model wants outputs of shape "
            f"{(None, wanted)}, got {got}"
        )
    sums = np.asarray(outputs, np.float32).sum(-1)
    # Under mixed precision the sum of probabilities is 1 within a hundredth.
    if classifies and not (np.all(outputs >= 0) and np.all(np.abs(sums - 1) < 0.02)):
        raise InputError(
            f"--model {given}: the outputs are no probabilities; end the network in "
            'activation="softmax", and leave from_logits=True out of its loss'
        )


@contextlib.contextmanager
def own_network(given: str | None) -> Iterator[OwnNetwork | None]:
    """Inside the block, `keras` is Myelin and what the file defines is known; yields its function.

    Args:
        given: `FILE.py:FUNCTION`, or None for no network of the user's own.

    Raises:
        InputError: no such file or function, or a file that fails.
    """
    if given is None:
        yield None
        return
    file, colon, name = given.rpartition(":")
    if not colon or not file or not name.isidentifier():
        raise InputError(f'{_USAGE}, got "{given}"')
    with code_of(file) as module:
        function = getattr(module, name, None)
        if not callable(function):
            functions = [n for n, value in vars(module).items() if inspect.isfunction(value)]
            raise InputError(
                f'--model {given}: the file has no function "{name}". {nearest(name, functions)}'
            )
        yield OwnNetwork(given, function)


@contextlib.contextmanager
def code_of(file: str | None) -> Iterator[ModuleType | None]:
    """Inside the block, `keras` is Myelin, and the classes and functions of a file are known.

    Args:
        file: a Python file, or None for none.

    Raises:
        InputError: there is no such file, or it fails.
    """
    if file is None:
        yield None
        return
    from myelin import keras_script, registry

    path = Path(file)
    if not path.is_file():
        raise InputError(f'There is no Python file "{file}"')
    before = list(sys.path)
    keras_script.install()
    try:
        # What lies beside the file can be imported, as when Python runs it.
        sys.path.insert(0, str(path.resolve().parent))
        module = _run(path)
        named = {n: v for n, v in vars(module).items() if callable(v) and not n.startswith("__")}
        own = {n: v for n, v in named.items() if getattr(v, "__module__", "") == module.__name__}
        with registry.custom_object_scope(own):
            yield module
    finally:
        sys.path[:] = before
        keras_script.uninstall()


def _run(path: Path) -> ModuleType:
    # A file may be called as a package that it imports.
    name = f"own_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _one_line(str(path)):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _one_line(where: str) -> Iterator[None]:
    """Turns what the user's code raises into the one line that the command ends with."""
    try:
        yield
    except Exception as error:
        place = _last_line_in(error)
        raise InputError(f"{where}: {type(error).__name__}{place}: {error}") from error


def _last_line_in(error: Exception) -> str:
    """Where the user's own code was when it failed."""
    trace = error.__traceback__
    lines = []
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith("own_"):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f" in line {lines[-1]}" if lines else ""
