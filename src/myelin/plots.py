"""Pictures to judge by: what augmentation makes of images."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import random
from myelin.errors import InputError, ShapeError


def augmentations(
    pipeline: Any,
    images: Any,
    labels: Any = None,
    columns: int = 8,
    seed: int | None = None,
) -> Any:
    """Draws a contact sheet: a row for each image, the original first, then as it comes out.

    >>> import numpy as np
    >>> from myelin import layers
    >>> figure = augmentations(layers.RandomFlip(), np.zeros((2, 8, 8, 3), "uint8"), columns=3)
    >>> figure.savefig("sheet.png")  # doctest: +SKIP

    Args:
        pipeline: a layer, a model or a list of layers that change images.
        images: `(count, height, width, channels)` or `(count, height, width)` with 1, 3 or 4
            channels, from 0 to 255 or, where none is above 1, from 0 to 1.
        labels: what to write beside the rows, one for each image; nothing when None.
        columns: how many pictures in a row, the original included; 2 or more.
        seed: the same seed draws the same sheet.

    Returns:
        The matplotlib figure, to be shown or saved.

    Raises:
        ShapeError: images of another shape, or as many labels as there are no images.
        InputError: fewer than two columns.
    """
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or not images.size:
        raise ShapeError(
            "augmentations wants images (count, height, width, channels) with 1, 3 or 4 channels, "
            f"got {images.shape}"
        )
    if labels is not None and len(labels) != len(images):
        raise ShapeError(f"augmentations got {len(images)} images, but {len(labels)} labels")
    if columns < 2:
        raise InputError(f"augmentations wants 2 columns or more, got {columns}")
    steps = pipeline if isinstance(pipeline, list | tuple) else [pipeline]
    sheet = [images, *_drawn(steps, images, columns - 1, seed)]
    return _laid_out(sheet, labels, 255 if images.max() > 1 else 1)


def _drawn(steps: Any, images: np.ndarray, times: int, seed: int | None) -> list[np.ndarray]:
    """What becomes of the images, several times over."""
    keys = jax.random.split(jax.random.key(random.next_seed() if seed is None else seed), times)
    outputs = []
    for key in keys:
        with random.scope(key):
            changed: Any = jnp.asarray(images)
            for step in steps:
                changed = step(changed, training=True)
        outputs.append(np.asarray(changed, np.float32))
    return outputs


def _laid_out(sheet: list[np.ndarray], labels: Any, brightest: int) -> Any:
    """The figure; all pictures are one, since a hundred axes take matplotlib seconds."""
    from matplotlib import pyplot

    height, width = (max(images.shape[axis] for images in sheet) for axis in (1, 2))
    cell = (height + _GAP, width + _GAP)
    rows, columns, channels = len(sheet[0]), len(sheet), sheet[0].shape[-1]
    whole = np.ones((rows * cell[0], columns * cell[1], channels), np.float32)
    for column, images in enumerate(sheet):
        top, left = (height - images.shape[1]) // 2, (width - images.shape[2]) // 2
        for row, image in enumerate(np.clip(images / brightest, 0, 1)):
            y, x = row * cell[0] + top, column * cell[1] + left
            whole[y : y + image.shape[0], x : x + image.shape[1]] = image
    size = (1.1 * columns, 1.1 * rows * cell[0] / cell[1] + 0.4)
    figure, axes = pyplot.subplots(figsize=size, layout="constrained")
    axes.imshow(whole.squeeze(), "gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([width / 2, cell[1] * (columns + 1) / 2], ["original", "drawn anew"])
    beside = [] if labels is None else [str(label) for label in labels]
    axes.set_yticks([(row + 0.5) * cell[0] for row in range(len(beside))], beside)
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    return figure


_GAP = 2


def learning_curves(
    histories: list[dict[str, list[float]]],
    name: str = "loss",
    epochs: list[int] | None = None,
) -> Any:
    """Draws a value epoch by epoch, a thin line for each run and a thick one for their mean.

    Args:
        histories: of each run, as `History.history`.
        name: of the value; that of the validation is drawn too where there is one.
        epochs: the epoch that each run kept, from 1; marked where given.

    Returns:
        The matplotlib figure, to be shown or saved.

    Raises:
        InputError: no run has the value.
    """
    import matplotlib.pyplot as plt

    if not any(name in history for history in histories):
        known = sorted({n for history in histories for n in history if not n.startswith("val_")})
        raise InputError(f'learning_curves: no run has a "{name}"; there are {", ".join(known)}')
    figure, axes = plt.subplots(layout="constrained")
    for color, label, own in (("C0", "training", name), ("C1", "validation", f"val_{name}")):
        lines = [np.asarray(history[own], float) for history in histories if own in history]
        if not lines:
            continue
        for line in lines:
            axes.plot(np.arange(1, len(line) + 1), line, color=color, alpha=0.35, linewidth=1)
        # The mean over the runs that still went on.
        longest = max(map(len, lines))
        filled = np.full((len(lines), longest), np.nan)
        for row, line in zip(filled, lines, strict=True):
            row[: len(line)] = line
        mean = np.nanmean(filled, axis=0)
        axes.plot(np.arange(1, longest + 1), mean, color=color, linewidth=2, label=label)
    for history, epoch in zip(histories, epochs or [], strict=bool(epochs)):
        shown = history.get(f"val_{name}", history.get(name, []))
        if 0 < epoch <= len(shown):
            axes.plot(epoch, shown[epoch - 1], "o", color="black", markersize=4)
    axes.set(xlabel="epoch", ylabel=name)
    axes.legend()
    return figure


def layer_statistics(names: list[str], numbers: dict[str, list[Any]]) -> Any:
    """Draws the spread of numbers and their share of zeros, a line for each layer from the top.

    Args:
        names: of the layers.
        numbers: for each kind of number, such as the outputs, one for each layer with `std`,
            `zeros` and `non_finite`, or None; kinds without any are left out.

    Returns:
        The matplotlib figure, to be shown or saved; layers with numbers that are not finite are
        marked with a cross.
    """
    import matplotlib.pyplot as plt

    shown = {kind: own for kind, own in numbers.items() if any(own)}
    figure, (spread, zeros) = plt.subplots(
        1, 2, sharey=True, layout="constrained", figsize=(9, 1.5 + 0.25 * len(names))
    )
    for color, (kind, own) in enumerate(shown.items()):
        there = [(place, n) for place, n in enumerate(own) if n is not None]
        places = [place for place, _ in there]
        style = {"color": f"C{color}", "marker": "o", "markersize": 4}
        # A logarithm has no place for zero.
        spread.plot([n.std or np.nan for _, n in there], places, label=kind, **style)
        zeros.plot([n.zeros for _, n in there], places, **style)
        broken = [(n.std or 1.0, place) for place, n in there if n.non_finite]
        if broken:
            spread.plot(*zip(*broken, strict=True), "x", color="red", markersize=9)
    spread.set_yticks(range(len(names)), names)
    spread.invert_yaxis()
    spread.set(xscale="log", xlabel="spread (standard deviation)")
    figure.legend(loc="outside upper center", ncols=len(shown))
    zeros.set(xlim=(-0.02, 1.02), xlabel="share of zeros")
    return figure
