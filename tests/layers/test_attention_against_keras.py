"""Attention gives Keras's numbers and gradients, and goes both ways as a configuration."""

import jax
import numpy as np
import pytest

import myelin as mn
from myelin import layers

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.peer

rng = np.random.default_rng(0)
Q = rng.normal(size=(2, 4, 6)).astype("float32")
V = rng.normal(size=(2, 5, 6)).astype("float32")
K = rng.normal(size=(2, 5, 7)).astype("float32")
GRID = rng.normal(size=(2, 3, 4, 5)).astype("float32")
WHO = rng.random((2, 4, 5)) > 0.4
WHO[:, :, 0] = True

# A layer, its arguments, what it is called with.
CASES = {
    "heads": ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, (Q, V), {}),
    "a key": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 4},
        (Q, V, K),
        {"return_attention_scores": True},
    ),
    "self": ("MultiHeadAttention", {"num_heads": 3, "key_dim": 2, "use_bias": False}, (Q, Q), {}),
    "causal": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "output_shape": 5},
        (Q, Q),
        {"use_causal_mask": True},
    ),
    "masked": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "use_gate": True},
        (Q, V),
        {"attention_mask": WHO, "return_attention_scores": True},
    ),
    "window": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "sliding_window": 2},
        (V, V),
        {},
    ),
    "both axes": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "attention_axes": (1, 2)},
        (GRID, GRID),
        {},
    ),
    "one axis": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "attention_axes": 2, "output_shape": (2, 3)},
        (GRID, GRID),
        {},
    ),
    "grouped": (
        "GroupedQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        (Q, V),
        {"attention_mask": WHO},
    ),
    "grouped causal": (
        "GroupedQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 1, "use_gate": True},
        (Q, Q),
        {"use_causal_mask": True},
    ),
    "products": ("Attention", {"use_scale": True}, ([Q, V],), {"return_attention_scores": True}),
    "sums": ("Attention", {"score_mode": "concat", "use_scale": True}, ([Q, V, V],), {}),
    "masked products": (
        "Attention",
        {},
        ([Q, V],),
        {"mask": [WHO[:, :, 1], WHO[:, 0]], "use_causal_mask": True},
    ),
    "additive": ("AdditiveAttention", {}, ([Q, V],), {"mask": [None, WHO[:, 0]]}),
    "einsum": (
        "EinsumDense",
        {"equation": "abc,cd->abd", "output_shape": (None, 3), "bias_axes": "d"},
        (Q,),
        {},
    ),
    "einsum of ends": (
        "EinsumDense",
        {
            "equation": "...x,xyz->...yz",
            "output_shape": (2, 3),
            "bias_axes": "z",
            "activation": "tanh",
        },
        (Q,),
        {},
    ),
    "einsum of beginnings": (
        "EinsumDense",
        {"equation": "ab...,bc->ac...", "output_shape": 3, "bias_axes": "c"},
        (GRID,),
        {},
    ),
    "einsum across": (
        "EinsumDense",
        {"equation": "abc,bd->adc", "output_shape": (3, 6), "bias_axes": "dc"},
        (Q,),
        {},
    ),
}


def pair(case):
    name, arguments, args, kwargs = CASES[case]
    theirs = getattr(keras.layers, name.replace("Grouped", "Group"))(**arguments)
    ours = getattr(layers, name)(**arguments)
    theirs(*args, **kwargs)
    ours(*args, **kwargs)
    values = [rng.normal(size=w.shape).astype("float32") * 0.5 for w in theirs.weights]
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    theirs.set_weights(values)
    ours.set_weights(values)
    return theirs, ours, args, kwargs


@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients(case):
    theirs, ours, args, kwargs = pair(case)

    def loss_of_theirs(values, args):
        outputs, _ = theirs.stateless_call(values, [], *args, **kwargs)
        return sum((leaf**2).sum() for leaf in jax.tree.leaves(outputs))

    def loss_of_ours(values, args):
        variables = {str(i): v for i, v in enumerate(ours.trainable_variables)}
        with mn.bind(variables, {str(i): value for i, value in enumerate(values)}):
            outputs = ours(*args, **kwargs)
        return sum((leaf**2).sum() for leaf in jax.tree.leaves(outputs))

    values = [v.value for v in theirs.trainable_variables]
    wanted = jax.value_and_grad(loss_of_theirs, (0, 1))(values, args)
    found = jax.value_and_grad(loss_of_ours, (0, 1))(values, args)
    for one, two in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("case", ["a key", "masked", "grouped", "additive", "einsum of ends"])
def test_configurations_go_both_ways(case):
    theirs, ours, args, kwargs = pair(case)
    name = CASES[case][0]
    read = getattr(layers, name).from_config(theirs.get_config())
    read.build_from_config(theirs.get_build_config())
    read.set_weights(theirs.get_weights())
    written = type(theirs).from_config(ours.get_config())
    written.build_from_config(ours.get_build_config())
    written.set_weights(ours.get_weights())
    one, two = read(*args, **kwargs), written(*args, **kwargs)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def many_heads(k):
    return k.layers.MultiHeadAttention(2, 4)


def grouped(k):
    return k.layers.GroupQueryAttention(4, 2, 1)


def network(k, blocks, attention=many_heads):
    """Blocks of a transformer over padded sentences."""
    tokens = k.Input((None,), dtype="int32")
    x = k.layers.Embedding(11, 8, mask_zero=True)(tokens)
    for _ in range(blocks):
        attended = attention(k)(x, x)
        x = k.layers.LayerNormalization()(k.layers.Add()([x, attended]))
        wide = k.layers.Dense(8)(k.layers.Dense(16, "relu")(x))
        x = k.layers.LayerNormalization()(k.layers.Add()([x, wide]))
    x = k.layers.GlobalAveragePooling1D()(x)
    return k.Model(tokens, k.layers.Dense(3, "softmax")(x))


TOKENS = rng.integers(1, 11, size=(12, 7))
LABELS = rng.integers(0, 3, size=12)


# With many heads one block: Keras takes the mask away from what its attention looked at, so a
# second one of its looks at padding too. Here the mask goes on.
@pytest.mark.parametrize(("attention", "blocks"), [(many_heads, 1), (grouped, 2)])
def test_padded_blocks_predict_as_keras_s_do(attention, blocks):
    padded = TOKENS.copy()
    for row, length in zip(padded, rng.integers(2, 8, size=12), strict=True):
        row[length:] = 0
    theirs, ours = network(keras, blocks, attention), network(mn, blocks, attention)
    ours.set_weights(theirs.get_weights())
    read = mn.Model.from_config(theirs.get_config())
    read.set_weights(theirs.get_weights())
    wanted = theirs.predict(padded, verbose=0)
    for model in (ours, read):
        np.testing.assert_allclose(model.predict(padded, verbose=0), wanted, rtol=1e-4, atol=1e-5)


def test_two_blocks_train_as_keras_s_do():
    theirs, ours = network(keras, 2), network(mn, 2)
    ours.set_weights(theirs.get_weights())
    losses = []
    for k, model in ((keras, theirs), (mn, ours)):
        model.compile(k.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        fitted = model.fit(TOKENS, LABELS, batch_size=4, epochs=2, shuffle=False, verbose=0)
        losses.append(fitted.history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
