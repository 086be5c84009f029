"""Says whether a film review is good or bad with a small transformer.

    MYELIN_DATASETS=<folder> python examples/transformer.py     # movie_reviews.csv in it
    python examples/transformer.py                              # made-up sentences

Words become vectors with their places in them; blocks of attention and a small dense network, each
added to what went in, let every word look at every other. After Vaswani et al., Attention Is All
You Need, 2017.

On the 10,662 sentences of Pang and Lee (2005), four in five of them to learn from, it prints:

    2133 sentences it never saw: accuracy 0.743
"""

import csv
import os
import pathlib

import numpy as np

import myelin as keras
from myelin import layers, ops


def load_reviews(rows=None):
    """Sentences and labels, 1 for good: the real ones where they are, else made-up ones."""
    if "MYELIN_DATASETS" in os.environ:
        file = pathlib.Path(os.environ["MYELIN_DATASETS"], "movie_reviews.csv")
        with file.open(newline="", encoding="utf-8") as lines:
            read = [(row["text"], int(row["label"])) for row in csv.DictReader(lines)]
    else:
        rng = np.random.default_rng(0)
        words = [["dull", "bad", "stale"], ["great", "warm", "fine"]]
        read = [
            (f"a {rng.choice(words[label])} film with a {rng.choice(words[label])} end", label)
            for label in rng.integers(0, 2, 400)
        ]
    texts, labels = zip(*read[:rows], strict=True)
    return np.array(texts, dtype=object), np.array(labels)


class PlacedEmbedding(layers.Layer):
    """Vectors of words plus vectors of their places."""

    def __init__(self, words, length, size, **kwargs):
        super().__init__(**kwargs)
        self.length = length
        self.words = layers.Embedding(words, size, mask_zero=True)
        self.places = layers.Embedding(length, size)

    def call(self, tokens):
        return self.words(tokens) + self.places(ops.arange(self.length))

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0)


def block(x, heads, size, dropout):
    """Attention, then a dense network at each word; each added to what went in."""
    looked = layers.MultiHeadAttention(heads, size // heads, dropout=dropout)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, looked]))
    thought = layers.Dense(size)(layers.Dense(2 * size, activation="relu")(x))
    return layers.LayerNormalization()(layers.Add()([x, layers.Dropout(dropout)(thought)]))


def make_model(texts, words, length, size, heads, blocks):
    """From text to the probability of good."""
    vectorize = layers.TextVectorization(max_tokens=words, output_sequence_length=length)
    vectorize.adapt(texts)
    text = keras.Input((1,), dtype="string")
    x = PlacedEmbedding(words, length, size)(vectorize(text))
    for _ in range(blocks):
        x = block(x, heads, size, dropout=0.2)
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(text, layers.Dense(1, activation="sigmoid")(x))


def main(rows=None, words=10_000, length=40, size=64, heads=4, blocks=2, epochs=5, verbose=2):
    """Trains, and returns the accuracy on sentences it never saw."""
    keras.utils.set_random_seed(0)
    texts, labels = load_reviews(rows)
    cut = len(texts) * 4 // 5
    model = make_model(texts[:cut], words, length, size, heads, blocks)
    model.compile(keras.optimizers.Adam(5e-4), "binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping("val_accuracy", patience=2, restore_best_weights=True)
    model.fit(texts[:cut], labels[:cut], batch_size=32, epochs=epochs, validation_split=0.1,
              callbacks=[stop], verbose=verbose)  # fmt: skip
    accuracy = model.evaluate(texts[cut:], labels[cut:], verbose=0)[1]
    print(f"{len(texts) - cut} sentences it never saw: accuracy {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
