"""Every loss, in value and gradient, under each reduction and with weights, against Keras."""

import jax
import numpy as np
import pytest

import myelin as mn
from tests.losses.cases import CASES, IDS, N

keras = pytest.importorskip("keras")

WEIGHTS = np.random.default_rng(1).uniform(0.2, 2, size=N).astype(np.float32)


def _pair(name, arguments, **more):
    ours = getattr(mn.losses, name)(**arguments, **more)
    return ours, getattr(keras.losses, name)(**arguments, **more)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none", None])
@pytest.mark.parametrize(("name", "arguments", "y_true", "y_pred"), CASES, ids=IDS)
def test_values(name, arguments, y_true, y_pred, reduction):
    ours, theirs = _pair(name, arguments, reduction=reduction)
    np.testing.assert_allclose(ours(y_true, y_pred), theirs(y_true, y_pred), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize(("name", "arguments", "y_true", "y_pred"), CASES, ids=IDS)
def test_values_with_weights(name, arguments, y_true, y_pred, reduction):
    ours, theirs = _pair(name, arguments, reduction=reduction)
    values = np.asarray(getattr(mn.losses, name)(**arguments, reduction="none")(y_true, y_pred))
    if values.ndim == 0:
        pytest.skip("one value for the batch, so Keras's weights have nothing to weigh")
    weights = WEIGHTS[: values.shape[0]]
    wide = weights.reshape(-1, *[1] * (values.ndim - 1))
    np.testing.assert_allclose(
        ours(y_true, y_pred, weights if values.ndim == 1 else np.broadcast_to(wide, values.shape)),
        theirs(y_true, y_pred, np.broadcast_to(wide, values.shape)),
        rtol=2e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize(("name", "arguments", "y_true", "y_pred"), CASES, ids=IDS)
def test_gradients(name, arguments, y_true, y_pred):
    ours, theirs = _pair(name, arguments)
    gradients = [jax.grad(lambda p, f=f: f(y_true, p))(y_pred) for f in (ours, theirs)]
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6)


def test_all_of_kerass_names_are_known():
    theirs = {n for n in dir(keras.losses) if not n.startswith("_")}
    assert theirs <= set(mn.losses.__all__)
    from keras.src.losses import ALL_OBJECTS_DICT

    assert set(ALL_OBJECTS_DICT) - {"Loss", "LossFunctionWrapper"} <= set(mn.losses.NAMES)


@pytest.mark.parametrize("name", sorted({name for name, *_ in CASES}))
def test_arguments_and_defaults(name):
    import inspect

    ours = inspect.signature(getattr(mn.losses, name)).parameters
    theirs = inspect.signature(getattr(keras.losses, name)).parameters
    assert list(ours) == list(theirs)
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}


@pytest.mark.parametrize("name", sorted({name for name, *_ in CASES}))
def test_keras_reads_our_configuration(name):
    config = getattr(mn.losses, name)().get_config()
    theirs = getattr(keras.losses, name).from_config(config).get_config()
    assert {key: config[key] for key in theirs} == theirs
