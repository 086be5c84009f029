"""A word, once, where data of ever new shapes have their program compiled again and again."""

from __future__ import annotations

import warnings
from typing import Any

import jax

from myelin import tracebacks
from myelin.errors import RecompilationWarning

# A run needs a few programs anyhow: full batches, the last smaller one, a block of each.
USUAL = 8


class Shapes:
    """The shapes that one kind of program was called with.

    Args:
        title: of the model.
        kind: what the program does, as the warning says it.
        usual: how many programs that differ in the number of rows are nothing to speak of.
    """

    def __init__(self, title: str, kind: str, usual: float = USUAL) -> None:
        self.title, self.kind, self.usual = title, kind, usual
        self.said = False
        # By what jax keeps a program for: the shapes of all data, and the rows of a step.
        self._seen: dict[Any, Any] = {}
        # The same without names, which are slower to find.
        self._forms: set[Any] = set()

    def see(self, data: Any, batch_size: int) -> None:
        """Warns where `data` need a program of their own, and others did before.

        At once where the examples have another shape; where only their number changes, from the
        ninth program on.

        Args:
            data: `(x, y, weights)`, or x alone.
            batch_size: rows a step.
        """
        if self.said:
            return
        form = batch_size, *(leaf.shape for leaf in jax.tree.leaves(data))
        if form in self._forms:
            return
        self._forms.add(form)
        shapes = _named_shapes(data)
        key = batch_size, tuple(shapes.items())
        if key in self._seen:
            return
        before = next(reversed(self._seen.values()), None)
        self._seen[key] = shapes, batch_size
        if before is None:
            return
        others, size = before
        examples = {name: shape[1:] for name, shape in shapes.items()}
        # Targets may come with an axis of 1 or without; what is longer or larger is the input.
        changed = {
            name for name, shape in others.items()
            if name.startswith("x") and examples.get(name, shape[1:]) != shape[1:]
        }  # fmt: skip
        if changed or len(self._seen) > self.usual:
            self.said = True
            warnings.warn(
                self._sentence((others, size), (shapes, batch_size), changed),
                RecompilationWarning,
                stacklevel=tracebacks.stacklevel(),
            )

    def _sentence(self, before: Any, now: Any, changed: set[str]) -> str:
        each_step = bool(changed) or before[1] != now[1]

        def written(name: str, of: Any) -> str:
            shapes, size = of
            return str((size, *shapes[name][1:]) if each_step else shapes[name])

        names = [n for n in before[0] if n in now[0] and (n in changed or not changed)][:3]
        said = "; ".join(f"{n}: {written(n, before)} before, {written(n, now)} now" for n in names)
        advice = (
            "Bring the examples to one size, or to a few: utils.pad_sequences for sequences, "
            "layers.Resizing for images."
            if changed
            else "Give batches of one size: leave the last, smaller one out (drop_remainder=True), "
            "or pass all data to one call of fit."
        )
        return (
            f"{self.title}: {self.kind} is compiled anew, because the shapes of its data changed "
            f"({said}). That costs seconds for each new shape. {advice} This is said once."
        )


def _named_shapes(data: Any) -> dict[str, tuple[int, ...]]:
    parts = dict(zip(("x", "y", "sample_weight"), data, strict=False))
    return {
        name + jax.tree_util.keystr(path): tuple(leaf.shape)
        for name, part in parts.items()
        for path, leaf in jax.tree_util.tree_leaves_with_path(part)
    }
