"""Writes `docs/keras.md`: every public name of an installed Keras, and whether Myelin has it.

    python docs/list_keras.py            writes the page
    python docs/list_keras.py --check    says whether the page is up to date

A name is "have" where Myelin has it under the same name with every argument that Keras's has;
"differs" where an argument is missing, or where `DIFFERS` says what else does; "not" otherwise,
with the reason that `REASONS` gives.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pathlib
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any

PAGE = pathlib.Path(__file__).with_name("keras.md")

# Where at least 95 % are to be "have".
MAIN = ("layers", "losses", "metrics", "optimizers", "callbacks", "activations", "initializers",
        "regularizers", "constraints", "ops")  # fmt: skip

# Arguments that change how Keras computes on some of its backends, or that only tools set.
_OF_BACKENDS = {"lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size",
                "aggregation", "synchronization", "ragged", "sparse"}  # fmt: skip

# What differs beside arguments, by full name.
DIFFERS: dict[str, str] = {
    "keras.layers.MultiHeadAttention": "its inputs keep their mask. Keras takes it off the "
    "arrays, and leaves it in the graph of a functional model: after a residual `Add` its next "
    "attention looks at padding too, while pooling behind it does not",
}

# Why a name is missing: the longest beginning that fits.
REASONS: dict[str, str] = {
    "keras": "",
    "keras.Quantizer": "no quantization",
    "keras.applications": "ResNet, VGG, MobileNetV2 and ViT are here; the others are the same few "
    "layers, and their weights cannot be downloaded",
    "keras.config": "a setting of Keras's backends",
    "keras.distillation": "a training step of one's own does it, see examples/distillation.py",
    "keras.distribution": "one machine for now",
    "keras.dtype_policies": "no quantization",
    "keras.export": "a format of TensorFlow's",
    "keras.Operation": "Layer is the base of what is called",
    "keras.RematScope": "remat wraps a layer or a function",
    "keras.SymbolicScope": "a promise is known as such without it",
    "keras.config.enable_unsafe_deserialization": "no file can make Myelin run code",
    "keras.layers.FlaxLayer": "JaxLayer takes the init and apply of a Flax module",
    "keras.layers.MaxNumBoundingBoxes": "no detection",
    "keras.layers.TFSMLayer": "runs TensorFlow",
    "keras.layers.TorchModuleWrapper": "runs PyTorch",
    "keras.legacy": "of Keras 2",
    "keras.optimizers.legacy": "of Keras 2",
    "keras.quantizers": "no quantization",
    "keras.saving": "a format of Keras's own",
    "keras.utils.bounding_boxes": "no detection",
    "keras.utils.legacy": "of Keras 2",
    "keras.visualization": "no detection",
    "keras.wrappers": "myelin.sklearn has estimators that pass scikit-learn's checks",
}


def names_in(module: types.ModuleType, path: str = "keras") -> Iterator[tuple[str, str, Any]]:
    """The public names below a module: module path, name, object."""
    for name in dir(module):
        if name.startswith("_") or name == "src":
            continue
        value = getattr(module, name)
        if not isinstance(value, types.ModuleType):
            yield path, name, value
        elif value.__name__.startswith("keras"):
            yield from names_in(value, f"{path}.{name}")


def arguments_of(value: Any) -> tuple[list[str], bool]:
    """The arguments of a function or class, and whether it takes any others."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return [], True
    stars = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    named = [p.name for p in parameters if p.kind not in stars]
    return named, any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def judged(full: str, theirs: Any, ours: Any) -> str:
    """ "have", or "differs: " and how."""
    told = DIFFERS.get(full)
    if told is None and callable(theirs):
        wanted, _ = arguments_of(theirs)
        known, open_ended = arguments_of(ours)
        if open_ended and inspect.isclass(ours):
            known += [n for base in ours.__mro__ for n in arguments_of(base.__init__)[0]]
        missing = [n for n in wanted if n not in {*known, *_OF_BACKENDS, "kwargs", "self"}]
        if missing and known:
            told = "without " + ", ".join(f"`{name}`" for name in missing)
    return "have" if told is None else f"differs: {told}"


def reason_for(full: str) -> str:
    """Why a name is not there."""
    fitting = [start for start in REASONS if full == start or full.startswith(start + ".")]
    reason = REASONS[max(fitting, key=len)]
    return f"not: {reason}" if reason else "not"


def found() -> dict[str, dict[str, str]]:
    """For each module of Keras the verdict on each of its names."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    theirs = list(names_in(keras))
    import myelin

    myelin.install()
    verdicts: dict[str, dict[str, str]] = {}
    for path, name, value in theirs:
        full = f"{path}.{name}"
        try:
            ours = getattr(importlib.import_module(path), name)
        except (ImportError, AttributeError):
            verdict = reason_for(full)
        else:
            verdict = judged(full, value, ours)
        verdicts.setdefault(path, {})[name] = verdict
    myelin.uninstall()
    return verdicts


def share(verdicts: dict[str, str]) -> float:
    """The share of names that are there as in Keras."""
    return sum(verdict == "have" for verdict in verdicts.values()) / len(verdicts)


def page(verdicts: dict[str, dict[str, str]], version: str) -> str:
    """The page as Markdown."""
    lines = [
        "# Keras's names in Myelin",
        "",
        f"Every public name of Keras {version}, made by `docs/list_keras.py`. *have*: the same",
        "name with the same arguments. *differs*: how is said. *not*: why is said, where there is",
        "more to say than that it is not there yet.",
        "",
        "| module | names | have | differs | not |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for path, names in verdicts.items():
        kinds = [verdict.partition(":")[0] for verdict in names.values()]
        counts = " | ".join(str(kinds.count(kind)) for kind in ("have", "differs", "not"))
        lines.append(f"| [`{path}`](#{path.replace('.', '')}) | {len(names)} | {counts} |")
    for path, names in verdicts.items():
        lines += ["", f"## {path}", ""]
        have = [f"`{name}`" for name, verdict in names.items() if verdict == "have"]
        if have:
            lines += ["have: " + ", ".join(have), ""]
        others: dict[str, list[str]] = {}
        for name, verdict in names.items():
            if verdict != "have":
                others.setdefault(verdict, []).append(f"`{name}`")
        lines += [f"- {', '.join(alike)} {verdict}" for verdict, alike in others.items()]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Writes the page, or checks it."""
    warnings.simplefilter("ignore")
    import keras

    verdicts = found()
    text = page(verdicts, keras.__version__)
    shares = {module: share(verdicts[f"keras.{module}"]) for module in MAIN}
    print("\n".join(f"{module:14} {value:.1%}" for module, value in shares.items()))
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print("docs/keras.md is old: run docs/list_keras.py")
        return 1
    return 0 if min(shares.values()) >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
