"""Says whether a film review is good or bad, from its text alone.

    MYELIN_DATASETS=<folder> python examples/sentiment.py          # movie_reviews.csv in it
    python examples/sentiment.py --small                           # a handful of sentences

The text goes into the model as it is: `TextVectorization` is its first layer, learns its
vocabulary with `adapt`, and is kept in the model's file, so whoever loads the file predicts on
text too. The layer runs on the host, once over all sentences, before training begins.

On the 10,662 sentences of Pang and Lee (2005), four in five of them to learn from, it prints:

    2132 sentences it never saw: loss 0.488, accuracy 0.764
    100.0% good: a wonderful , moving film
     7.3% good: what a waste of two hours
"""

import csv
import os
import pathlib
import sys
import tempfile

import numpy as np

import myelin as keras
from myelin import layers

GOOD = ["a warm and funny film", "great acting and a great story", "i loved every minute",
        "a moving and beautiful picture", "smart , funny and charming"]  # fmt: skip
BAD = ["a dull and tedious film", "bad acting and a silly story", "i hated every minute",
       "a boring and ugly picture", "stupid , loud and tiresome"]  # fmt: skip


def load_reviews(rows=None):
    """Sentences and labels, 1 for good: the real ones where they are, else those above."""
    file = pathlib.Path(os.environ.get("MYELIN_DATASETS", "")) / "movie_reviews.csv"
    if "MYELIN_DATASETS" in os.environ and file.is_file():
        with file.open(newline="", encoding="utf-8") as lines:
            read = [(row["text"], int(row["label"])) for row in csv.DictReader(lines)]
        texts, labels = zip(*read, strict=True)
    else:
        texts, labels = (GOOD + BAD) * 20, ([1] * len(GOOD) + [0] * len(BAD)) * 20
    return np.array(texts, dtype=object)[:rows], np.array(labels)[:rows]


def make_model(texts, max_tokens=10_000, length=50):
    """Words to vectors, their mean to a probability."""
    vectorize = layers.TextVectorization(max_tokens=max_tokens, output_sequence_length=length)
    vectorize.adapt(texts)
    model = keras.Sequential([
        keras.Input(shape=(1,), dtype="string"),
        vectorize,
        layers.Embedding(vectorize.vocabulary_size(), 32, mask_zero=True),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.5),
        layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def main(rows=None, epochs=15, verbose=2):
    """Trains, judges, saves and loads; returns the accuracy on sentences it never saw."""
    keras.utils.set_random_seed(1)
    texts, labels = load_reviews(rows)
    test = len(texts) // 5
    # The vocabulary too is learned from the training sentences alone.
    train_texts, train_labels = texts[test:], labels[test:]
    model = make_model(train_texts)
    if verbose:
        model.summary()
    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model.fit(
        train_texts, train_labels, validation_split=0.1, epochs=epochs, callbacks=[stop],
        verbose=verbose,
    )  # fmt: skip
    loss, accuracy = model.evaluate(texts[:test], labels[:test], verbose=0)
    print(f"{test} sentences it never saw: loss {loss:.3f}, accuracy {accuracy:.3f}")

    own = np.array(["a wonderful , moving film", "what a waste of two hours"])
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "sentiment.myelin"
        model.save(file)
        loaded = keras.models.load_model(file)
    for sentence, probability in zip(own, loaded.predict(own, verbose=0)[:, 0], strict=True):
        print(f"{probability:5.1%} good: {sentence}")
    np.testing.assert_array_equal(loaded.predict(own, verbose=0), model.predict(own, verbose=0))
    return accuracy


if __name__ == "__main__":
    main(rows=200, epochs=3) if "--small" in sys.argv else main()
