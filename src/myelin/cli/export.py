"""`myelin export`: a saved model for another system, run there to see that it is the same."""

from __future__ import annotations

from pathlib import Path

from myelin.cli import files, screen
from myelin.cli.own import code_of
from myelin.errors import InputError, UnknownNameError

# Outputs that differ by more of their scale are no longer the same.
MOST = 1e-4
DIFFERENT = 1


def export(model: str, to: str, output: str | None, code: str | None = None) -> int:
    """Writes a model for another system, runs it there on a sample, and prints the difference.

    Args:
        model: a model file, or the folder of a run.
        to: the system's name.
        output: the file or folder to write; None: beside the model, with its name.
        code: the Python file with the network's own layers, or None.

    Returns:
        The exit code: 1 where an output differs by more than 1e-4 of its scale.

    Raises:
        InputError: a model that cannot be read, or a layer that the system cannot express.
        UnknownNameError: there is no such system.
    """
    from myelin import load_model
    from myelin.interop import exporting
    from myelin.interop.inference import Inference

    system = exporting.system_of(to)
    path = Path(model)
    if not path.exists():
        raise InputError(f'There is no model "{model}"')
    run = path / files.MODEL
    path = run if run.exists() else path
    target = Path(output) if output is not None else _beside(path, system.ending)
    with code_of(code):
        try:
            loaded = load_model(path, compile=False)
        except UnknownNameError as error:
            raise InputError(
                f"{path}: {error} If it is the network's own, name the file that --model named "
                "in training with --code FILE.py"
            ) from None
        inference = Inference(loaded)
        system.write(loaded, target, None)
        sample = inference.sample()
        largest, relative = exporting.difference(to, target, inference, sample)
    screen.say(f"Wrote {target} for {system.title}")
    shapes = " and ".join(str(array.shape) for array in sample)
    screen.say(
        f"On random inputs of shape {shapes} its outputs differ from Myelin's by at most "
        f"{largest:.2g}, which is {relative:.2g} of their scale"
    )
    if relative <= MOST:
        return 0
    screen.say(f"That is more than {MOST:g}: do not rely on {target}", stderr=True)
    return DIFFERENT


def _beside(path: Path, ending: str) -> Path:
    """The model's name with another ending; for a folder, one of its own."""
    target = path.with_suffix(ending) if ending else path.with_name(f"{path.stem}_tensorflow")
    if target == path:
        raise InputError(f"{path} has that format already: name another file with --output")
    return target
