"""The package as a whole: its public names, its weight, and that the papers agree with it."""

import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import myelin

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("sklearn", "matplotlib", "rich", "typer", "pandas", "polars", "h5py", "PIL", "scipy",
         "keras", "tensorflow", "torch", "tensorboard")  # fmt: skip


def modules():
    """The names of all modules of the package but the one that is a program."""
    folder = Path(myelin.__file__).parent
    parts = [file.relative_to(folder).with_suffix("").parts for file in folder.rglob("*.py")]
    names = (".".join(("myelin", *each)).removesuffix(".__init__") for each in parts)
    return sorted(set(names) - {"myelin.__main__"})


def loaded_after(program):
    """The top names in `sys.modules` of a fresh process after `program`."""
    shown = (
        "import sys, json; print(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{shown}"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", modules())
def test_public_names_are_there_and_have_docstrings(module):
    # What stands behind a door to PyTorch is written in it.
    torchs = ("myelin.interop.torch.outward.", "myelin.interop.torch.inward.exported")
    if module.startswith(torchs) and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    found = importlib.import_module(module)
    assert inspect.getdoc(found), f"{module} has no docstring"
    without = []
    for name in getattr(found, "__all__", ()):
        value = getattr(found, name)
        if inspect.isroutine(value) or inspect.isclass(value) or inspect.ismodule(value):
            without += _without_docstring(f"{module}.{name}", value)
    assert not without, f"no docstring: {', '.join(without)}"


def _without_docstring(path, value):
    """`path` itself and the paths of its public methods that no docstring describes."""
    if not str(getattr(value, "__module__", None) or value.__name__).startswith("myelin"):
        return []
    # An inherited docstring describes a method, but not a class.
    own = value.__doc__ if inspect.isclass(value) else inspect.getdoc(value)
    without = [] if own else [path]
    if inspect.isclass(value):
        for name, member in inspect.getmembers(value):
            ours = str(getattr(member, "__module__", "")).startswith("myelin")
            if not name.startswith("_") and inspect.isroutine(member) and ours:
                without += [] if inspect.getdoc(member) else [f"{path}.{name}"]
            if not name.startswith("_") and isinstance(member, property):
                without += [] if inspect.getdoc(member) else [f"{path}.{name}"]
    return without


def test_dir_lists_what_the_door_offers():
    assert set(myelin.__all__) <= set(dir(myelin))
    assert "Sequential" in myelin.__all__


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(AttributeError, match="Sequential"):
        myelin.Sequentail  # noqa: B018


def test_import_alone_is_light():
    loaded = loaded_after("import myelin")
    assert not loaded & {*HEAVY, "jax", "optax", "numpy"}


def test_a_program_brings_nothing_that_it_does_not_use():
    loaded = loaded_after(
        "import myelin as keras\n"
        "model = keras.Sequential([keras.layers.Dense(1)])\n"
        "model.compile('adam', 'mse', metrics=['mae'])\n"
        "model.fit([[0.0], [1.0]], [[0.0], [1.0]], batch_size=1, verbose=0)"
    )
    assert "jax" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_the_command_explains_itself_without_jax(arguments):
    loaded = loaded_after(
        "import sys\n"
        f"sys.argv = ['myelin', *{arguments!r}]\n"
        "from myelin.cli.main import run\n"
        "try:\n"
        "    run()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code"
    )
    assert not loaded & {"jax", "optax", "sklearn", "matplotlib", "pandas"}


class TestPapers:
    def test_one_version(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert myelin.__version__ == project["version"] == importlib.metadata.version("myelin")
        assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text()

    def test_types_are_published(self):
        assert (Path(myelin.__file__).parent / "py.typed").is_file()

    def test_licence_is_the_one_declared(self):
        text = (ROOT / "LICENSE").read_text()
        assert "Apache License" in text
        assert "Version 2.0, January 2004" in text
        assert "END OF TERMS AND CONDITIONS" in text
