"""A program of trees as one of leaves: the same results, and one text whatever the keys are."""

import jax
import jax.numpy as jnp
import numpy as np

from myelin.training.nameless import Nameless


def step(state, data, factor, *, batch_size):
    total = sum(jax.tree.leaves(state))
    after = jax.tree.map(lambda a: a * factor + data["x"].sum() / batch_size, state)
    return after, {"total": total}


def state_of(names):
    return {"trainable": {name: jnp.full(3, float(i)) for i, name in enumerate(names)}, "n": 2.0}


def test_it_gives_what_the_function_gives():
    names = [f"dense_{i}/kernel" for i in range(8, 13)]
    data = {"x": np.arange(6.0, dtype="float32")}
    wanted = step(state_of(names), data, 3.0, batch_size=2)
    found = Nameless(step, returns_first=True)(state_of(names), data, 3.0, batch_size=2)
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_results_that_are_no_pair_stay_as_they_are():
    outputs = Nameless(lambda x, *, batch_size: {"b": x["a"] * batch_size}, returns_first=False)
    np.testing.assert_array_equal(outputs({"a": jnp.arange(3)}, batch_size=2)["b"], [0, 2, 4])


def test_a_model_that_is_made_again_is_the_same_program():
    def text(names):
        program = Nameless(step, returns_first=True)
        seen = []
        run = program._run
        program._run = lambda *args, **kw: seen.append(run.lower(*args, **kw)) or run(*args, **kw)
        program(state_of(names), {"x": np.ones(2, "float32")}, 2.0, batch_size=1)
        return seen[0].as_text()

    first = text(["dense/kernel", "dense_1/kernel"])
    assert "kernel" not in first
    assert first == text(["dense_4/kernel", "dense_5/kernel"])
