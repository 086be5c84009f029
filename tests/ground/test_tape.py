"""`GradientTape` against closed forms and `jax.grad`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import GradientTape, layers, losses, ops
from myelin.errors import InputError

X = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
Y = np.arange(6) % 3


def test_a_polynomial():
    v = mn.Variable(np.float32([1.0, 2.0, 3.0]))
    with GradientTape() as tape:
        y = ops.sum(v**3 - 2 * v)
    assert np.allclose(tape.gradient(y, v), 3 * np.float32([1, 4, 9]) - 2)


def test_values_stay_arrays_that_python_can_look_at():
    v = mn.Variable(2.0)
    with GradientTape() as tape:
        y = v * v if float(v) > 1 else v * 0
        assert isinstance(y, jax.Array)
        assert float(y) == 4.0
    assert float(tape.gradient(y, v)) == 4.0


def test_intermediate_values_are_sources_too():
    x = jnp.float32(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        a = x * x
        b = a * a
    assert [float(tape.gradient(b, source)) for source in (x, a)] == [108.0, 18.0]
    assert float(tape.gradient(a, x)) == 6.0


def test_a_tape_inside_a_tape_gives_second_derivatives():
    x = jnp.float32(3.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = jnp.sin(x) * x**2
        first = inner.gradient(y, x)
    second = outer.gradient(first, x)
    f = lambda x: jnp.sin(x) * x**2  # noqa: E731
    assert np.isclose(first, jax.grad(f)(x))
    assert np.isclose(second, jax.grad(jax.grad(f))(x), rtol=1e-5)


def model():
    mn.utils.set_random_seed(0)
    return mn.Sequential(
        [
            layers.Dense(4, "relu"),
            layers.BatchNormalization(),
            layers.Reshape((4, 1)),
            layers.LSTM(3),
            layers.Dense(3, "softmax"),
        ]
    )


@pytest.mark.parametrize("compiled", [False, True])
def test_a_network_has_the_gradients_that_jax_finds(compiled):
    net, loss = model(), losses.SparseCategoricalCrossentropy()
    net(X)
    weights = {v.path: v for v in net.trainable_variables}

    def by_tape(values):
        with mn.bind(weights, values):
            with GradientTape() as tape:
                value = loss(Y, net(X, training=True))
            return dict(zip(weights, tape.gradient(value, list(weights.values())), strict=True))

    def value(values):
        with mn.bind(weights, values):
            return loss(Y, net(X, training=True))

    start = {path: v.value for path, v in weights.items()}
    statistics = [np.array(v.value) for v in net.non_trainable_variables]
    found = (jax.jit(by_tape) if compiled else by_tape)(start)
    for v, before in zip(net.non_trainable_variables, statistics, strict=True):
        v.assign(before)
    wanted = jax.jit(jax.grad(value))(start)
    for path in weights:
        np.testing.assert_allclose(found[path], wanted[path], rtol=1e-4, atol=1e-6)


def test_frozen_weights_and_unwatched_arrays_have_none():
    v, frozen = mn.Variable(1.0), mn.Variable(1.0, trainable=False)
    x = jnp.float32(2.0)
    with GradientTape(persistent=True) as tape:
        y = v * frozen * x
    assert tape.gradient(y, [v, frozen, x])[1:] == [None, None]
    zeros = tape.gradient(y, [frozen, x], unconnected_gradients="zero")
    assert [float(z) for z in zeros] == [0.0, 0.0]
    assert tape.watched_variables() == (v,)


def test_watching_and_pausing():
    v = mn.Variable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        y = v * v
    assert tape.gradient(y, v) is None
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = v * v
        with tape.stop_recording():
            aside = v * 10.0
        y = y + aside
    assert float(tape.gradient(y, v)) == 6.0


def test_whole_numbers_on_the_way_have_no_gradient():
    v = mn.Variable(np.float32([1.0, 5.0, 2.0]))
    with GradientTape() as tape:
        y = ops.sum(jnp.sort(v.value)[1:] * ops.cast(ops.argmax(v), "float32"))
    assert tape.gradient(y, v).tolist() == [0.0, 1.0, 1.0]


def test_jacobians():
    x = jnp.float32([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = jnp.stack([x[0] * x[1], x[0] ** 2, x[1]])
    assert tape.jacobian(y, x).tolist() == [[2.0, 1.0], [2.0, 0.0], [0.0, 1.0]]
    rows = jnp.arange(6.0).reshape(3, 2)
    with GradientTape() as tape:
        tape.watch(rows)
        y = rows**2
    wanted = np.stack([np.diag(2 * row) for row in np.asarray(rows)])
    assert tape.batch_jacobian(y, rows).tolist() == wanted.tolist()


def test_factors_and_several_targets():
    v = mn.Variable(np.float32([1.0, 2.0]))
    with GradientTape(persistent=True) as tape:
        y, z = v**2, 3 * v
    assert tape.gradient(y, v, output_gradients=jnp.float32([1, 10])).tolist() == [2.0, 40.0]
    assert tape.gradient([y, z], v).tolist() == [5.0, 7.0]
    assert set(tape.gradient(y, {"v": v})) == {"v"}


def test_what_cannot_be_is_said():
    v = mn.Variable(1.0)
    with GradientTape() as tape:
        y = v * 2
        with pytest.raises(InputError, match="already inside"), tape:
            pass
        with pytest.raises(InputError, match="wants arrays or variables"):
            tape.watch(np.ones(2))
    tape.gradient(y, v)
    with pytest.raises(InputError, match="persistent=True"):
        tape.gradient(y, v)
    with GradientTape() as tape:
        n = ops.argmax(v.value[None])
    with pytest.raises(InputError, match="int32 has no gradient"):
        tape.gradient(n, v)


def test_an_error_in_the_block_ends_it():
    with pytest.raises(ZeroDivisionError), GradientTape():
        raise ZeroDivisionError
    assert jax.jit(lambda x: x + 1)(1.0) == 2.0
