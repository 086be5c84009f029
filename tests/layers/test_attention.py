"""Attention against sums written out in NumPy, and its place among other layers."""

import numpy as np
import pytest

import myelin as mn
from myelin import layers
from myelin.errors import InputError, ShapeError

rng = np.random.default_rng(0)
Q = rng.normal(size=(2, 4, 6)).astype("float32")
V = rng.normal(size=(2, 5, 6)).astype("float32")


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def written_out(layer, query, value, allowed=None):
    """One head after the other."""
    part = {v.path.split("/")[-2] + "/" + v.name: v.numpy() for v in layer.weights}
    outputs = part["attention_output/bias"]
    for head in range(layer.num_heads):
        q, k, v = (
            x @ part[f"{name}/kernel"][:, head] + part[f"{name}/bias"][head]
            for name, x in (("query", query), ("key", value), ("value", value))
        )
        scores = q @ np.swapaxes(k, 1, 2) / np.sqrt(layer.key_dim)
        if allowed is not None:
            scores = np.where(allowed, scores, -np.inf)
        outputs = outputs + softmax(scores) @ v @ part["attention_output/kernel"][head]
    return outputs


def attention(**arguments):
    mn.utils.set_random_seed(0)
    layer = layers.MultiHeadAttention(2, 3, bias_initializer="normal", **arguments)
    layer(Q, V)
    layer.name_variables("a", set())
    return layer


def test_heads_written_out():
    layer = attention(value_dim=4)
    np.testing.assert_allclose(layer(Q, V), written_out(layer, Q, V), rtol=1e-4, atol=1e-5)


def test_masks_of_every_kind_are_joined():
    layer = attention()
    counts = np.arange(5) < np.array([[3], [5]])
    who = rng.random((2, 4, 5)) > 0.3
    who[..., 0] = True
    past = np.tri(4, 5, dtype=bool)
    found = layer(Q, V, value_mask=counts, attention_mask=who, use_causal_mask=True)
    wanted = written_out(layer, Q, V, counts[:, None] & who & past)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_window():
    layer = attention(sliding_window=2)
    near = np.abs(np.arange(4)[:, None] - np.arange(5)) < 2
    np.testing.assert_allclose(layer(Q, V), written_out(layer, Q, V, near), rtol=1e-4, atol=1e-5)


def test_the_mask_of_an_embedding_reaches_it_and_goes_on():
    tokens = np.array([[1, 2, 3, 0], [4, 1, 0, 0]])
    x = layers.Embedding(5, 6, mask_zero=True)(tokens)
    layer = attention()
    y = layer(x, x)
    mask = tokens != 0
    wanted = written_out(layer, np.asarray(x), np.asarray(x), mask[:, None])
    np.testing.assert_allclose(np.asarray(y)[mask], wanted[mask], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layers.masks.mask_of(y), mask)


def test_scores_add_up_to_one_and_see_nothing_masked():
    counts = np.arange(5) < np.array([[3], [5]])
    _, scores = attention()(Q, V, value_mask=counts, return_attention_scores=True)
    assert scores.shape == (2, 2, 4, 5)
    np.testing.assert_allclose(np.sum(scores, -1), 1, rtol=1e-5)
    assert np.all(np.asarray(scores)[0, :, :, 3:] == 0)


def test_dropout_is_for_training():
    layer = attention(dropout=0.5)
    one, two = layer(Q, V, training=True), layer(Q, V)
    assert np.abs(one - two).max() > 1e-3
    np.testing.assert_array_equal(two, layer(Q, V))


def test_grouped_heads_are_heads_with_repeated_keys():
    mn.utils.set_random_seed(0)
    grouped = layers.GroupedQueryAttention(3, 4, 2)
    grouped(Q, V)
    whole = layers.MultiHeadAttention(4, 3)
    whole(Q, V)
    weights = grouped.get_weights()
    for place in (2, 3, 4, 5):  # Keys and values, kernels and biases.
        weights[place] = np.repeat(weights[place], 2, axis=-2)
    whole.set_weights(weights)
    np.testing.assert_allclose(grouped(Q, V), whole(Q, V), rtol=1e-4, atol=1e-6)


def test_it_stands_in_a_model_that_is_saved(tmp_path):
    tokens = mn.Input((4,), dtype="int32")
    x = layers.Embedding(9, 6)(tokens)
    y, scores = layers.MultiHeadAttention(2, 3, name="look")(
        query=x, value=x, use_causal_mask=True, return_attention_scores=True
    )
    y = layers.Attention()([y, x])
    model = mn.Model(tokens, [layers.GlobalAveragePooling1D()(x + y), scores])
    data = rng.integers(0, 9, (3, 4))
    model.save(tmp_path / "m.myelin")
    again = mn.load_model(tmp_path / "m.myelin")
    for one, two in zip(
        model.predict(data, verbose=0), again.predict(data, verbose=0), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    assert model.get_layer("look").count_params() == 2 * 3 * 6 * 4 + 3 * 6 + 6
    assert model.output_shape == [(None, 6), (None, 2, 4, 4)]
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert "look" in lines[0]


def test_mixed_precision_casts_all_of_them():
    layer = layers.MultiHeadAttention(2, 3, dtype="mixed_bfloat16")
    assert layer(Q, value=V).dtype == "bfloat16"
    assert layer.query_dense.kernel.dtype == "float32"


def test_a_layer_of_ones_own_is_built_with_the_shapes_it_names():
    class Mixed(layers.Layer):
        def build(self, left_shape, right_shape):
            self.kernel = self.add_weight((left_shape[-1], right_shape[-1]), "ones")

        def call(self, left, right):
            return left @ self.kernel.value + right

    left, right = np.ones((2, 3), "float32"), np.ones((2, 4), "float32")
    layer = Mixed()
    assert np.all(layer(left, right=right) == 4)
    assert layer.get_build_config() == {
        "shapes_dict": {"left_shape": (2, 3), "right_shape": (2, 4)}
    }
    again = Mixed()
    again.build_from_config(layer.get_build_config())
    assert again.kernel.shape == (3, 4)


def test_what_does_not_fit_is_said():
    with pytest.raises(InputError, match="num_heads wants a whole number above 0"):
        layers.MultiHeadAttention(0, 3)
    with pytest.raises(InputError, match="multiple of num_key_value_heads"):
        layers.GroupedQueryAttention(3, 4, 3)
    with pytest.raises(InputError, match="goes without dropout"):
        layers.MultiHeadAttention(2, 3, dropout=0.1, flash_attention=True)
    with pytest.raises(ShapeError, match="a key as long as the value"):
        layers.MultiHeadAttention(2, 3)(Q, V, Q)
    with pytest.raises(InputError, match=r"\[query, value\]"):
        layers.Attention()(Q)
    with pytest.raises(InputError, match='"dot" or "concat"'):
        layers.Attention(score_mode="sum")
    with pytest.raises(InputError, match="equation wants a form"):
        layers.EinsumDense("ab,bc", 3)
    with pytest.raises(InputError, match='bias_axes "x" is no axis'):
        layers.EinsumDense("ab,bc->ac", 3, bias_axes="x")
    with pytest.raises(ShapeError, match="inputs that fit ab,bc->ac"):
        layers.EinsumDense("ab,bc->ac", 3)(Q)
    with pytest.raises(ShapeError, match="output_shape with 2 sizes"):
        layers.EinsumDense("abc,cd->abd", 3)(Q)
