"""Running eagerly: numbers wherever the user's code looks at arrays, and a debugger stops."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import myelin as mn
from myelin.errors import InputError
from myelin.training import debugging
from tests.training.conftest import make_data, make_model

X, Y = make_data(24)
TARGETS = Y.astype("float32")[:, None]


class Seen:
    """A model whose layer, loss and metric read numbers as Python does."""

    def __init__(self, **compile_arguments):
        self.layer, self.loss, self.metric = [], [], []
        seen = self

        class Look(mn.layers.Layer):
            def call(self, x):
                # Behind a layer that trains, these are being derived.
                seen.layer.append((float(x[0, 0]), f"{x[0, 0]:.3f}", str(x), np.asarray(x)))
                if x[0, 0] > 0:
                    return x * 1.0
                return x + 0.0

        def loss(y, p):
            seen.loss.append(np.asarray(p).tolist())
            return (y - p) ** 2

        def metric(y, p):
            seen.metric.append(float(p.sum()))
            return abs(y - p)

        self.model = mn.Sequential(
            [mn.Input((4,)), mn.layers.Dense(3), Look(), mn.layers.Dense(1)]
        )  # fmt: skip
        self.model.compile("sgd", loss, metrics=[metric], **compile_arguments)
        self.layer.clear()


def numbers_of(seen):
    value, short, printed, array = seen.layer[-1]
    assert short == f"{value:.3f}"
    assert "Tracer" not in printed
    assert array.shape[1] == 3
    assert len(seen.loss[-1]) == array.shape[0]
    return True


def test_run_eagerly_shows_numbers_in_layers_losses_and_metrics():
    seen = Seen(run_eagerly=True)
    seen.model.fit(X, TARGETS, batch_size=12, verbose=0)
    assert numbers_of(seen)
    assert len(seen.loss) == 2
    assert len(seen.metric) == 2
    seen.model.train_on_batch(X[:12], TARGETS[:12])
    assert numbers_of(seen)
    seen.model.evaluate(X[:12], TARGETS[:12], verbose=0)
    assert numbers_of(seen)
    count = len(seen.layer)
    seen.model.predict(X[:12], batch_size=12, verbose=0)
    assert len(seen.layer) == count + 1


def test_debug_runs_a_compiled_model_eagerly_and_trains_it_alike():
    mn.utils.set_random_seed(3)
    compiled, again = make_model(), make_model()
    again.set_weights(compiled.get_weights())
    compiled.fit(X, Y, epochs=1, verbose=0)
    again.fit(X, Y, epochs=1, verbose=0)
    before = again._programs
    again.set_weights(compiled.get_weights())
    calls = []
    original = mn.layers.Dense.call

    def call(self, x):
        calls.append(x)
        return original(self, x)

    mn.layers.Dense.call = call
    try:
        with mn.debug():
            again.fit(X, Y, epochs=2, shuffle=False, verbose=0)
        assert len(calls) == 2 * 2
        calls.clear()
        compiled.fit(X, Y, epochs=2, shuffle=False, verbose=0)
        assert not calls
    finally:
        mn.layers.Dense.call = original
    assert again._programs is before
    for one, other in zip(compiled.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_blocks_nest_and_end_with_an_error():
    assert not debugging.functions_run_eagerly()
    with mn.debug():
        with pytest.raises(RuntimeError), mn.debug():
            raise RuntimeError
        assert debugging.functions_run_eagerly()
    assert not debugging.functions_run_eagerly()


def test_tensorflows_switch_is_the_same():
    mn.install()
    try:
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)
        assert debugging.functions_run_eagerly()
        assert tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(False)
    finally:
        mn.uninstall()
        debugging.run_functions_eagerly(False)
    assert not debugging.functions_run_eagerly()
    with pytest.raises(InputError, match="True or False"):
        debugging.run_functions_eagerly("yes")


def test_numpys_functions_keep_the_gradient_and_tracers_are_as_before():
    import jax
    import jax.numpy as jnp

    def f(x):
        return (np.exp(x) * np.ones(3)).sum()

    with debugging.plain_python():
        got = jax.grad(f)(jnp.arange(3.0))
    np.testing.assert_allclose(got, np.exp(np.arange(3.0)), rtol=1e-6)
    with pytest.raises(jax.errors.TracerArrayConversionError):
        jax.grad(f)(jnp.arange(3.0))


def test_a_debugger_stops_in_a_layer_with_numbers():
    program = textwrap.dedent(
        """
        import pdb, numpy as np, myelin as mn

        class Stop(mn.layers.Layer):
            stop = False
            def call(self, x):
                if Stop.stop:
                    pdb.set_trace()
                return x * 2

        first = mn.layers.Dense(2, "relu", kernel_initializer="ones")
        model = mn.Sequential([mn.Input((2,)), first, Stop(), mn.layers.Dense(1)])
        model.compile("sgd", "mse")
        Stop.stop = True
        with mn.debug():
            model.fit(np.ones((1, 2)), np.ones((1, 1)), verbose=0)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input="p x\np float(x.sum())\nup\nc\n",
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "[[2., 2.]]" in done.stdout
    assert "4.0" in done.stdout
