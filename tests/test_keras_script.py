"""`python -m myelin`: stand-in modules, and the same process behaviour as plain Python."""

import importlib
import importlib.util
import re
import signal
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest

import myelin
from myelin import dtypes, keras_script, random
from myelin.keras_script import processes

PLAIN = [sys.executable]
MYELIN = [sys.executable, "-m", "myelin"]


@pytest.fixture
def installed():
    """The stand-ins in this process, for one test."""
    keras_script.install()
    yield
    keras_script.uninstall()


@pytest.fixture
def room(monkeypatch):
    """A small Myelin module, `myelin.rooms`, for what must not depend on the real ones."""
    module = types.ModuleType("myelin.rooms")
    module.Dense = type("Dense", (), {})
    module.Dropout = type("Dropout", (), {})
    module.np = np
    module.Any = importlib.import_module("typing").Any
    monkeypatch.setitem(sys.modules, "myelin.rooms", module)
    monkeypatch.setattr(myelin, "rooms", module, raising=False)
    return module


def run(command, *arguments, cwd, given=None):
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=cwd,
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
    )


def write(folder, name, source):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source))
    return path


class TestModules:
    def test_all_forms_of_import_give_the_same_things(self, installed, room):
        space = {}
        exec(
            "import keras, keras.rooms, tensorflow as tf\n"
            "import keras.rooms as r\n"
            "from keras import rooms\n"
            "from keras.rooms import Dense\n"
            "from tensorflow import keras as k\n"
            "from tensorflow.keras import rooms as t\n"
            "from tensorflow.keras.rooms import Dense as D\n",
            space,
        )
        assert space["Dense"] is room.Dense is space["D"]
        assert space["keras"].rooms is space["r"] is space["rooms"]
        assert space["rooms"].Dense is room.Dense
        assert space["tf"].keras is space["k"]
        assert space["k"].rooms is space["t"]
        assert space["t"].Dense is room.Dense

    @pytest.mark.parametrize("prefix", ["keras", "tensorflow.keras"])
    def test_versions(self, installed, prefix):
        module = importlib.import_module(prefix)
        assert module.__version__ == "3.15.0"
        assert module.version() == "3.15.0"
        tensorflow = importlib.import_module("tensorflow")
        assert tensorflow.__version__ == tensorflow.version.VERSION == "2.21.0"

    def test_a_misspelt_attribute_names_the_nearest(self, installed, room):
        from keras import rooms

        with pytest.raises(AttributeError) as caught:
            rooms.Dence  # noqa: B018
        assert str(caught.value) == 'Myelin has no "keras.rooms.Dence". Did you mean "Dense"?'
        assert not hasattr(rooms, "Dence")
        assert getattr(rooms, "Dence", 7) == 7

    @pytest.mark.parametrize(
        ("statement", "kind", "message"),
        [
            (
                "from keras.rooms import Dence",
                ImportError,
                'Myelin has no "keras.rooms.Dence". Did you mean "Dense"?',
            ),
            (
                "from tensorflow.keras.rooms import Dence",
                ImportError,
                'Myelin has no "tensorflow.keras.rooms.Dence". Did you mean "Dense"?',
            ),
            (
                "import keras.rooms.Dence",
                ModuleNotFoundError,
                'Myelin has no "keras.rooms.Dence". Did you mean "Dense"?',
            ),
            (
                "from keras.backnd import floatx",
                ModuleNotFoundError,
                'Myelin has no "keras.backnd". Did you mean "backend"?',
            ),
            (
                "from tensorflow.keras.nowhere.at_all import x",
                ModuleNotFoundError,
                'Myelin has no "tensorflow.keras.nowhere"',
            ),
            ("import keras.src", ModuleNotFoundError, "keras.src.*public module"),
            ("from keras.src import layers", ModuleNotFoundError, "keras.src.*public module"),
            ("from keras import src", ImportError, "keras.src.*public module"),
            (
                "from tensorflow.python.keras import layers",
                ModuleNotFoundError,
                "tensorflow.keras",
            ),
            ("import tensorflow.nowhere", ModuleNotFoundError, "Myelin has no"),
            ("import tensorflow as tf; tf.data.Datasets", AttributeError, 'mean "Dataset"'),
            (
                "import tensorflow as tf; tf.random.set_sed",
                AttributeError,
                'Did you mean "set_seed"',
            ),
        ],
    )
    def test_what_is_missing(self, installed, room, statement, kind, message):
        with pytest.raises(kind) as caught:
            exec(statement, {})
        assert type(caught.value) is kind
        assert re.search(message.replace("?", r"\?"), str(caught.value))

    def test_imported_modules_are_no_names_of_keras(self, installed, room):
        from keras import rooms

        assert not hasattr(rooms, "np")
        assert not hasattr(rooms, "Any")
        room.__all__ = ["Dense", "np"]
        assert rooms.np is np

    def test_dir_and_star(self, installed, room):
        from keras import rooms

        assert {"Dense", "Dropout"} <= set(dir(rooms))
        assert not {"np", "Any"} & set(dir(rooms))
        space = {}
        exec("from keras.rooms import *", space)
        assert space["Dropout"] is room.Dropout
        assert "backend" in dir(importlib.import_module("keras"))

    def test_a_function_wins_over_a_file_of_its_name(self, installed, room, monkeypatch):
        monkeypatch.setitem(sys.modules, "myelin.rooms.hinge", types.ModuleType("hinge"))
        room.hinge = lambda: 1
        room.hinge.__module__ = "myelin.rooms.hinge"
        from keras.rooms import hinge

        assert hinge is room.hinge

    def test_an_error_inside_myelin_is_not_hidden(self, installed, tmp_path, monkeypatch):
        write(tmp_path, "broken.py", "import surely_not_installed")
        monkeypatch.setattr(myelin, "__path__", [*myelin.__path__, str(tmp_path)])
        with pytest.raises(ModuleNotFoundError, match="surely_not_installed"):
            exec("import keras.broken", {})

    def test_find_spec_sees_them(self, installed):
        assert importlib.util.find_spec("tensorflow") is not None
        assert importlib.util.find_spec("keras.backend") is not None

    def test_attributes_can_be_set(self, installed, room):
        import keras.rooms

        keras.rooms.Mine = 5
        assert keras.rooms.Mine == 5
        assert not hasattr(room, "Mine")


class TestNamesElsewhere:
    def test_seeds(self, installed):
        import keras
        import tensorflow as tf

        drawn = []
        for seed in (keras.utils.set_random_seed, tf.keras.utils.set_random_seed,
                     tf.random.set_seed):  # fmt: skip
            seed(11)
            drawn.append(random.next_seed())
        assert len(set(drawn)) == 1

    def test_configuration(self, installed):
        import keras

        assert keras.config.floatx() == keras.backend.floatx() == "float32"
        assert keras.backend.backend() == keras.config.backend() == "jax"
        assert keras.backend.epsilon() == 1e-7
        assert keras.backend.image_data_format() == "channels_last"
        keras.backend.set_image_data_format("channels_last")
        with pytest.raises(ValueError, match="channels_last"):
            keras.backend.set_image_data_format("channels_first")

    def test_policy(self, installed):
        import keras
        from tensorflow.keras import mixed_precision

        try:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
            assert dtypes.dtype_policy().compute_dtype == "bfloat16"
            assert mixed_precision.global_policy() == mixed_precision.Policy("mixed_bfloat16")
        finally:
            keras.config.set_dtype_policy("float32")

    def test_clear_session_starts_names_anew(self, installed):
        import keras

        from myelin import naming

        keras.backend.clear_session()
        assert [naming.auto_name("dense") for _ in range(2)] == ["dense", "dense_1"]
        keras.utils.clear_session()
        assert naming.auto_name("dense") == "dense"

    def test_tensorflow_around_the_model(self, installed):
        import tensorflow as tf

        assert [device.device_type for device in tf.config.list_physical_devices("CPU")]
        assert tf.config.list_physical_devices("NPU") == []
        assert len(tf.config.experimental.list_physical_devices()) >= 1
        assert tf.test.gpu_device_name() == ("/device:GPU:0" if tf.test.is_gpu_available() else "")
        assert tf.executing_eagerly()
        assert tf.float32 == "float32"
        assert tf.bfloat16.itemsize == 2

        @tf.function
        def one():
            return 1

        @tf.function(jit_compile=True)
        def two():
            return 2

        assert (one(), two()) == (1, 2)
        tf.get_logger().setLevel("ERROR")

    def test_arithmetic_is_that_of_tensorflow(self, installed):
        pytest.importorskip("myelin.ops")
        import tensorflow as tf

        x = np.array([[1.0, -2.0], [3.0, 4.0]], "float32")
        table = [
            (tf.reduce_mean(x, axis=0), [2, 1]),
            (tf.reduce_sum(x, axis=1, keepdims=True), [[-1], [7]]),
            (tf.math.reduce_max(x), 4),
            (tf.square(x), x * x),
            (tf.cast(x, tf.int32), x.astype(int)),
            (tf.concat([x, x], 0), np.concatenate([x, x])),
            (tf.expand_dims(x, 0), x[None]),
            (tf.matmul(x, x), x @ x),
            (tf.nn.relu(x), np.maximum(x, 0)),
            (tf.clip_by_value(x, -1.0, 1.0), np.clip(x, -1, 1)),
            (tf.where(x > 0, x, 0.0), np.maximum(x, 0)),
            (tf.argmax(x, 1), [0, 1]),
            (tf.transpose(x, [1, 0]), x.T),
            (tf.constant([1.0, 2.0]), [1, 2]),
            (tf.keras.backend.mean(x, axis=-1), [-0.5, 3.5]),
            (tf.keras.backend.clip(x, 0, 1), np.clip(x, 0, 1)),
            (tf.range(3), [0, 1, 2]),
        ]
        for given, wanted in table:
            np.testing.assert_allclose(given, wanted, rtol=1e-6)
        assert isinstance(tf.constant(1.0), tf.Tensor)
        assert tf.constant([1.0, 2.0]).numpy().tolist() == [1.0, 2.0]


class TestInstall:
    def test_real_modules_are_set_aside_and_come_back(self, monkeypatch):
        real = types.ModuleType("keras")
        real_layers = types.ModuleType("keras.layers")
        monkeypatch.setitem(sys.modules, "keras", real)
        monkeypatch.setitem(sys.modules, "keras.layers", real_layers)
        keras_script.install()
        try:
            keras_script.install()
            assert importlib.import_module("keras") is not real
            assert importlib.import_module("keras").__version__ == "3.15.0"
        finally:
            keras_script.uninstall()
        assert sys.modules["keras"] is real
        assert sys.modules["keras.layers"] is real_layers
        keras_script.uninstall()
        assert sys.modules["keras"] is real

    def test_uninstall_takes_everything_away(self):
        import jax

        from multiprocessing import spawn  # isort: skip

        before = spawn.get_preparation_data
        finders = list(sys.meta_path)
        keras_script.install()
        import keras as stand_in

        assert jax.device_put(np.ones(2)).numpy().tolist() == [1, 1]
        assert spawn.get_preparation_data is not before
        keras_script.uninstall()
        assert sys.meta_path == finders
        assert spawn.get_preparation_data is before
        assert not hasattr(jax.device_put(np.ones(2)), "numpy")
        assert sys.modules.get("keras") is not stand_in
        assert stand_in.backend.floatx() == "float32"

    def test_as_a_notebook_extension(self):
        keras_script.load_ipython_extension(object())
        try:
            import keras

            assert keras.__version__ == "3.15.0"
        finally:
            keras_script.unload_ipython_extension(object())

    def test_at_the_door(self):
        assert myelin.install is keras_script.install
        assert myelin.uninstall is keras_script.uninstall
        assert myelin.load_ipython_extension is keras_script.load_ipython_extension
        assert myelin.unload_ipython_extension is keras_script.unload_ipython_extension

    def test_tensorboard_does_without_tensorflow(self, installed):
        pytest.importorskip("tensorboard")
        sys.modules.pop("tensorboard.compat", None)
        compat = importlib.import_module("tensorboard.compat")
        assert compat.tf.__version__ == "stub"

    def test_children_are_told_before_they_import_main(self, installed):
        from multiprocessing import spawn

        data = spawn.get_preparation_data("child")
        assert next(iter(data)) == "myelin"
        assert processes._Install().__reduce__() == (keras_script.install, ())


SAME_AS_PYTHON = {
    "fine": "print('fine')",
    "arguments": "import sys; print(sys.argv, sys.path[0], __name__)",
    "globals": "print(sorted(globals()), __package__, __spec__, type(__builtins__).__name__)",
    "main_module": "import sys; print(vars(sys.modules['__main__']) is globals())",
    "raises": """
        def inner(x):
            return 1 / x

        def outer():
            inner(0)

        outer()
        """,
    "chained": """
        def load():
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("no such thing") from error

        try:
            load()
        except ValueError:
            raise RuntimeError("while loading")
        """,
    "grouped": """
        def fail(n):
            raise ValueError(n)

        errors = []
        for n in range(2):
            try:
                fail(n)
            except ValueError as error:
                errors.append(error)
        raise ExceptionGroup("both", errors)
        """,
    "library": "import json; json.loads('{')",
    "missing_import": "import surely_not_installed",
    "syntax": "x = 1\ndef broken(:\n    pass\n",
    "indentation": "if True:\nprint(1)\n",
    "not_utf8": "# -*- coding: latin-1 -*-\nprint('\u00e9')",
    "exit_none": "import sys; sys.exit()",
    "exit_zero": "raise SystemExit(0)",
    "exit_number": "import sys; sys.exit(3)",
    "exit_text": "import sys; sys.exit('stopped: no data')",
    "exit_object": "raise SystemExit([1, 2])",
    "interrupt": "raise KeyboardInterrupt",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "atexit": """
        import atexit, sys
        atexit.register(lambda: print("last words of", sys.modules["__main__"].__name__))
        raise ValueError("first")
        """,
    "own_hook": """
        import sys, traceback
        def hook(kind, value, trace):
            frames = [frame.name for frame in traceback.extract_tb(trace)]
            print("hook", kind.__name__, value, frames)
        sys.excepthook = hook
        def fail():
            raise ValueError("mine")
        fail()
        """,
    "logged": """
        import traceback
        try:
            1 / 0
        except ZeroDivisionError:
            print(traceback.format_exc())
        """,
    "thread": """
        import threading
        t = threading.Thread(target=lambda: 1 / 0, name="worker")
        t.start(); t.join()
        """,
    "dataclass": """
        from dataclasses import dataclass, field
        from typing import ClassVar, get_type_hints

        @dataclass
        class Run:
            name: "str"
            seeds: "list[int]" = field(default_factory=list)
            kind: "ClassVar[str]" = "run"

        print(Run("a", [1]), get_type_hints(Run))
        """,
    "pickle": """
        import pickle

        class Point:
            def __init__(self, x):
                self.x = x

        def double(x):
            return 2 * x

        print(pickle.loads(pickle.dumps(Point(3))).x, pickle.loads(pickle.dumps(double))(4))
        """,
    "future": """
        from __future__ import annotations
        def f(x: Nothing): ...
        print(f.__annotations__)
        """,
    "annotated": "x: int = 3\nprint(__annotations__)",
    "reads": "print(input().upper())",
    "warns": "import warnings; warnings.warn('look out')",
    "recursion": "def f(): f()\nf()",
}


def outcome(result):
    # A call from deeper down reaches the recursion limit a few calls earlier.
    shown = re.sub(r"repeated \d+ more times", "repeated", result.stderr)
    return result.returncode, result.stdout, shown


@pytest.mark.parametrize("name", SAME_AS_PYTHON)
def test_a_script_behaves_as_under_python(tmp_path, name):
    source = textwrap.dedent(SAME_AS_PYTHON[name])
    (tmp_path / "script.py").write_bytes(
        source.encode("latin-1" if name == "not_utf8" else "utf-8")
    )
    arguments = ("script.py", "--epochs", "3", "-m", "x")
    plain = run(PLAIN, *arguments, cwd=tmp_path, given="words\n")
    ours = run(MYELIN, *arguments, cwd=tmp_path, given="words\n")
    assert outcome(ours) == outcome(plain)


def test_the_script_s_folder_comes_first_on_the_path(tmp_path):
    write(tmp_path, "project/helper.py", "def fail(): raise ValueError('in helper')")
    write(tmp_path, "project/train.py", "import sys, helper\nprint(sys.path[0])\nhelper.fail()")
    (tmp_path / "link.py").symlink_to(tmp_path / "project" / "train.py")
    for path in ("project/train.py", tmp_path / "project" / "train.py", "link.py"):
        plain = run(PLAIN, path, cwd=tmp_path)
        assert "in helper" in plain.stderr
        assert outcome(run(MYELIN, path, cwd=tmp_path)) == outcome(plain)
        assert not list(tmp_path.glob("project/__pycache__/train*"))


@pytest.mark.parametrize(
    "code",
    [
        "import sys; print(sys.argv, repr(sys.path[0]), sorted(globals()), __name__)",
        "import sys; sys.exit(4)",
        "1 / 0",
        "def broken(:",
        "raise KeyboardInterrupt",
        "",
    ],
)
@pytest.mark.parametrize("way", ["-c", "-"])
def test_code_and_standard_input_as_under_python(tmp_path, code, way):
    arguments = ["-c", code, "a", "-b"] if way == "-c" else ["-", "a", "-b"]
    given = code if way == "-" else None
    plain = run(PLAIN, *arguments, cwd=tmp_path, given=given)
    assert outcome(run(MYELIN, *arguments, cwd=tmp_path, given=given)) == outcome(plain)


@pytest.mark.parametrize("name", ["package", "package.part", "alone", "package.failing"])
def test_modules_as_under_python(tmp_path, name):
    told = (
        f"import sys; print(sys.argv, sys.path[0] == {str(tmp_path)!r}, __name__, __package__, "
        "__spec__.name, __file__, sorted(globals()))\n"
    )
    write(tmp_path, "package/__init__.py", "print('init', __name__)")
    write(tmp_path, "package/other.py", "word = 'relative'")
    write(tmp_path, "package/__main__.py", told + "from .other import word; print(word)")
    write(tmp_path, "package/part.py", told + "from . import other; print(other.word)")
    write(tmp_path, "package/failing.py", "def fail():\n    1 / 0\nfail()")
    write(tmp_path, "alone.py", told)
    plain = run(PLAIN, "-m", name, "x", "-y", cwd=tmp_path)
    ours = run(MYELIN, "-m", name, "x", "-y", cwd=tmp_path)
    shown = re.sub(r'  File "<frozen runpy>".*\n', "", plain.stderr)
    assert outcome(ours) == (plain.returncode, plain.stdout, shown)


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_folder_or_archive_with_a_main(tmp_path, kind):
    import zipfile

    source = "import sys; print(sys.argv, sys.path[0], __name__); 1 / 0"
    if kind == "folder":
        write(tmp_path, "app/__main__.py", source)
        target = "app"
    else:
        target = "app.zip"
        with zipfile.ZipFile(tmp_path / target, "w") as archive:
            archive.writestr("__main__.py", source)
    plain = run(PLAIN, target, "x", cwd=tmp_path)
    ours = run(MYELIN, target, "x", cwd=tmp_path)
    shown = re.sub(r'  File "<frozen runpy>".*\n', "", plain.stderr)
    assert (ours.returncode, ours.stderr) == (plain.returncode, shown)
    # Plain Python keeps a relative path here; ours is absolute, so that chdir does no harm.
    assert ours.stdout.replace(f"{tmp_path}/", "") == plain.stdout.replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nope.py"], 2, ["can't open file", "nope.py", "no such file"]),
        (["train", "--epochs", "3"], 2, ["can't open file", '"myelin train"', "myelin --help"]),
        (["--nonsense"], 2, ['no option "--nonsense"', "--help"]),
        (["-m"], 2, ["argument expected for the -m option"]),
        (["-c"], 2, ["argument expected for the -c option"]),
        (["-m", "surely.not.there"], 1, ["No module named 'surely'"]),
        (["-m", "not_there_either"], 1, ["No module named not_there_either"]),
        (["-m", "email"], 1, ["No module named email.__main__", "cannot be directly executed"]),
        (["."], 1, ["can't find '__main__' module"]),
    ],
)
def test_what_cannot_start_says_so_in_one_line(tmp_path, arguments, code, words):
    result = run(MYELIN, *arguments, cwd=tmp_path)
    assert result.returncode == code
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help(tmp_path, arguments):
    result = run(MYELIN, *arguments, cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "python -m myelin script.py" in result.stdout


def test_version(tmp_path):
    assert re.fullmatch(r"Myelin \d+\.\d+.*\n", run(MYELIN, "--version", cwd=tmp_path).stdout)


def test_starting_costs_no_jax(tmp_path):
    heavy = ("jax", "sklearn", "importlib.resources")
    code = f"import sys; print([name for name in {heavy} if name in sys.modules])"
    assert run(MYELIN, "-c", code, cwd=tmp_path).stdout == "[]\n"


def test_an_interrupt_ends_it_by_the_signal(tmp_path):
    write(tmp_path, "s.py", "import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    result = run(MYELIN, "s.py", cwd=tmp_path)
    assert result.returncode == -signal.SIGINT  # what a shell shows as 130
    assert result.stderr.endswith("KeyboardInterrupt\n")


@pytest.mark.parametrize(
    ("source", "last"),
    [
        (
            "from tensorflow import keras\nkeras.backend.flotx()",
            'AttributeError: Myelin has no "tensorflow.keras.backend.flotx". '
            'Did you mean "floatx"?',
        ),
        (
            "x = 1\nfrom keras.backend import flotx",
            'ImportError: Myelin has no "keras.backend.flotx". Did you mean "floatx"?',
        ),
        (
            "x = 1\nimport keras.backnd",
            'ModuleNotFoundError: Myelin has no "keras.backnd". Did you mean "backend"?',
        ),
    ],
)
def test_a_missing_name_shows_the_line_and_one_sentence(tmp_path, source, last):
    path = write(tmp_path, "script.py", source)
    result = run(MYELIN, "script.py", cwd=tmp_path)
    lines = [line for line in result.stderr.splitlines() if not set(line) <= set(" ^")]
    assert result.returncode == 1
    assert lines == [
        "Traceback (most recent call last):",
        f'  File "{path}", line 2, in <module>',
        f"    {source.splitlines()[1]}",
        last,
    ]


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_child_processes_find_myelin_too(tmp_path, method):
    write(
        tmp_path,
        "pool.py",
        f"""
        import multiprocessing
        from tensorflow import keras
        from keras.backend import floatx

        class Job:
            def __init__(self, n):
                self.n = n

        def work(job):
            return job.n ** 2, keras.__version__, floatx(), __name__ != "__main__"

        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            with context.Pool(1) as pool:
                print(pool.map(work, [Job(2), Job(3)]))
        """,
    )
    result = run(MYELIN, "pool.py", cwd=tmp_path)
    apart = method != "fork"
    wanted = [(4, "3.15.0", "float32", apart), (9, "3.15.0", "float32", apart)]
    assert result.stdout == f"{wanted}\n", result.stderr


def test_children_of_a_module_find_myelin_too(tmp_path):
    write(tmp_path, "package/__init__.py", "")
    write(
        tmp_path,
        "package/pool.py",
        """
        from concurrent.futures import ProcessPoolExecutor
        import multiprocessing
        import keras

        def work(n):
            return n, keras.__version__

        if __name__ == "__main__":
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                print(list(pool.map(work, [1, 2])))
        """,
    )
    result = run(MYELIN, "-m", "package.pool", cwd=tmp_path)
    assert result.stdout == "[(1, '3.15.0'), (2, '3.15.0')]\n", result.stderr
