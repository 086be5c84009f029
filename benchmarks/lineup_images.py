"""Who is measured at the networks for images, and what a step of each computes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import lineup
from lineup import Contender, Variant, Work

# Steps of an epoch. Where a step takes a second, a few tell as much as a hundred: augmenting
# layers of Keras cannot be compiled on JAX, and on PyTorch they run operation by operation.
STEPS = {"cnn": 100, "resnet": 60, "separable": 60}
FEWER_STEPS = {
    ("cnn", "Keras on JAX"): 30,
    ("resnet", "Keras on JAX"): 6,
    ("resnet", "Keras on PyTorch"): 4,
    ("separable", "Keras on JAX"): 12,
    ("separable", "Keras on PyTorch"): 30,
}
# A chunk of compiled steps holds a whole number of them; on PyTorch Keras takes only 1.
CANDIDATES = {
    "Keras on TensorFlow": (
        (),
        ("--jit", "0", "--steps-per-execution", "20"),
        ("--jit", "1", "--steps-per-execution", "20"),
    ),
    "Keras on JAX": ((), ("--steps-per-execution", "6")),
    "Keras on PyTorch": (),
}


def contenders(network: str, batch_size: int, *options: str) -> tuple[Contender, ...]:
    """Myelin, Keras on each backend and PyTorch by hand, at one network."""
    common = ("--network", network, "--batch-size", str(batch_size), *options)

    def at_it(
        contender: Contender, script: str, candidates: tuple[tuple[str, ...], ...]
    ) -> Contender:
        steps = FEWER_STEPS.get((network, contender.name), STEPS[network])
        return replace(
            contender,
            script=script,
            options=(*common, "--steps", str(steps)),
            candidates=candidates,
        )

    return (
        at_it(lineup.MYELIN, "keras_images.py", ()),
        *(at_it(one, "keras_images.py", CANDIDATES[one.name]) for one in lineup.KERAS),
        at_it(
            lineup.TORCH_LOOP,
            "torch_images.py",
            tuple(
                ("--channels-last", last, "--compile", compiled)
                for compiled, last in itertools.product("01", "01")
            ),
        ),
    )


def convolution(side: int, kernel: int, inputs: int, outputs: int) -> int:
    """Multiplications and additions for one image, `side` the output's height and width."""
    return 2 * side**2 * kernel**2 * inputs * outputs


def step(batch_size: int, first: int, rest: int) -> float:
    """GFLOP of a step: forward and two gradients, but none for the images themselves."""
    return batch_size * (2 * first + 3 * rest) / 1e9


CNN_GFLOP = step(128, convolution(26, 3, 1, 32), convolution(11, 3, 32, 64) + 2 * 5 * 5 * 64 * 10)
RESNET_GFLOP = step(
    64,
    convolution(32, 3, 3, 16),
    2 * convolution(32, 3, 16, 16)
    + convolution(16, 3, 16, 32) + convolution(16, 3, 32, 32) + convolution(16, 1, 16, 32)
    + convolution(8, 3, 32, 64) + convolution(8, 3, 64, 64) + convolution(8, 1, 32, 64)
    + 2 * 64 * 10,
)  # fmt: skip
# A depthwise convolution has one input a channel.
SEPARABLE_GFLOP = step(
    64,
    convolution(32, 3, 3, 32),
    convolution(32, 3, 1, 32) + convolution(32, 1, 32, 64)
    + convolution(16, 3, 1, 64) + convolution(16, 1, 64, 128)
    + convolution(16, 3, 1, 128) + convolution(16, 1, 128, 128)
    + convolution(8, 3, 1, 128) + convolution(8, 1, 128, 256)
    + 2 * 256 * 10,
)  # fmt: skip

NOT_AUGMENTED = Variant("not augmented", ("--augment", "0"))
CNN = Work(
    "cnn", "A small CNN on MNIST, batch 128", "mnist", contenders("cnn", 128),
    epochs=3, gflop=CNN_GFLOP,
)  # fmt: skip
RESNET = Work(
    "resnet",
    "ResNet-8 on CIFAR-10 with flips, rotations and zooms, batch 64",
    "cifar10",
    contenders("resnet", 64, "--augment", "1"),
    epochs=3,
    variants=(NOT_AUGMENTED,),
    gflop=RESNET_GFLOP,
)
SEPARABLE = Work(
    "separable", "A depthwise-separable network on CIFAR-10, batch 64", "cifar10",
    contenders("separable", 64), epochs=3, gflop=SEPARABLE_GFLOP,
)  # fmt: skip

IMAGES = (CNN, RESNET, SEPARABLE)
