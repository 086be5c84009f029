"""What happens when training goes wrong, or is stopped."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import myelin as mn
from myelin.errors import NonFiniteError
from tests.training.conftest import make_data, make_model

X, Y = make_data()


class ReciprocalOfNothing(mn.layers.Layer):
    """Is infinite where the inputs are all zero."""

    def call(self, inputs):
        return inputs / (inputs**2).sum(-1, keepdims=True)


def breaking_model():
    model = mn.Sequential([
        mn.Input((4,)),
        mn.layers.Dense(5, name="fine"),
        mn.layers.Rescaling(1.0, name="still_fine"),
        ReciprocalOfNothing(name="guilty"),
        mn.layers.Dense(3, activation="softmax", name="victim"),
    ])  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_a_loss_of_nan_names_epoch_step_and_layer_and_keeps_the_weights():
    x = X.copy()
    x[25] = 0.0
    model = breaking_model()
    model.get_layer("fine").bias.assign(np.zeros(5))
    model.get_layer("fine").trainable = False
    with pytest.raises(NonFiniteError, match=r'epoch 1, step 3: .*ReciprocalOfNothing "guilty"'):
        model.fit(x, Y, batch_size=10, shuffle=False, epochs=3, verbose=0)
    assert all(np.isfinite(array).all() for array in model.get_weights())
    # Two good steps were taken before, and they count.
    other = breaking_model()
    assert model.optimizer.iterations is not None
    assert int(model.optimizer.iterations) == 2
    assert np.isfinite(model.predict(X, verbose=0)).all()
    assert other is not model


def test_a_learning_rate_that_explodes_ends_the_run():
    model = make_model(1, optimizer=mn.optimizers.SGD(1e20))
    with pytest.raises(NonFiniteError, match="epoch"):
        model.fit(X, Y.astype("float32"), epochs=50, verbose=0)
    assert all(np.isfinite(array).all() for array in model.get_weights())


def test_terminate_on_nan_ends_the_run_without_an_error():
    model = make_model(1, optimizer=mn.optimizers.SGD(1e20))
    history = model.fit(
        X, Y.astype("float32"), epochs=50, verbose=0, callbacks=[mn.callbacks.TerminateOnNaN()]
    )
    assert len(history.epoch) < 50
    assert np.isnan(history.history["loss"][-1])


def test_the_best_state_is_kept_when_the_loss_turns_nan():
    class Explode(mn.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.optimizer.learning_rate = 1e25

    model = make_model(1)
    stopper = mn.callbacks.EarlyStopping("loss", patience=10, restore_best_weights=True)
    with pytest.raises(NonFiniteError):
        model.fit(X, Y.astype("float32"), epochs=9, verbose=0, callbacks=[Explode(), stopper])
    assert model.evaluate(X, Y.astype("float32"), verbose=0) < 1e3


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_the_run_with_its_history():
    code = textwrap.dedent(
        """
        import os, signal, threading, numpy as np
        import myelin as mn

        x = np.zeros((64, 4), "float32")
        model = mn.Sequential([mn.Input((4,)), mn.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], verbose=0)

        class Press(mn.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == 3:
                    os.kill(os.getpid(), signal.SIGINT)

        history = model.fit(x, x[:, :1], epochs=10_000, verbose=0, callbacks=[Press()])
        print("epochs:", len(history.epoch), "loss:", model.evaluate(x, x[:, :1], verbose=0))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Interrupted: trained up to epoch 4" in done.stdout
    assert "epochs: 4 loss: 0.0" in done.stdout


def test_an_exception_in_a_callback_passes_through_and_leaves_the_model_usable():
    class Fails(mn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("mine")

    model = make_model()
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y, verbose=0, callbacks=[Fails()])
    assert np.isfinite(model.evaluate(X, Y, verbose=0)).all()
