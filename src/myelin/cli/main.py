"""The `myelin` command: its options, and how errors end.

Nothing heavy is imported before a command runs, so that `--help` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

INTERRUPTED = 130
BAD_INPUT = 2
INTERNAL = 1

app = typer.Typer(
    name="myelin",
    help="From data to a trained, judged and saved model.",
    epilog="To run a Keras program unchanged: python -m myelin script.py",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from myelin import __version__

        print(f"myelin {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """From data to a trained, judged and saved model."""


_DATA_HELP = (
    "digits, iris, wine, breast_cancer, diabetes, mnist, fashion_mnist, cifar10 or cifar100; "
    "a .npz with x and y (or x_train, y_train, x_test, y_test); a .csv or .parquet with --target; "
    "a folder with one sub-folder of images a class."
)
_MODEL_HELP = "The folder that train wrote, or the model file in it."
_SAVED_HELP = "A model file, or the folder that train wrote."
_OWN_HELP = (
    "Your own network: a function of (input_shape, outputs) that returns a Keras model, compiled "
    "or not. The file may import keras, tensorflow.keras or myelin. Pixels come as they are, 0 to "
    "255."
)
_CODE_HELP = (
    "The file that --model named in training, where the network has layers of its own: a model "
    "file holds no code."
)


@app.command()
def train(
    context: typer.Context,
    data: Annotated[str, typer.Argument(metavar="DATA", help=_DATA_HELP)] = "digits",
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of a table to predict.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="classification or regression; decided from the target if not given.",
        ),
    ] = None,
    hidden: Annotated[
        str | None,
        typer.Option(
            metavar="UNITS",
            help="Units of each hidden layer of a dense network, as in 256,128; 0: none.  "
            "[default: 128; images get convolutions]",
        ),
    ] = None,
    dropout: Annotated[
        float | None,
        typer.Option(help="Share of units dropped in training.  [default: 0.2; images 0.5]"),
    ] = None,
    l1: Annotated[float, typer.Option(help="L1 penalty on the weights.")] = 0.0,
    l2: Annotated[float, typer.Option(help="L2 penalty on the weights.")] = 0.0,
    optimizer: Annotated[
        str | None, typer.Option(help="Keras's name of it.  [default: adam]")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="The optimizer's own if not given.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="The most epochs.")] = 50,
    batch_size: Annotated[int, typer.Option(help="Examples a step.")] = 32,
    validation_split: Annotated[
        float, typer.Option(help="Share of the training part that chooses the epoch.")
    ] = 0.2,
    test_split: Annotated[
        float, typer.Option(help="Share that only judges; data with a test part use that.")
    ] = 0.2,
    cv: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Judge by a cross-validation of K folds, all trained at once, rather than by "
            "test rows; the model that is kept learns from all rows.",
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            help="Stop after so many epochs without a better validation loss, and keep the best; "
            "0: off.  [default: 5]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 0,
    image_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="32, or height x width as in 32x48; the images' own up to 64."
        ),
    ] = None,
    augment: Annotated[
        str,
        typer.Option(
            metavar="LEVEL",
            help="Images, in training only. light: flipped, and shifted, turned and zoomed a "
            "little (gray signs of one letter or digit are not flipped); strong: colors and "
            "erased parts too; or off.",
        ),
    ] = "off",
    model: Annotated[str | None, typer.Option(metavar="FILE.py:FUNCTION", help=_OWN_HELP)] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="[default: runs/<data>-<number>]"),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Go on with the run in FOLDER, which was killed or interrupted, as if it never "
            "was; it knows its data and options.",
        ),
    ] = None,
    verbose: Annotated[
        int | None,
        typer.Option("--verbose", "-v", help="0 silent, 1 a bar, 2 a line an epoch."),
    ] = None,
) -> int:
    """Train a model on DATA (digits if not given), judge it, and save it."""
    from myelin.cli import options, train

    if resume is not None:
        from myelin.cli.files import read_run

        _refuse_beside_resume(context)
        return train.train(*read_run(resume, verbose), resumed=True)
    return train.train(
        data,
        options.TrainOptions(
            target=target, task=task, hidden=options.parse_hidden(hidden), dropout=dropout,
            l1=l1, l2=l2, optimizer=optimizer, learning_rate=learning_rate, epochs=epochs,
            batch_size=batch_size, validation_split=validation_split, test_split=test_split,
            cv=cv, patience=patience, seed=seed, image_size=options.parse_size(image_size),
            augment=augment, model=model, output=output, verbose=verbose,
        ),
    )  # fmt: skip


def _refuse_beside_resume(context: typer.Context) -> None:
    """Raises where the command was told what the run that goes on was told already."""
    from myelin.errors import InputError

    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in ("resume", "verbose") and getattr(source, "name", "") == "COMMANDLINE":
            what = "DATA" if name == "data" else "--" + name.replace("_", "-")
            raise InputError(f"--resume goes on with what the run was told: leave {what} out")


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help=_MODEL_HELP)],
    data: Annotated[str, typer.Argument(help="As for train; targets are not needed.")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A CSV file instead of the screen."),
    ] = None,
    code: Annotated[str | None, typer.Option(metavar="FILE.py", help=_CODE_HELP)] = None,
) -> int:
    """Write the predicted class and its probability, or the value, for each example, as CSV."""
    from myelin.cli import reuse

    return reuse.predict(model, data, output, code)


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help=_MODEL_HELP)],
    data: Annotated[str, typer.Argument(help="As for train.")],
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column, if it has another name.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A JSON file for the scores too."),
    ] = None,
    code: Annotated[str | None, typer.Option(metavar="FILE.py", help=_CODE_HELP)] = None,
) -> int:
    """Judge a model on data that have their targets."""
    from myelin.cli import reuse

    return reuse.evaluate(model, data, target, output, code)


@app.command()
def export(
    model: Annotated[str, typer.Argument(help=_SAVED_HELP)],
    to: Annotated[
        str, typer.Option(metavar="SYSTEM", help="onnx, torch, keras, tensorflow or stablehlo.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="PATH",
            help="The file to write, for tensorflow the folder.  [default: beside the model, "
            "with its name]",
        ),
    ] = None,
    code: Annotated[str | None, typer.Option(metavar="FILE.py", help=_CODE_HELP)] = None,
) -> int:  # fmt: skip
    """Write a saved model for another system, run it there, and compare the outputs."""
    from myelin.cli import export

    return export.export(model, to, output, code)


def run(arguments: Sequence[str] | None = None) -> None:
    """Runs the command, and ends the process.

    Args:
        arguments: of the command; those of the process when not given.

    Raises:
        SystemExit: 0, 2 for bad input, 1 for a fault of Myelin's own, 130 for Ctrl-C.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding cannot show is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(given or ["--help"], standalone_mode=False)
    except Exception as error:
        if os.environ.get("MYELIN_DEBUG") == "1":
            raise
        code = _explain(error)
    except KeyboardInterrupt:
        code = _interrupted()
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: Exception) -> int:
    """Says in one line what went wrong; gives the exit code."""
    from myelin.errors import MyelinError

    if isinstance(error, typer.Abort):
        return _interrupted()
    if isinstance(error, BrokenPipeError):
        # The reader, such as head, has seen enough; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    usage: Any = getattr(error, "format_message", None)
    if usage is not None:
        return _fail(usage(), BAD_INPUT)
    if isinstance(error, MyelinError):
        return _fail(str(error), BAD_INPUT)
    if isinstance(error, OSError) and error.filename is not None:
        return _fail(f"{error.filename}: {error.strerror}", BAD_INPUT)
    if isinstance(error, MemoryError):
        return _fail("the data do not fit into the memory", INTERNAL)
    return _fail(
        f"internal error, {type(error).__name__}: {error} (MYELIN_DEBUG=1 shows where)", INTERNAL
    )


def _fail(message: str, code: int) -> int:
    print(f"myelin: {' '.join(message.split())}", file=sys.stderr)
    return code


def _interrupted() -> int:
    return _fail("interrupted", INTERRUPTED)
