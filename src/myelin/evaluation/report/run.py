"""What is known of how a model came about, besides what the model itself tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from myelin.evaluation.intervals import Estimate


@dataclass(frozen=True)
class Run:
    """How a model came about, as far as the caller knows; all of it may be left out.

    Attributes:
        title: what the page is called, such as the name of the data.
        target: what is predicted, in a few words.
        command: what makes the model again; that of this program when None.
        seed: of the run.
        seconds: the training took.
        epoch: the epoch whose weights the model has, from 1.
        chosen_by: what chose that epoch, such as "EarlyStopping on val_loss"; None for nothing.
        history: a list of values per name, a value per epoch; the model's own when None.
        unit: in which the losses of the history are, where it is not that of the target.
        data: further facts, each a name and a sentence.
        features: the name of each feature of a table.
        notes: sentences on how the data were read.
        judged_on: the part that the judging rows are: "test", "validation" or "training".
        optimistic: why the score flatters the model, or "" where it does not; None lets the
            report find out.
        why: why the score is honest, where it is.
        held_out: what judged the rows outside a cross-validation, where there are such.
        mae: the mean absolute error and its interval, where they were taken already.
        versions: of packages, by name; those of this process when None.
    """

    title: str = "Model"
    target: str | None = None
    command: str | None = None
    seed: int | None = None
    seconds: float | None = None
    epoch: int | None = None
    chosen_by: str | None = None
    history: Mapping[str, Sequence[float]] | None = None
    unit: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    features: Sequence[str] | None = None
    notes: tuple[str, ...] = ()
    judged_on: str = "test"
    optimistic: str | None = None
    why: str | None = None
    held_out: str = (
        "The models of all folds, their outputs averaged, on rows outside the cross-validation."
    )
    mae: Estimate | None = None
    versions: Mapping[str, str] | None = None


def versions() -> dict[str, str]:
    """The versions of all that the figures depend on."""
    import platform
    from importlib.metadata import version

    import myelin

    packages = {name: version(name) for name in ("jax", "numpy", "optax")}
    return {"myelin": myelin.__version__, "python": platform.python_version(), **packages}


def machine() -> str:
    """What computes, such as `cpu, 8 cores, Linux x86_64`."""
    import os
    import platform

    import jax

    devices = jax.devices()
    kind = devices[0].platform
    named = kind if kind == "cpu" else f"{len(devices)} × {devices[0].device_kind}"
    cores = os.cpu_count() or 1
    plural = "core" if cores == 1 else "cores"
    return f"{named}, {cores} {plural}, {platform.system()} {platform.machine()}"


def this_command() -> str | None:
    """The command line of this program; None in an interactive session."""
    import shlex
    import sys

    main: Any = sys.modules.get("__main__")
    if not hasattr(main, "__file__"):
        return None
    return shlex.join(["python", *sys.orig_argv[1:]])
