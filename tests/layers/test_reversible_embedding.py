"""Words to vectors and back, with the same weights or with two."""

import numpy as np
import pytest

import myelin as keras
from myelin import errors, layers

WORDS = np.array([[1, 3, 0], [2, 4, 0]])


@pytest.mark.parametrize("tied", [True, False])
def test_it_goes_back_by_a_product(tied):
    layer = layers.ReversibleEmbedding(5, 4, tie_weights=tied, logit_soft_cap=0.01)
    vectors = layer(WORDS)
    assert len(layer.weights) == (1 if tied else 2)
    back = layer.embeddings.numpy().T if tied else layer.reverse_embeddings.numpy()
    wanted = 0.01 * np.tanh(np.asarray(vectors) @ back / 0.01)
    np.testing.assert_allclose(layer(vectors, reverse=True), wanted, rtol=1e-5, atol=1e-7)
    with pytest.raises(errors.ShapeError, match="a last axis of 4"):
        layer(np.ones((2, 3)), reverse=True)


def test_a_language_model_trains_one_matrix_both_ways():
    words = layers.Input((3,), dtype="int32")
    layer = layers.ReversibleEmbedding(5, 8, mask_zero=True, name="words")
    vectors = layer(words)
    scores = layer(vectors, reverse=True)
    assert (vectors.shape, scores.shape) == ((None, 3, 8), (None, 3, 5))
    model = keras.Model(words, scores)
    model.compile(
        keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    history = model.fit(WORDS, WORDS, epochs=30, verbose=0).history["loss"]
    assert model.count_params() == 40
    assert history[-1] < history[0] / 2
    clone = keras.models.model_from_json(model.to_json())
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(WORDS), model.predict(WORDS))


def test_padding_is_masked_on_the_way_there_only():
    layer = layers.ReversibleEmbedding(5, 4, mask_zero=True, reverse_dtype="float16")
    vectors = layer(WORDS)
    np.testing.assert_array_equal(layers.masks.mask_of(vectors), WORDS != 0)
    scores = layer(vectors, reverse=True)
    assert layers.masks.mask_of(scores) is None
    assert scores.dtype == "float16"
