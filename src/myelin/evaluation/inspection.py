"""`inspect`: what each layer of a model gives and gets back, for one batch."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jax
import numpy as np

from myelin import naming
from myelin.errors import InputError, require
from myelin.training import probing
from myelin.training.live import LiveState
from myelin.training.objective import Objective
from myelin.training.probing import Call
from myelin.training.reading import Reader
from myelin.training.step import Task
from myelin.training.trainer import Trainer

# The width of the printed tables.
WIDTH = 100


@dataclass(frozen=True)
class Numbers:
    """What an array of numbers looks like.

    Attributes:
        mean, std: of the finite ones; NaN where there are none.
        zeros, non_finite: shares of all numbers, from 0 to 1.
    """

    mean: float
    std: float
    zeros: float
    non_finite: float


@dataclass(frozen=True)
class Row:
    """One call of a layer, or an input of the model.

    Attributes:
        name, kind: of the layer, and its class.
        depth: how many layers of the model it stands inside of.
        call: which call of this layer it is, from 1.
        shape: of the outputs, batch axis first; a list of shapes where there are several.
        dtype: the type of the outputs.
        params: how many weights the layer has.
        seconds: how long the call took, with all layers inside it.
        outputs: what it gave.
        gradient: of the loss with respect to the outputs; None where nothing was derived.
        weights_gradient: of the loss with respect to all trainable weights of the layer; None
            without any.
    """

    name: str
    kind: str
    depth: int
    call: int
    shape: Any
    dtype: str
    params: int
    seconds: float
    outputs: Numbers
    gradient: Numbers | None = None
    weights_gradient: Numbers | None = None

    @property
    def title(self) -> str:
        """The name, and which call where it is not the first."""
        return self.name if self.call == 1 else f"{self.name}, call {self.call}"


class Inspection:
    """What `inspect` found; its text is the table.

    Attributes:
        rows: a `Row` for each input and each call of a layer, in the order they begin.
        loss: of the batch, or None where there were no targets.
        notes: what stands out, in sentences.
    """

    def __init__(
        self, title: str, rows: Sequence[Row], loss: float | None, notes: Sequence[str]
    ) -> None:
        self.title = title
        self.rows = list(rows)
        self.loss = loss
        self.notes = list(notes)

    def to_frame(self) -> Any:
        """The rows as a pandas data frame, a column for each number.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        pandas = require("pandas", "parquet", "Inspection.to_frame")
        return pandas.DataFrame([_flat(row) for row in self.rows])

    def plot(self) -> Any:
        """Draws the spread of outputs and gradients, and the share of zeros, layer by layer.

        Returns:
            The matplotlib figure.
        """
        from myelin import plots

        return plots.layer_statistics(
            [row.title for row in self.rows],
            {
                "outputs": [row.outputs for row in self.rows],
                "gradient of the outputs": [row.gradient for row in self.rows],
                "gradient of the weights": [row.weights_gradient for row in self.rows],
            },
        )

    def __repr__(self) -> str:
        from rich.console import Console

        file = io.StringIO()
        console = Console(file=file, width=WIDTH, highlight=False, color_system=None)
        console.print(self.title)
        for table in _tables(self.rows):
            console.print(table)
        for note in self.notes:
            console.print(note)
        return "\n".join(line.rstrip() for line in file.getvalue().rstrip().splitlines())


def inspect(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    training: bool | None = None,
    show: bool = True,
) -> Inspection:
    """Runs one batch through a model and says of each layer what it gives and gets back.

    The table has a line for each input and each call of a layer, in the order they compute, the
    layers inside others indented: output shape, type, number of weights, time, mean, spread
    (standard deviation), the share of zeros and of numbers that are not finite. With targets the
    loss is derived, and a second table has the same of its gradient with respect to the outputs
    of each layer and to its weights. Where the last activation is a softmax or sigmoid whose
    logits the loss is computed from, the gradient is that of the logits.

    The model runs uncompiled, one layer after another, and the time is that of the second run on
    the clock, waiting for each layer to end: it says which layers are dear, not how long they take
    inside a compiled step. The model stays as it is. What is inside a loop of jax's (the cell of an
    `RNN`) has no line of its own.

    Args:
        model: a `Sequential`, a `Model`, or a model of a subclass; compiled where `y` is given.
        x: inputs of one batch, as for `fit`.
        y: targets, as for `fit`; None to go forwards only.
        sample_weight: as for `fit`.
        training: whether layers behave as in training; where there are targets, when None.
        show: whether the table is printed.

    Returns:
        The `Inspection`: `rows`, `to_frame()`, `plot()`.

    Raises:
        InputError: no model, data that it cannot take, or targets and a model with a
            `train_step` of its own.
        NotCompiledError: targets, and a model that is not compiled.
    """
    if not isinstance(model, Trainer):
        raise InputError(f"inspect wants a model, got {type(model).__name__}")
    training = y is not None if training is None else training
    loss, notes, gradients = None, [], dict[str, Any]()
    reader = Reader(model)
    if y is None:
        inputs = reader.inputs(x)
        model._predicting(inputs)
        task = Task(model, model.name_variables("", set()), Objective())
        state = LiveState(task, seed=0).gather()
        inputs = jax.tree.map(jax.numpy.asarray, inputs)
        for _ in range(2):
            # The first run compiles each operation.
            calls = probing.run_forward(task, state, inputs, training)
    else:
        model._require_compiled("inspect")
        if model.has_own_steps:
            raise InputError(
                f"inspect goes backwards from the loss that compile was given, but {model.title} "
                "has steps or metrics of its own: leave y out, to go forwards only"
            )
        arrays = reader.examples(x, y, sample_weight)
        task = model._prepare(reader, arrays).task
        state = LiveState(task, seed=0).gather()
        batch = arrays.on_device()
        inputs = batch[0]
        probing.run_forward(task, state, inputs, training)
        calls, passed, gradients = probing.run_both_ways(task, state, batch, training)
        loss = float(passed.loss)
    rows = [*_inputs(inputs), *_rows(calls, gradients, task)]
    notes = list(_notes(calls, gradients, task, loss))
    how = "as in training" if training else "as in inference"
    size = jax.tree.leaves(inputs)[0].shape[0]
    title = f"{model.title}, {size} examples, {how}"
    title += "" if loss is None else f", loss {loss:.4g}"
    found = Inspection(title, rows, loss, notes)
    if show:
        print(found)
    return found


def _inputs(x: Any) -> Iterator[Row]:
    for path, leaf in jax.tree_util.tree_leaves_with_path(x):
        name = "x" + jax.tree_util.keystr(path)
        yield Row(name, "Input", 0, 1, tuple(leaf.shape), str(leaf.dtype), 0, 0.0, _numbers([leaf]))


def _rows(calls: Sequence[Call], gradients: dict[str, Any], task: Any) -> Iterator[Row]:
    paths = {id(variable): path for path, variable in task.variables.items()}
    times: dict[int, int] = {}
    for call in calls:
        if call.layer is task.model:
            continue
        layer: Any = call.layer
        times[id(layer)] = times.get(id(layer), 0) + 1
        shapes = [tuple(leaf.shape) for leaf in call.outputs]
        own = [gradients[paths[id(v)]] for v in layer.trainable_variables
               if paths.get(id(v)) in gradients]  # fmt: skip
        derived = [g for g in call.gradients if g is not None]
        yield Row(
            layer.name,
            getattr(layer, "kind", type(layer).__name__),
            call.depth,
            times[id(layer)],
            shapes[0] if len(shapes) == 1 else shapes,
            str(call.outputs[0].dtype),
            layer.count_params() if layer.built else 0,
            call.seconds,
            _numbers(call.outputs),
            _numbers(derived) if derived else None,
            _numbers(own) if own else None,
        )


def _numbers(arrays: Sequence[Any]) -> Numbers:
    flat = np.concatenate([np.asarray(a).astype(np.float32).ravel() for a in arrays])
    fine = flat[np.isfinite(flat)]
    mean, std = (fine.mean(dtype=float), fine.std(dtype=float)) if fine.size else (np.nan, np.nan)
    count = max(flat.size, 1)
    return Numbers(
        float(mean),
        float(std),
        float(np.count_nonzero(flat == 0) / count),
        float((flat.size - fine.size) / count),
    )


def _notes(calls: Sequence[Call], gradients: Any, task: Any, loss: float | None) -> Iterator[str]:
    around = {call.key[:-1] for call in calls}
    for call in calls:
        if call.key not in around and _numbers(call.outputs).non_finite:
            yield f"The outputs of {call.layer.title} are the first that are not finite."
            return
    if loss is None:
        return
    if not np.isfinite(loss):
        yield "The outputs of all layers are finite, but the loss is not."
        return
    place = probing.where_gradients_break(list(calls), gradients, task)
    if place == "loss":
        yield "The gradient of the loss with respect to the outputs of the model is not finite."
    elif isinstance(place, Call):
        yield f"On its way back the gradient is first not finite behind {place.layer.title}."


def _flat(row: Row) -> dict[str, Any]:
    """A row as one level of names: those of the numbers begin with what they are of."""
    flat: dict[str, Any] = {}
    for name, value in asdict(row).items():
        if name in ("outputs", "gradient", "weights_gradient"):
            prefix = "" if name == "outputs" else f"{name}_"
            numbers = value or dict.fromkeys(("mean", "std", "zeros", "non_finite"), np.nan)
            flat.update({f"{prefix}{key}": number for key, number in numbers.items()})
        else:
            flat[name] = value
    return flat


def _tables(rows: Sequence[Row]) -> Iterator[Any]:
    names = ("mean", "std", "zeros", "NaN/inf")
    yield _table(
        "Forwards",
        ("shape", "type", "weights", "ms", *names),
        [(row, _shape(row.shape), row.dtype, _count(row), _ms(row), *_cells(row.outputs))
         for row in rows],
    )  # fmt: skip
    if any(row.gradient or row.weights_gradient for row in rows):
        yield _table(
            "Backwards: the gradient by outputs, and by weights",
            (*names, *names),
            [(row, *_cells(row.gradient), *_cells(row.weights_gradient))
             for row in rows if row.kind != "Input"],
        )  # fmt: skip


def _table(title: str, headers: Sequence[str], lines: Sequence[Any]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, width=WIDTH,
                  padding=(0, 1, 0, 0))  # fmt: skip
    table.add_column("layer", overflow="fold", min_width=20)
    for header in headers:
        left = header in ("shape", "type")
        table.add_column(header, justify="left" if left else "right", no_wrap=not left)
    for row, *cells in lines:
        # A name that was made of the class says it already.
        said = row.kind == "Input" or row.name.startswith(naming.snake_case(row.kind))
        kind = "" if said else f" ({row.kind})"
        table.add_row("  " * row.depth + row.title + kind, *cells)
    return table


def _cells(numbers: Numbers | None) -> tuple[str, str, str, str]:
    if numbers is None:
        return ("", "", "", "")
    return (_short(numbers.mean), _short(numbers.std), _share(numbers.zeros),
            _share(numbers.non_finite))  # fmt: skip


def _short(value: float) -> str:
    return f"{value:.2e}" if value and not 1e-3 <= abs(value) < 1e4 else f"{value:.4g}"


def _share(share: float) -> str:
    return "" if share == 0 else "<0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")


def _shape(shape: Any) -> str:
    return str(shape) if isinstance(shape, tuple) else f"{shape[0]} + {len(shape) - 1} more"


def _count(row: Row) -> str:
    return "" if not row.params else f"{row.params:,}" if row.call == 1 else "shared"


def _ms(row: Row) -> str:
    return "" if row.kind == "Input" else f"{1000 * row.seconds:.2f}"
