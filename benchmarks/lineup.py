"""Who is measured at what, and with which settings each may be tuned."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Contender:
    """A program in a process of its own.

    Attributes:
        name: how the tables call it.
        script: its file in `contenders/`.
        options: its command line.
        environment: what is set for it; `{cache}` stands for a folder that runs share.
        launcher: what stands between Python and the script.
        candidates: command lines to choose the fastest from; none where there is no choice.
    """

    name: str
    script: str
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    launcher: tuple[str, ...] = ()
    candidates: tuple[tuple[str, ...], ...] = ()

    def tuned(self, options: tuple[str, ...]) -> Contender:
        """The same with one of its candidates, named after it."""
        shown = " ".join(option.removeprefix("--") for option in options) or "as it stands"
        return replace(
            self, name=f"{self.name} ({shown})", options=(*self.options, *options), candidates=()
        )


@dataclass(frozen=True)
class Variant:
    """A change of the program, measured beside it.

    Attributes:
        name: what stands after the contender's name and a comma.
        options: what is added to the command line.
        of: the names of the contenders that run it; none where all of them do.
    """

    name: str
    options: tuple[str, ...]
    of: tuple[str, ...] = ()

    def applied(self, contenders: Iterable[Contender]) -> list[Contender]:
        """The contenders that run it, with it."""
        return [
            replace(one, name=f"{one.name}, {self.name}", options=(*one.options, *self.options))
            for one in contenders
            if not self.of or one.name in self.of
        ]


@dataclass(frozen=True)
class Work:
    """What all its contenders do, and what of it counts.

    Attributes:
        name: how the command line calls it.
        title: how the page calls it.
        data: the name of its data set.
        contenders: who does it.
        epochs: how many a run has, unless the command line says otherwise.
        variants: changes of it.
        tuned_for_whole: whether settings that finish the whole process sooner are a row too.
        gflop: multiplications and additions of a step's products, in thousands of millions.
    """

    name: str
    title: str
    data: str
    contenders: tuple[Contender, ...]
    epochs: int
    variants: tuple[Variant, ...] = ()
    tuned_for_whole: bool = False
    gflop: float = 0.0


MYELIN = Contender(
    "Myelin",
    "keras_mnist.py",
    launcher=("-m", "myelin"),
    environment=(("MYELIN_COMPILATION_CACHE", "{cache}"),),
)
MYELIN_FLOAT32 = replace(MYELIN, name="Myelin (float32 1)", options=("--float32", "1"))
MYELIN_COLD = replace(
    MYELIN,
    name="Myelin, compilation cache off",
    environment=(("MYELIN_COMPILATION_CACHE", ""),),
)


def _keras(backend: str, name: str) -> Contender:
    return Contender(
        f"Keras on {name}", "keras_mnist.py", environment=(("KERAS_BACKEND", backend),)
    )


KERAS = tuple(
    _keras(*names) for names in (("tensorflow", "TensorFlow"), ("jax", "JAX"), ("torch", "PyTorch"))
)
# Keras on PyTorch takes one step an execution and refuses more.
STEPS = {
    "Keras on TensorFlow": (1, 8, 32, 128, 512),
    "Keras on JAX": (1, 8, 32, 128, 512),
    "Keras on PyTorch": (1,),
}
KERAS_TUNED = tuple(
    replace(
        contender,
        name=f"{contender.name}, tuned",
        candidates=tuple(
            ("--float32", "1", "--steps-per-execution", str(steps))
            for steps in STEPS[contender.name]
        ),
    )
    for contender in KERAS
)
TORCH_LOOP = Contender(
    "PyTorch, hand-tuned loop",
    "torch_loop.py",
    candidates=tuple(
        ("--threads", threads, "--compile", compiled)
        for compiled, threads in itertools.product("01", "12")
    ),
)
TORCH_LOADER = Contender(
    "PyTorch with its DataLoader",
    "torch_dataloader.py",
    candidates=tuple(
        ("--threads", threads, "--workers", workers, "--fused", "1")
        for workers, threads in itertools.product("02", "12")
    ),
)
SKLEARN = Contender("scikit-learn's MLPClassifier", "sklearn_mlp.py")

CLASSIC = Work(
    "classic",
    "The classic MNIST program",
    "mnist",
    (
        MYELIN,
        MYELIN_FLOAT32,
        MYELIN_COLD,
        *KERAS,
        *KERAS_TUNED,
        TORCH_LOOP,
        TORCH_LOADER,
        SKLEARN,
    ),
    epochs=5,
    variants=tuple(
        Variant(
            variant.replace("_", " "),
            ("--variant", variant),
            of=("Myelin", "Keras on TensorFlow", "Keras on JAX"),
        )
        for variant in ("early_stopping", "l2")
    ),
    tuned_for_whole=True,
)

# `import myelin` brings nothing until a name is used, so the second row uses what a program does.
IMPORTS = {
    "jax": ("import jax", {}),
    "myelin": ("import myelin", {}),
    "myelin, its layers, models and training loaded": (
        "import myelin as k; k.Sequential; k.layers.Dense; k.optimizers.Adam; k.losses; k.metrics",
        {},
    ),
    "keras on JAX": ("import keras", {"KERAS_BACKEND": "jax"}),
    "keras on TensorFlow": ("import keras", {"KERAS_BACKEND": "tensorflow"}),
    "keras on PyTorch": ("import keras", {"KERAS_BACKEND": "torch"}),
    "tensorflow": ("import tensorflow", {}),
    "torch": ("import torch", {}),
    "sklearn.neural_network": ("import sklearn.neural_network", {}),
}
