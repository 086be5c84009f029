"""One step of training of three networks, in Myelin and in PyTorch, in turn.

    python benchmarks/convolutions.py             milliseconds a step, medians of the rounds
    python benchmarks/convolutions.py --kernels   the kernels alone, beside the plain lax form

The networks are those of the table in README.md: a small one (batch 128, 28 by 28), ResNet-8 and
a depthwise-separable one (batch 64, 32 by 32). Myelin's time is an epoch's of `fit` divided by
its steps; PyTorch's is a loop's with fused Adam, plain and channels-last.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

STEPS = 20
BATCHES = {"small": (128, 28, 1), "resnet8": (64, 32, 3), "separable": (64, 32, 3)}


def data(name: str, steps: int = STEPS) -> tuple[np.ndarray, np.ndarray]:
    batch, size, channels = BATCHES[name]
    rng = np.random.default_rng(0)
    images = rng.normal(size=(steps * batch, size, size, channels)).astype("float32")
    return images, rng.integers(0, 10, size=steps * batch)


def myelin_model(name: str) -> Any:
    from myelin import Input, Model, layers

    def conv(x: Any, filters: int, size: int, strides: int = 1) -> Any:
        return layers.Conv2D(filters, size, strides, "same", use_bias=False)(x)

    def normalized(x: Any) -> Any:
        return layers.BatchNormalization()(x)

    def relu(x: Any) -> Any:
        return layers.ReLU()(x)

    _, size, channels = BATCHES[name]
    inputs = Input((size, size, channels))
    x = inputs
    if name == "small":
        for filters in (32, 64):
            x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, activation="relu")(x))
        x = layers.Dropout(0.5)(layers.Flatten()(x))
    elif name == "resnet8":
        x = relu(normalized(conv(x, 16, 3)))
        for filters, strides in ((16, 1), (32, 2), (64, 2)):
            y = relu(normalized(conv(x, filters, 3, strides)))
            y = normalized(conv(y, filters, 3))
            x = relu(layers.Add()([y, x if strides == 1 else conv(x, filters, 1, strides)]))
        x = layers.GlobalAveragePooling2D()(x)
    else:
        x = relu(normalized(conv(x, 32, 3)))
        for filters, strides in ((64, 1), (128, 2), (128, 1)):
            x = layers.DepthwiseConv2D(3, strides, "same", use_bias=False)(x)
            x = relu(normalized(conv(relu(normalized(x)), filters, 1)))
        x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(10, "softmax")(x))


def myelin_steps(name: str) -> Callable[[], float]:
    """A function that trains an epoch and gives milliseconds a step."""
    model = myelin_model(name)
    model.compile("adam", "sparse_categorical_crossentropy")
    images, labels = data(name)

    def epoch() -> float:
        began = time.perf_counter()
        model.fit(images, labels, batch_size=BATCHES[name][0], epochs=1, verbose=0, shuffle=False)
        return (time.perf_counter() - began) / STEPS * 1e3

    epoch()
    return epoch


def torch_model(name: str) -> Any:
    from torch import nn

    def conv(before: int, after: int, size: int, stride: int = 1, groups: int = 1) -> Any:
        return nn.Conv2d(before, after, size, stride, size // 2, groups=groups, bias=False)

    class Block(nn.Module):
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.main = nn.Sequential(
                conv(before, after, 3, stride), nn.BatchNorm2d(after), nn.ReLU(),
                conv(after, after, 3), nn.BatchNorm2d(after),
            )  # fmt: skip
            self.side = nn.Identity() if stride == 1 else conv(before, after, 1, stride)

        def forward(self, x: Any) -> Any:
            return (self.main(x) + self.side(x)).relu()

    if name == "small":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10),
        )  # fmt: skip
    first = 16 if name == "resnet8" else 32
    parts = [conv(3, first, 3), nn.BatchNorm2d(first), nn.ReLU()]
    if name == "resnet8":
        parts += [Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)]
    else:
        for before, after, stride in ((32, 64, 1), (64, 128, 2), (128, 128, 1)):
            parts += [conv(before, before, 3, stride, before), nn.BatchNorm2d(before), nn.ReLU(),
                      conv(before, after, 1), nn.BatchNorm2d(after), nn.ReLU()]  # fmt: skip
    last = 64 if name == "resnet8" else 128
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, 10))


def torch_steps(name: str, channels_last: bool) -> Callable[[], float]:
    """A function that trains as many steps and gives milliseconds a step."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = torch_model(name).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    loss = torch.nn.CrossEntropyLoss()
    images, labels = data(name)
    x = torch.tensor(images).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    y, batch = torch.tensor(labels), BATCHES[name][0]

    def epoch() -> float:
        began = time.perf_counter()
        for at in range(0, len(y), batch):
            optimizer.zero_grad(set_to_none=True)
            loss(model(x[at : at + batch]), y[at : at + batch]).backward()
            optimizer.step()
        return (time.perf_counter() - began) / STEPS * 1e3

    epoch()
    return epoch


def kernel_times() -> dict[str, Callable[[], float]]:
    """For some convolutions, value and both gradients: the kernels and the plain lax form."""
    import jax

    from myelin.kernels import convolution
    from myelin.kernels.geometry import geometry

    contenders = {}
    for size, before, after, stride, groups in (
        (28, 1, 32, 1, 1), (13, 32, 64, 1, 1), (32, 16, 32, 2, 1), (32, 64, 64, 1, 64),
    ):  # fmt: skip
        how = geometry((size,) * 2, (3, 3), (stride,) * 2, "same", (1, 1), groups)
        rng = np.random.default_rng(0)
        shapes = [(64, size, size, before), (3, 3, before // groups, after),
                  (64, *how.output, after)]  # fmt: skip
        x, kernel, y = (rng.normal(size=shape).astype("float32") for shape in shapes)
        for form in (convolution.convolve, convolution.reference):

            @jax.jit
            def three(x: Any, kernel: Any, y: Any, form: Any = form, how: Any = how) -> Any:
                value, back = jax.vjp(lambda x, kernel: form(x, kernel, how), x, kernel)
                return value, back(y)

            def once(three: Any = three, operands: Any = (x, kernel, y)) -> float:
                began = time.perf_counter()
                jax.block_until_ready(three(*operands))
                return (time.perf_counter() - began) * 1e3

            once()
            contenders[f"{before}→{after}, {size}², {form.__name__}"] = once
    return contenders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kernels", action="store_true")
    options = parser.parse_args()
    if options.kernels:
        show(kernel_times(), options.rounds)
        return
    for name in BATCHES:
        contenders = {
            f"{name}: myelin": myelin_steps(name),
            f"{name}: torch": torch_steps(name, False),
            f"{name}: torch, channels last": torch_steps(name, True),
        }
        show(contenders, options.rounds)


def show(contenders: dict[str, Callable[[], float]], rounds: int) -> None:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(contender())
    for name, found in times.items():
        print(f"{name:40} {statistics.median(found):8.1f} ms, best {min(found):8.1f}")


if __name__ == "__main__":
    main()
