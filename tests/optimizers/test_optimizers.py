"""What optimizers do beyond a step: settings, state, rules of one's own, optax."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import myelin as mn
from myelin import optimizers, schedules
from myelin.errors import InputError, UnknownNameError


def _variable(values=(1.0, 2.0), name="kernel"):
    return mn.Variable(np.asarray(values, np.float32), name=name)


def test_plain_sgd_is_its_formula():
    w = _variable()
    sgd = optimizers.SGD(0.5)
    sgd.apply_gradients([(np.array([1.0, -2.0], np.float32), w)])
    np.testing.assert_allclose(w, [0.5, 3.0])
    assert int(sgd.iterations) == 1


@pytest.mark.parametrize("rate", [0.1, 0.01])
def test_adam_is_pytorchs(torch, rate):
    start = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    # PyTorch adds epsilon after the correction, Keras before: without it they are one.
    ours = mn.Variable(start)
    adam = optimizers.Adam(rate, epsilon=1e-12)
    theirs = torch.nn.Parameter(torch.tensor(start))
    other = torch.optim.Adam([theirs], lr=rate, eps=1e-12)
    for step in range(5):
        g = np.random.default_rng(step).normal(size=(3, 4)).astype(np.float32)
        adam.apply([g], [ours])
        theirs.grad = torch.tensor(g)
        other.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_the_learning_rate_is_read_and_set_without_a_new_program():
    w, adam = _variable(), optimizers.Adam(0.1)
    assert float(adam.learning_rate) == pytest.approx(0.1)
    adam.apply([np.ones(2, np.float32)], [w])
    before = adam.revision
    adam.learning_rate = 0.0
    kept = np.array(w)
    adam.apply([np.ones(2, np.float32)], [w])
    np.testing.assert_array_equal(w, kept)
    assert adam.revision == before
    adam.learning_rate.assign(0.25)
    assert float(adam.learning_rate) == 0.25
    assert adam.get_config()["learning_rate"] == 0.25


def test_a_schedule_is_followed_and_cannot_be_overwritten_by_a_number():
    sgd = optimizers.SGD(schedules.PiecewiseConstantDecay([1], [1.0, 0.1]))
    w = _variable([0.0])
    seen = []
    for _ in range(4):
        seen.append(float(sgd.learning_rate))
        sgd.apply([np.ones(1, np.float32)], [w])
    assert seen == pytest.approx([1.0, 1.0, 0.1, 0.1])
    np.testing.assert_allclose(w, [-2.2], rtol=1e-6)
    with pytest.raises(TypeError, match="schedule"):
        sgd.learning_rate = 0.5


def test_a_function_of_nothing_is_a_learning_rate():
    sgd = optimizers.SGD(lambda: 0.5)
    w = _variable([1.0])
    sgd.apply([np.ones(1, np.float32)], [w])
    np.testing.assert_allclose(w, [0.5])


def test_weight_decay_leaves_out_what_it_is_told_to():
    w, bias = _variable(name="kernel"), _variable(name="bias")
    sgd = optimizers.SGD(1.0, weight_decay=0.5)
    sgd.exclude_from_weight_decay(var_names=["bias"])
    sgd.build([w, bias])
    sgd.apply([np.zeros(2, np.float32)] * 2)
    np.testing.assert_allclose(w, [0.5, 1.0])
    np.testing.assert_allclose(bias, [1.0, 2.0])


def test_a_constraint_is_applied_after_the_step():
    w = mn.Variable(np.float32([1.0, 1.0]), constraint=mn.constraints.NonNeg())
    optimizers.SGD(2.0).apply([np.float32([1.0, -1.0])], [w])
    np.testing.assert_allclose(w, [0.0, 3.0])


def test_averages_are_put_into_the_weights_at_the_end():
    w = _variable([1.0])
    sgd = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    for _ in range(2):
        sgd.apply([np.float32([1.0])], [w])
    np.testing.assert_allclose(w, [-1.0])
    sgd.finalize_variable_values([w])
    # The first step takes w = 0 as it is, the second (0 + -1) / 2.
    np.testing.assert_allclose(w, [-0.5])


class Momentum(optimizers.Optimizer):
    """As Keras's users write a rule."""

    def __init__(self, learning_rate=0.1, beta=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta = beta

    def build(self, variables):
        super().build(variables)
        self.moments = [self.add_variable_from_reference(v, name="moment") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        m = self.moments[self._get_variable_index(variable)]
        self.assign(m, self.beta * m + gradient)
        self.assign_sub(variable, learning_rate * m)


def test_a_rule_written_for_keras_steps_like_its_formula():
    w, own = _variable(), Momentum()
    sgd, same = optimizers.SGD(0.1, momentum=0.9), _variable()
    for step in range(4):
        g = np.float32([1.0 + step, -1.0])
        own.apply([g], [w])
        sgd.apply([g], [same])
    np.testing.assert_allclose(w, same, rtol=1e-6)
    assert "moment" in own.variables[-1].path


def test_the_pure_half_and_the_half_with_variables_agree():
    params = {"a": jnp.ones((2, 3)), "b": jnp.zeros(3)}
    adam = optimizers.Adam(0.1)
    state = adam.init(params)
    step = jax.jit(adam.step)
    again = [mn.Variable(params["a"]), mn.Variable(params["b"], name="other")]
    other = optimizers.Adam(0.1)
    other.build(again)
    for i in range(3):
        grads = {"a": jnp.full((2, 3), 1.0 + i), "b": jnp.arange(3.0)}
        params, state = step(params, grads, state)
        other.apply([grads["a"], grads["b"]])
    np.testing.assert_allclose(params["a"], again[0], rtol=1e-6)
    np.testing.assert_allclose(params["b"], again[1], rtol=1e-6)


def test_vmap_over_learning_rates_is_a_sweep():
    params, rates = {"w": jnp.ones(2)}, jnp.array([0.0, 0.5])
    sgd = optimizers.SGD(0.1)
    state = sgd.init(params)

    def one(rate):
        moved, _ = sgd.step(params, {"w": jnp.ones(2)}, {**state, "learning_rate": rate})
        return moved["w"]

    np.testing.assert_allclose(jax.vmap(one)(rates), [[1, 1], [0.5, 0.5]])


def test_it_goes_on_with_what_it_knows_when_the_variables_change():
    a, b = _variable(name="a"), _variable(name="b")
    adam = optimizers.Adam()
    adam.serve([a, b])
    adam.apply([np.ones(2, np.float32)] * 2)
    moment = np.array(adam.state["slots"]["a"]["momentum"])
    adam.serve([a])
    np.testing.assert_array_equal(adam.state["slots"]["a"]["momentum"], moment)
    assert list(adam.state["slots"]) == ["a"]
    assert int(adam.iterations) == 1
    # Another variable of the same name is another model's: nothing is carried over.
    adam.serve([_variable(name="a")])
    assert not np.asarray(adam.state["slots"]["a"]["momentum"]).any()
    assert int(adam.iterations) == 0


def test_its_weights_can_be_taken_and_put_back():
    w, adam = _variable(), optimizers.Adam()
    adam.apply([np.ones(2, np.float32)], [w])
    store = {}
    adam.save_own_variables(store)
    other = optimizers.Adam()
    other.build([_variable()])
    other.load_own_variables(store)
    for one, two in zip(adam.variables, other.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_an_optax_transformation_is_an_optimizer():
    w, chain = _variable(), optax.chain(optax.clip(0.5), optax.sgd(1.0))
    optimizer = optimizers.get(chain)
    optimizer.apply([np.float32([2.0, -0.1])], [w])
    np.testing.assert_allclose(w, [0.5, 2.1])
    with pytest.raises(AttributeError, match="inject_hyperparams"):
        _ = optimizer.learning_rate
    with pytest.raises(TypeError, match="optax"):
        optimizer.get_config()


def test_an_injected_learning_rate_can_be_set():
    w = _variable()
    optimizer = optimizers.get(optax.inject_hyperparams(optax.sgd)(learning_rate=1.0))
    optimizer.build([w])
    assert float(optimizer.learning_rate) == 1.0
    optimizer.learning_rate = 0.0
    optimizer.apply([np.float32([5.0, 5.0])])
    np.testing.assert_allclose(w, [1.0, 2.0])


def test_it_is_an_optax_transformation_itself():
    params = {"w": jnp.ones(2)}
    chained = optax.chain(optax.scale(2.0), optimizers.SGD(0.1).transformation)
    updates, _ = chained.update({"w": jnp.ones(2)}, chained.init(params), params)
    np.testing.assert_allclose(updates["w"], [-0.2, -0.2], rtol=1e-6)


@pytest.mark.parametrize("name", sorted(optimizers.NAMES))
def test_every_name_comes_back_from_its_configuration(name):
    made = optimizers.get(name)
    again = optimizers.deserialize(optimizers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: optimizers.get("adm"), UnknownNameError, "adam"),
        (lambda: optimizers.get(3), InputError, "optimizer"),
        (lambda: optimizers.get(print), InputError, "optimizer"),
        (lambda: optimizers.Adam(-0.1), InputError, "learning_rate"),
        (lambda: optimizers.Adam("fast"), InputError, "learning_rate"),
        (lambda: optimizers.Adam(float("nan")), InputError, "learning_rate"),
        (lambda: optimizers.Adam(lr=0.1), InputError, "learning_rate"),
        (lambda: optimizers.Adam(decay=0.1), InputError, "InverseTimeDecay"),
        (lambda: optimizers.Adam(beta1=0.1), UnknownNameError, "beta_1"),
        (lambda: optimizers.Adam(beta_1=1.5), InputError, "beta_1"),
        (lambda: optimizers.SGD(momentum=2.0), InputError, "momentum"),
        (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), InputError, "only one"),
        (lambda: optimizers.SGD(clipnorm=-1.0), InputError, "clipnorm"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), InputError, "accumulation"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2), InputError, "ema_momentum"),
        (lambda: optimizers.AdamW(weight_decay=None), InputError, "weight_decay"),
        (lambda: optimizers.Lion(beta_1=0.0), InputError, "beta_1"),
        (lambda: optimizers.SGD().apply([np.ones(2)]), InputError, "build"),
        (lambda: optimizers.SGD().apply([np.ones(2)], []), InputError, "gradients"),
    ],
)
def test_bad_arguments_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
