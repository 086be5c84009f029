"""What `--augment` does to images: layers that act in training and are the identity later."""

from __future__ import annotations

from typing import Any

from myelin.cli.preparation import Preparation

# The edge is drawn out: what a reflection puts there can make one digit of another.
_FILL = "nearest"


def augmentation(level: str, prepared: Preparation, value_range: tuple[float, float]) -> list[Any]:
    """The layers of a level.

    Args:
        level: "off", "light" or "strong".
        prepared: what the images show.
        value_range: the least and the largest value in them, as the layers get them.
    """
    from myelin import layers

    if level == "off":
        return []
    made: list[Any] = []
    if not shows_signs(prepared):
        made.append(layers.RandomFlip("horizontal", name="augment_flip"))
    made += [
        layers.RandomTranslation(0.1, 0.1, fill_mode=_FILL, name="augment_shift"),
        layers.RandomRotation(0.03, fill_mode=_FILL, name="augment_turn"),
        layers.RandomZoom(0.1, fill_mode=_FILL, name="augment_zoom"),
    ]
    if level == "light":
        return made
    ranged: dict[str, Any] = {"value_range": value_range}
    made += [
        layers.RandomBrightness(0.2, name="augment_brightness", **ranged),
        layers.RandomContrast(0.2, name="augment_contrast", **ranged),
    ]
    if prepared.input_shape[2] == 3:
        made += [
            layers.RandomSaturation((0.35, 0.65), name="augment_saturation", **ranged),
            layers.RandomHue(0.05, name="augment_hue", **ranged),
        ]
    # Half of the images lose a part.
    made.append(layers.RandomErasing((0.5, 0.5), (0.02, 0.2), name="augment_erasing", **ranged))
    return made


def shows_signs(prepared: Preparation) -> bool:
    """Whether images show single digits or letters, which in a mirror are others or none."""
    classes = prepared.target.classes or ("",)
    return prepared.input_shape[2] == 1 and all(len(name) == 1 for name in classes)


def described(level: str, prepared: Preparation) -> str:
    """The sentence that says what a level does."""
    parts = ["shifted", "turned", "zoomed"]
    why = ""
    if shows_signs(prepared):
        why = "; not flipped, since its classes are digits or letters"
    else:
        parts.insert(0, "flipped")
    if level == "strong":
        parts += ["lightened or darkened"]
        parts += ["recolored"] if prepared.input_shape[2] == 3 else []
        parts += ["partly erased"]
    return f"Augmentation, in training only: {', '.join(parts[:-1])} and {parts[-1]}{why}"
