"""What a user sees of an error: frames of the program, one of Myelin's, and the message."""

import pathlib
import sys
import traceback
import warnings

import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import config, tracebacks
from myelin.errors import InputError, ShapeError

X, Y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")


class Mistaken(mn.layers.Layer):
    def helper(self, x):
        return x @ jnp.ones((7, 3))

    def call(self, x):
        return self.helper(x)


class Moody(mn.layers.Layer):
    """Fails only in a compiled step, by the size of its batch."""

    def call(self, x):
        if x.shape[0] == 5:
            raise RuntimeError("mine")
        return x


def shown(function):
    """The functions of the frames that a traceback shows, without the one here, and the error."""
    try:
        function()
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[1:]
        return [(pathlib.Path(frame.filename).name, frame.name) for frame in frames], error
    raise AssertionError("nothing was raised")


def test_a_mistake_in_ones_own_layer_shows_ones_own_frames_and_fit():
    model = mn.Sequential([mn.layers.Flatten(), Mistaken(name="q"), mn.layers.Dense(1)])
    model.compile("adam", "mse")

    def fit():
        model.fit(X, Y, verbose=0)

    frames, error = shown(fit)
    here = pathlib.Path(__file__).name
    assert frames == [(here, "fit"), ("trainer.py", "fit"), (here, "call"), (here, "helper")]
    assert isinstance(error, ShapeError)
    assert str(error).startswith('Mistaken "q": ')
    assert "(None, 4) from Flatten" in str(error)
    assert "JAX" not in "".join(traceback.format_exception(error))


def test_an_error_in_a_compiled_step_shows_ones_own_frames_and_fit():
    model = mn.Sequential([Moody(), mn.layers.Dense(1)])
    model.compile("adam", "mse")
    frames, error = shown(lambda: model.fit(X, Y, batch_size=5, verbose=0))
    assert [name for _, name in frames] == ["<lambda>", "fit", "call"]
    assert str(error) == "mine"


def test_a_loss_of_ones_own_shows_its_line():
    model = mn.Sequential([mn.Input((4,)), mn.layers.Dense(1)])

    def loss(y, p):
        return y @ p

    model.compile("adam", loss)
    frames, _ = shown(lambda: model.fit(X, Y, verbose=0))
    assert [name for _, name in frames] == ["<lambda>", "fit", "loss"]


def test_the_first_layer_called_by_hand_shows_one_frame():
    layer = mn.layers.Dense(2)
    layer(X)
    frames, _ = shown(lambda: layer(X[:, :3]))
    assert [name for _, name in frames] == ["<lambda>", "__call__"]


def test_a_fault_of_myelins_own_is_shown_whole():
    folder = pathlib.Path(tracebacks.__file__).parent
    names = {}
    source = "def inner():\n    return {}['lost']\n\ndef outer():\n    return inner()\n"
    exec(compile(source, str(folder / "made_up.py"), "exec"), names)
    frames, _ = shown(lambda: tracebacks.door(names["outer"])())
    assert [name for _, name in frames] == ["<lambda>", "outer", "inner"]


def test_filtering_can_be_turned_off():
    layer = mn.layers.Dense(2)
    layer(X)
    assert config.is_traceback_filtering_enabled()
    config.disable_traceback_filtering()
    try:
        frames, _ = shown(lambda: layer(X[:, :3]))
        assert [name for _, name in frames][-1] == "call"
        assert not config.is_traceback_filtering_enabled()
    finally:
        config.enable_traceback_filtering()


def test_what_stands_behind_an_error_is_cut_too():
    class Chained(mn.layers.Layer):
        def call(self, x):
            try:
                return mn.layers.Dense(0)(x)
            except InputError as error:
                raise RuntimeError("mine") from error

    frames, error = shown(lambda: Chained()(X))
    assert [name for _, name in frames] == ["<lambda>", "__call__", "call"]
    behind = traceback.extract_tb(error.__cause__.__traceback__)
    assert [frame.name for frame in behind] == ["call"]


def test_arguments_that_do_not_fit_are_an_error_of_the_call():
    model = mn.Sequential([mn.layers.Dense(1)])
    with pytest.raises(TypeError, match="foo"):
        model.fit(foo=1)


def test_a_warning_names_the_programs_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("here", stacklevel=tracebacks.stacklevel())
        line = sys._getframe().f_lineno - 1
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)
