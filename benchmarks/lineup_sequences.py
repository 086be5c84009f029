"""Who is measured at sequences, at a variational autoencoder, and at data that come in a stream."""

from __future__ import annotations

from dataclasses import replace

import lineup
from lineup import Contender, Variant, Work

TITLES = {
    "lstm": "An LSTM over 80 words of 20,000, 128 wide, batch 32",
    "gru": "The same with a GRU",
    "bidirectional": "The same with a bidirectional LSTM",
    "transformer": "Two blocks of a transformer on the same, four heads, batch 32",
    "characters": "A character model: two layers of 256 LSTM units on 100 steps, batch 32",
    "vae": "A variational autoencoder on MNIST, batch 128",
}
STEPS = {"vae": 200}
CANDIDATES: dict[str, tuple[tuple[str, ...], ...]] = {
    "Keras on TensorFlow": (
        (),
        ("--jit", "0", "--steps-per-execution", "10"),
        ("--jit", "1", "--steps-per-execution", "10"),
    ),
    "Keras on JAX": ((), ("--steps-per-execution", "10")),
    "Keras on PyTorch": (),
}


def _contenders(network: str) -> tuple[Contender, ...]:
    steps = str(STEPS.get(network, 50))
    batch = "128" if network == "vae" else "32"
    common = ("--network", network, "--batch-size", batch, "--steps", steps)

    def at_it(one: Contender, script: str, candidates: tuple[tuple[str, ...], ...]) -> Contender:
        return replace(one, script=script, options=common, candidates=candidates)

    return (
        at_it(lineup.MYELIN, "keras_sequences.py", ()),
        *(at_it(one, "keras_sequences.py", CANDIDATES[one.name]) for one in lineup.KERAS),
        at_it(
            lineup.TORCH_LOOP,
            "torch_sequences.py",
            (("--compile", "0"), ("--compile", "0", "--threads", "1"), ("--compile", "1")),
        ),
    )


SEQUENCES = tuple(
    Work(name, title, "mnist", _contenders(name), epochs=4) for name, title in TITLES.items()
)

# The classic program, its images from memory, from a generator, from memory-mapped files.
STREAMED = Work(
    "streamed",
    "The classic MNIST program, its data in a stream",
    "mnist",
    tuple(
        replace(one, script="keras_streamed.py", options=("--source", "0"), candidates=())
        for one in (lineup.MYELIN, lineup.KERAS[1])
    ),
    epochs=5,
    variants=(
        Variant("from a generator", ("--source", "1")),
        Variant("from memory-mapped files", ("--source", "2")),
    ),
)
