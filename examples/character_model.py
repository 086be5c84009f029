"""Writes text in the manner of what it read, one character after the other.

    MYELIN_DATASETS=<folder> python examples/character_model.py     # movie_reviews.csv in it
    python examples/character_model.py                              # Python's own Zen

An LSTM says which character comes next. To write, one is drawn from its probabilities, sharpened
or flattened by a temperature, and read again; or the likeliest few beginnings go on side by side.

On 400,000 characters of reviews, ten epochs bring the loss from 3.01 to 1.63. It then writes

    --- temperature 0.5
    al , the star , series , morgured .
    the simple the story , the film . . . experisting .
    --- temperature 1.0
    la , who wo tardor called yvinled in time like raundy delie feathers , who hews some prockys
    --- the likeliest
    al .
    the movie .
    the movie .
    the movie that it is
"""

import codecs
import contextlib
import csv
import io
import os
import pathlib

import numpy as np

import myelin as keras
from myelin import layers


def load_text(characters=None):
    """The text to learn from, in small letters."""
    if "MYELIN_DATASETS" in os.environ:
        file = pathlib.Path(os.environ["MYELIN_DATASETS"], "movie_reviews.csv")
        with file.open(newline="", encoding="utf-8") as lines:
            text = "\n".join(row["text"] for row in csv.DictReader(lines))
    else:
        with contextlib.redirect_stdout(io.StringIO()):
            import this
        text = codecs.decode(this.s, "rot13") * 20
    return text.lower()[:characters]


def make_windows(codes, length):
    """Windows of the text, and the same one character later."""
    starts = np.arange(0, len(codes) - length - 1, length)
    windows = np.stack([codes[start : start + length + 1] for start in starts])
    return windows[:, :-1], windows[:, 1:]


def make_model(characters, units):
    """From characters to the logits of those that come next."""
    return keras.Sequential([
        keras.Input((None,), dtype="int32"),
        layers.Embedding(characters, 32),
        layers.LSTM(units, return_sequences=True),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(characters),
    ])  # fmt: skip


def write(model, codes, length, temperature, seed=0):
    """Goes on from `codes` for `length` characters."""
    rng, width = np.random.default_rng(seed), len(codes)
    codes = list(codes)
    for _ in range(length):
        logits = model.predict(np.array([codes[-width:]]), verbose=0)[0, -1] / temperature
        chances = np.exp(logits - logits.max())
        codes.append(rng.choice(len(chances), p=chances / chances.sum()))
    return codes[width:]


def write_likeliest(model, codes, length, beams=4):
    """Goes on from `codes` with the likeliest text that a search with some beams finds."""
    width, alive = len(codes), [(0.0, list(codes))]
    for _ in range(length):
        logits = model.predict(np.array([own[-width:] for _, own in alive]), verbose=0)[:, -1]
        scores = np.array(keras.ops.log_softmax(logits)) + np.array([[s] for s, _ in alive])
        best = np.argsort(scores, axis=None)[::-1][:beams]
        places = zip(*np.unravel_index(best, scores.shape), strict=True)
        alive = [(scores[row, code], [*alive[row][1], code]) for row, code in places]
    return alive[0][1][width:]


def main(characters=400_000, units=256, length=100, epochs=10, written=200, verbose=2):
    """Trains, writes a little, and returns the loss of a character, in nats."""
    keras.utils.set_random_seed(0)
    text = load_text(characters)
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(character) for character in text], "int32")
    x, y = make_windows(codes, length)
    model = make_model(len(alphabet), units)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss)
    history = model.fit(x, y, batch_size=32, epochs=epochs, verbose=verbose).history
    for temperature in (0.5, 1.0):
        drawn = write(model, x[0], written, temperature)
        print(f"--- temperature {temperature}\n{''.join(alphabet[code] for code in drawn)}")
    likeliest = write_likeliest(model, x[0], written // 4)
    print(f"--- the likeliest\n{''.join(alphabet[code] for code in likeliest)}")
    return history["loss"][-1]


if __name__ == "__main__":
    main()
