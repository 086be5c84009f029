"""Augmentation: images changed at random, each differently, inside the compiled training step.

base          what all of them share: when they act, what they draw, what moves with an image
boxes         the formats of bounding boxes
geometry      RandomFlip, RandomCrop, RandomErasing
warps         RandomRotation, RandomZoom, RandomTranslation, RandomShear
bends         RandomPerspective, RandomElasticTransform
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myelin.loading import load

# Each file and its names.
_FILES = {
    "geometry": ("RandomCrop", "RandomErasing", "RandomFlip"),
    "warps": ("RandomRotation", "RandomShear", "RandomTranslation", "RandomZoom"),
    "bends": ("RandomElasticTransform", "RandomPerspective"),
}  # fmt: skip

_HOMES = {name: file for file, names in _FILES.items() for name in names}

if TYPE_CHECKING:
    from myelin.layers.augmentation.bends import RandomElasticTransform as RandomElasticTransform
    from myelin.layers.augmentation.bends import RandomPerspective as RandomPerspective
    from myelin.layers.augmentation.geometry import RandomCrop as RandomCrop
    from myelin.layers.augmentation.geometry import RandomErasing as RandomErasing
    from myelin.layers.augmentation.geometry import RandomFlip as RandomFlip
    from myelin.layers.augmentation.warps import RandomRotation as RandomRotation
    from myelin.layers.augmentation.warps import RandomShear as RandomShear
    from myelin.layers.augmentation.warps import RandomTranslation as RandomTranslation
    from myelin.layers.augmentation.warps import RandomZoom as RandomZoom

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'myelin.layers.augmentation has no "{name}"')
    value = getattr(load(f"myelin.layers.augmentation.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
