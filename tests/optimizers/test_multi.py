"""Several optimizers as one: each variable moves as under its own, in fit, in files, in folds."""

import numpy as np
import pytest

import myelin as mn
from myelin import layers, optimizers
from myelin.errors import InputError
from myelin.optimizers import MultiOptimizer, OptimizerMap
from myelin.testing import check_optimizer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = (X @ RNG.normal(size=(3, 1))).astype("float32")


def both():
    adam, sgd = optimizers.Adam(0.05), optimizers.SGD(0.1, momentum=0.9)
    return MultiOptimizer(OptimizerMap(sgd, {"first/.*": adam}), name="both")


def make(optimizer):
    mn.utils.set_random_seed(3)
    model = mn.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, "tanh", name="first", kernel_constraint="unit_norm"),
            layers.Dense(1, name="last"),
        ]
    )
    model.compile(optimizer, "mse")
    return model


def test_contract():
    check_optimizer(
        lambda: MultiOptimizer(
            OptimizerMap(optimizers.Adam(0.05), {".*/bias": optimizers.SGD(0.1, momentum=0.5)})
        )
    )


def test_each_variable_moves_as_under_its_own():
    w, b = mn.Variable(np.ones(3), name="w"), mn.Variable(np.ones(2), name="b")
    again = [mn.Variable(np.ones(3), name="w"), mn.Variable(np.ones(2), name="b")]
    adam, sgd = optimizers.Adam(0.1, name="adam"), optimizers.SGD(0.2)
    multi = MultiOptimizer(lambda v: adam if v.name == "w" else sgd, name="multi")
    alone = optimizers.Adam(0.1), optimizers.SGD(0.2)
    for step in range(4):
        grads = [RNG.normal(size=v.shape).astype("float32") for v in (w, b)]
        multi.apply(grads, [w, b])
        for optimizer, v, g in zip(alone, again, grads, strict=True):
            optimizer.apply([g], [v])
        sgd.learning_rate = alone[1].learning_rate = 0.1 / (step + 1)
    np.testing.assert_array_equal(w.numpy(), again[0].numpy())
    np.testing.assert_array_equal(b.numpy(), again[1].numpy())
    assert multi.optimizers == [adam, sgd]
    assert [int(o.iterations) for o in (multi, adam, sgd)] == [4, 4, 4]
    assert [v.path for v in multi.variables][:4] == [
        "multi/iteration", "multi/learning_rate",
        "adam/iteration", "adam/learning_rate",
    ]  # fmt: skip


def test_two_variables_of_one_path_keep_apart():
    one, other = mn.Variable(np.ones(2), name="w"), mn.Variable(np.ones(2), name="w")
    sgd, adam = optimizers.SGD(1.0), optimizers.Adam(1.0)
    multi = MultiOptimizer(lambda v: sgd if v is one else adam)
    multi.apply([np.full(2, 0.25, "float32")] * 2, [one, other])
    np.testing.assert_allclose(one.numpy(), 0.75)
    np.testing.assert_allclose(other.numpy(), 0, atol=1e-4)


def test_it_trains_inside_the_compiled_epoch(tmp_path):
    model = make(both())
    first = model.fit(X, Y, epochs=2, batch_size=8, verbose=0, shuffle=False).history["loss"]
    norms = np.linalg.norm(model.get_layer("first").kernel.numpy(), axis=0)
    np.testing.assert_allclose(norms, 1, rtol=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = mn.load_model(tmp_path / "model.keras")
    for own, read in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(own.numpy(), read.numpy())
    goes_on, went_on = (
        m.fit(X, Y, epochs=2, batch_size=8, verbose=0, shuffle=False).history["loss"]
        for m in (model, loaded)
    )
    assert goes_on == went_on
    assert goes_on[-1] < first[0]
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_rate_set_between_runs_is_seen_and_a_frozen_layer_rests():
    model = make(both())
    model.fit(X, Y, verbose=0)
    sgd = next(o for o in model.optimizer.optimizers if isinstance(o, optimizers.SGD))
    sgd.learning_rate = 0.0
    momentum = [v for v in sgd.variables if "momentum" in v.path]
    for v in momentum:
        v.assign(np.zeros(v.shape))
    before = [v.numpy() for v in model.get_layer("last").weights]
    model.fit(X, Y, verbose=0)
    for old, now in zip(before, model.get_layer("last").weights, strict=True):
        np.testing.assert_array_equal(old, now.numpy())
    model.get_layer("first").trainable = False
    count = int(model.optimizer.iterations)
    model.fit(X, Y, verbose=0, batch_size=40)
    assert int(model.optimizer.iterations) == count + 1


def test_a_factor_leaves_the_steps_alone_and_folds_train_at_once():
    plain = make(both())
    scaled = make(MultiOptimizer(both()._map, loss_scale_factor=8.0))
    assert [o.loss_scale_factor for o in scaled.optimizer.optimizers] == [8.0, 8.0]
    losses = [m.fit(X, Y, epochs=2, verbose=0, shuffle=False) for m in (plain, scaled)]
    np.testing.assert_allclose(*(h.history["loss"] for h in losses), rtol=1e-5)
    together, alone = (
        mn.cross_validate(make(both()), X, Y, cv=2, epochs=2, verbose=0, at_once=count)
        for count in (2, 1)
    )
    np.testing.assert_allclose(together.predictions, alone.predictions, rtol=1e-5, atol=1e-6)


def test_its_configuration_makes_an_equal_one():
    multi = both()
    read = optimizers.deserialize(optimizers.serialize(multi))
    assert read.get_config() == multi.get_config()
    paths = ("first/kernel", "last/kernel")
    names = [type(read._map[path]).__name__ for path in paths]
    assert names == ["Adam", "SGD"]


def test_faults_are_named():
    sgd = optimizers.SGD()
    given = OptimizerMap(sgd, {"a": optimizers.Adam(), "b.*": sgd, ".*c": sgd})
    assert isinstance(given["a"], optimizers.Adam)
    with pytest.raises(InputError, match=r"several keys match bc: b\.\*, \.\*c"):
        given["bc"]
    with pytest.raises(InputError, match='has "a" already'):
        given["a"] = sgd
    with pytest.raises(InputError, match="wants optimizers for its variables, got 'sgd'"):
        given["d"] = "sgd"
    with pytest.raises(InputError, match="LossScaleOptimizer cannot stand inside"):
        OptimizerMap(optimizers.LossScaleOptimizer(sgd))
    with pytest.raises(InputError, match="a path or a pattern"):
        given[3] = sgd
    with pytest.raises(InputError, match="an OptimizerMap, or a function"):
        MultiOptimizer({"a": sgd})
    with pytest.raises(AttributeError, match=r"one of its \.optimizers"):
        _ = MultiOptimizer(given).learning_rate
    del given["a"]
    assert (len(given), list(given)) == (2, ["b.*", ".*c"])
