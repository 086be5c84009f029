"""Learns to add, character by character: "12+345" to "357", by sequence to sequence.

    python examples/addition.py

An LSTM reads the question; its last state is repeated for each character of the answer, and a
second LSTM writes it. The questions are read backwards, after Sutskever, Vinyals and Le, Sequence
to Sequence Learning with Neural Networks, 2014.

With 50,000 sums of numbers of up to three digits, 45,000 of them to learn from, it prints after 30
epochs

    662+841 = 1503
    6+583 = 589
    3+977 = 980
    66+45 = 111
    954+42 = 996
    right: 98.6% of 5000 sums it never saw
"""

import numpy as np

import myelin as keras
from myelin import layers

CHARACTERS = "0123456789+ "


def encode(texts, width):
    """Texts as one-hot characters `(n, width, characters)`, filled up with blanks."""
    places = np.array([[CHARACTERS.index(c) for c in text.ljust(width)] for text in texts])
    return np.eye(len(CHARACTERS), dtype="float32")[places]


def decode(codes):
    """The texts of the likeliest characters."""
    return ["".join(CHARACTERS[i] for i in row).strip() for row in codes.argmax(-1)]


def make_questions(count, digits, seed):
    """Different sums of two numbers of up to `digits` digits, and their answers."""
    rng = np.random.default_rng(seed)
    asked = {}
    while len(asked) < count:
        a, b = (int(rng.integers(10 ** rng.integers(1, digits + 1))) for _ in range(2))
        asked[f"{a}+{b}"] = str(a + b)
    return list(asked), list(asked.values())


def make_model(width, answer, units):
    """Reads `width` characters, writes `answer` of them."""
    return keras.Sequential([
        keras.Input((width, len(CHARACTERS))),
        layers.LSTM(units),
        layers.RepeatVector(answer),
        layers.LSTM(units, return_sequences=True),
        layers.TimeDistributed(layers.Dense(len(CHARACTERS), activation="softmax")),
    ])  # fmt: skip


def main(count=50_000, digits=3, units=128, epochs=30, verbose=2):
    """Trains, shows a few sums, and returns the share of new sums that are right."""
    keras.utils.set_random_seed(0)
    questions, answers = make_questions(count, digits, seed=0)
    width, answer = 2 * digits + 1, digits + 1
    # Backwards: what the answer begins with then lies nearest to it.
    x, y = encode([q.ljust(width)[::-1] for q in questions], width), encode(answers, answer)
    cut = count * 9 // 10
    model = make_model(width, answer, units)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:cut], y[:cut], batch_size=128, epochs=epochs, verbose=verbose)
    written = decode(model.predict(x[cut:], verbose=0))
    right = float(np.mean([a == b for a, b in zip(written, answers[cut:], strict=True)]))
    for question, given in list(zip(questions[cut:], written, strict=True))[:5]:
        print(f"{question} = {given}")
    print(f"right: {right:.1%} of {count - cut} sums it never saw")
    return right


if __name__ == "__main__":
    main()
