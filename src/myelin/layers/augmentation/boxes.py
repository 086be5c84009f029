"""Bounding boxes: the ways to write them, and what becomes of them at the edge of an image.

A box is written by its edges, not by the pixels it holds: the pixel in row 0 and column 0 is the
box from 0 to 1 both ways, so a box that covers an image ends at its height and width.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError

# As Keras names them; those with "rel_" give shares of the image's width and height.
FORMATS = (
    "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw",
    "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh",
)  # fmt: skip


def convert_format(
    boxes: Any, source: str, target: str, height: float = 1, width: float = 1
) -> jax.Array:
    """Boxes written in another way.

    Args:
        boxes: `(…, 4)`, in float32 or what casts to it.
        source, target: two of `FORMATS`.
        height, width: of the image, for the formats with "rel_".

    Raises:
        InputError: a format that there is not.
    """
    for name in (source, target):
        if name.lower() not in FORMATS:
            raise InputError(f"boxes are written as {', '.join(FORMATS)}, got {name!r}")
    return _from_edges(
        _to_edges(boxes, source.lower(), height, width), target.lower(), height, width
    )


def _to_edges(boxes: Any, source: str, height: float, width: float) -> jax.Array:
    """Left, top, right and bottom, in pixels."""
    parts = jnp.moveaxis(jnp.asarray(boxes, jnp.float32), -1, 0)
    form = source.removeprefix("rel_")
    if form in ("yxyx", "center_yxhw"):
        parts = parts[jnp.array([1, 0, 3, 2])]
    first, second = parts[:2], parts[2:]
    if form.startswith("center"):
        first, second = first - second / 2, first + second / 2
    elif form == "xywh":
        second = first + second
    edges = jnp.moveaxis(jnp.concatenate([first, second]), 0, -1)
    return edges * _scale(source, height, width)


def _from_edges(edges: jax.Array, target: str, height: float, width: float) -> jax.Array:
    parts = jnp.moveaxis(edges / _scale(target, height, width), -1, 0)
    form = target.removeprefix("rel_")
    first, second = parts[:2], parts[2:]
    if form.startswith("center"):
        first, second = (first + second) / 2, second - first
    elif form == "xywh":
        second = second - first
    parts = jnp.concatenate([first, second])
    if form in ("yxyx", "center_yxhw"):
        parts = parts[jnp.array([1, 0, 3, 2])]
    return jnp.moveaxis(parts, 0, -1)


def _scale(name: str, height: float, width: float) -> jax.Array:
    relative = name.startswith("rel_")
    return jnp.asarray([width, height] * 2 if relative else [1, 1] * 2, jnp.float32)


def clip_to_image_size(boxes: Any, labels: Any, height: int, width: int) -> tuple[Any, Any]:
    """The parts of boxes that lie in the image; those of which nothing is left are labelled -1.

    Args:
        boxes: `(…, boxes, 4)`, as "xyxy".
        labels: `(…, boxes)`, or `(…, boxes, classes)`.
        height, width: of the image.
    """
    inside = jnp.clip(boxes, 0, jnp.asarray([width, height] * 2, jnp.float32))
    gone = jnp.any(inside[..., 2:] <= inside[..., :2], axis=-1)
    labels = jnp.asarray(labels)
    gone = gone.reshape(gone.shape + (1,) * (labels.ndim - gone.ndim))
    return inside, jnp.where(gone, -1, labels).astype(labels.dtype)
