"""A scaled loss moves the weights as an unscaled one, and steps that overflow are left out."""

import numpy as np
import pytest

import myelin as mn
from myelin import optimizers
from myelin.errors import InputError

RNG = np.random.default_rng(1)
X = RNG.normal(size=(24, 3)).astype("float32")
Y = RNG.normal(size=(24, 1)).astype("float32")


def make(module=mn, **arguments):
    model = module.Sequential([module.Input((3,)), module.layers.Dense(1)])
    model.compile(**{"loss": "mse", **arguments})
    return model


def test_a_factor_leaves_loss_and_weights_alone():
    plain, scaled = make(optimizer="sgd"), make(optimizer=optimizers.SGD(loss_scale_factor=8))
    scaled.set_weights(plain.get_weights())
    fits = [m.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0) for m in (plain, scaled)]
    np.testing.assert_allclose(fits[0].history["loss"], fits[1].history["loss"], rtol=1e-5)
    for one, other in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


WRAPPED = {
    "a factor": lambda m: m.optimizers.SGD(0.1, loss_scale_factor=8),
    "dynamic": lambda m: m.optimizers.LossScaleOptimizer(m.optimizers.Adam(0.1), 64.0, 4),
    # The first steps overflow: 2e38 times the loss.
    "overflow": lambda m: m.optimizers.LossScaleOptimizer(m.optimizers.SGD(0.1), 2.0**127, 3),
}


@pytest.mark.peer
@pytest.mark.parametrize("case", WRAPPED)
def test_training_is_keras(keras, case):
    ours, theirs = make(optimizer=WRAPPED[case](mn)), make(keras, optimizer=WRAPPED[case](keras))
    theirs.set_weights(ours.get_weights())
    got, wanted = (
        m.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0).history["loss"]
        for m in (ours, theirs)
    )
    np.testing.assert_allclose(got, wanted, rtol=1e-4)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    for own, other in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_allclose(own.numpy(), np.asarray(other), rtol=1e-4, atol=1e-6)


def test_it_overflows_skips_and_grows():
    wrapped = optimizers.LossScaleOptimizer(optimizers.SGD(0.5), 4.0, dynamic_growth_steps=2)
    w = mn.Variable(np.float32([1.0]), name="w")
    wrapped.build([w])
    assert float(wrapped.scale_loss(3.0)) == 12.0
    wrapped.apply([np.float32([np.inf])])
    assert (float(wrapped.dynamic_scale), w.numpy()[0], int(wrapped.iterations)) == (2.0, 1.0, 0)
    for expected, scale in ((0.5, 2.0), (0.0, 4.0)):
        wrapped.apply([np.float32([2.0])])  # The gradient of 2 times the loss.
        assert (w.numpy()[0], float(wrapped.dynamic_scale)) == (expected, scale)
    wrapped.learning_rate = 0.25
    assert float(wrapped.inner_optimizer.learning_rate) == 0.25


def test_its_configuration_makes_an_equal_one():
    config = optimizers.serialize(optimizers.LossScaleOptimizer(optimizers.Adam(0.1), 8.0, 5))
    again = optimizers.deserialize(config)
    assert (again.initial_scale, again.dynamic_growth_steps) == (8.0, 5)
    assert isinstance(again.inner_optimizer, optimizers.Adam)
    config["config"]["clipnorm"] = 1.0
    with pytest.raises(InputError, match="clipnorm"):
        optimizers.deserialize(config)


def test_a_model_in_float16_gets_one():
    model = mn.Sequential(
        [mn.Input((3,)), mn.layers.Dense(1, dtype="mixed_float16")],
    )
    model.dtype_policy = mn.dtypes.policy_for("mixed_float16")
    model.compile("sgd", "mse")
    assert isinstance(model.optimizer, optimizers.LossScaleOptimizer)
    first, last = (model.fit(X, Y, verbose=0, epochs=4).history["loss"][i] for i in (0, -1))
    assert last < first


def test_averages_stand_in_the_model_while_it_is_judged():
    seen = {}

    class Look(mn.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen["test"] = self.model.get_weights()[0]

        def on_epoch_end(self, epoch, logs=None):
            seen["epoch"] = self.model.get_weights()[0]

    for swap_on_epoch in (False, True):
        optimizer = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
        model = make(optimizer=optimizer)
        swap = mn.callbacks.SwapEMAWeights(swap_on_epoch)
        model.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=[swap, Look()])
        average = next(np.asarray(a) for path, a in optimizer.state["average"].items()
                       if path.endswith("kernel"))  # fmt: skip
        np.testing.assert_array_equal(seen["test"], average)
        # After training the averages are the weights.
        np.testing.assert_array_equal(model.get_weights()[0], average)
        assert np.array_equal(seen["epoch"], average) == swap_on_epoch
    with pytest.raises(InputError, match="use_ema=True"):
        make(optimizer="sgd").fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[swap])


@pytest.mark.peer
@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_averages_are_keras(keras, swap_on_epoch):
    histories, models = [], []
    weights = [np.float32([[0.5], [-0.2], [0.1]]), np.float32([0.3])]
    for module in (mn, keras):
        sgd = module.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8)
        models.append(make(module, optimizer=sgd))
        models[-1].set_weights(weights)
        histories.append(models[-1].fit(
            X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0, validation_data=(X, Y),
            callbacks=[module.callbacks.SwapEMAWeights(swap_on_epoch)],
        ).history)  # fmt: skip
    for name, values in histories[1].items():
        np.testing.assert_allclose(histories[0][name], values, rtol=1e-4)
    for one, other in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
