"""Augmentation: images changed at random, each differently, inside the compiled training step.

base          what all of them share: when they act, what they draw, what moves with an image
boxes         the formats of bounding boxes
geometry      RandomFlip, RandomCrop, RandomErasing
warps         RandomRotation, RandomZoom, RandomTranslation, RandomShear
bends         RandomPerspective, RandomElasticTransform
recoloring    what layers share that change colors and nothing else
color         RandomBrightness, RandomContrast, RandomSaturation, RandomHue and their kin
tone          RandomInvert, RandomPosterization, Solarization, AutoContrast, Equalization
adaptive      ContrastLimitedAdaptiveHistogramEqualization
blurring      RandomSharpness, RandomGaussianBlur
mixing        MixUp, CutMix: images mixed with others of their batch, and their labels
policies      RandAugment, AugMix: for each image other changes
pipeline      Pipeline: layers one after the other
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myelin.loading import load

# Each file and its names.
_FILES = {
    "geometry": ("RandomCrop", "RandomErasing", "RandomFlip"),
    "warps": ("RandomRotation", "RandomShear", "RandomTranslation", "RandomZoom"),
    "bends": ("RandomElasticTransform", "RandomPerspective"),
    "color": ("RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
        "RandomContrast", "RandomGrayscale", "RandomHue", "RandomSaturation"),
    "tone": ("AutoContrast", "Equalization", "RandomInvert", "RandomPosterization",
        "Solarization"),
    "adaptive": ("ContrastLimitedAdaptiveHistogramEqualization",),
    "blurring": ("RandomGaussianBlur", "RandomSharpness"),
    "mixing": ("CutMix", "MixUp"),
    "policies": ("AugMix", "RandAugment"),
    "pipeline": ("Pipeline",),
}  # fmt: skip

_HOMES = {name: file for file, names in _FILES.items() for name in names}

if TYPE_CHECKING:
    from myelin.layers.augmentation.adaptive import (
        ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,  # noqa: E501
    )
    from myelin.layers.augmentation.bends import RandomElasticTransform as RandomElasticTransform
    from myelin.layers.augmentation.bends import RandomPerspective as RandomPerspective
    from myelin.layers.augmentation.blurring import RandomGaussianBlur as RandomGaussianBlur
    from myelin.layers.augmentation.blurring import RandomSharpness as RandomSharpness
    from myelin.layers.augmentation.color import RandomBrightness as RandomBrightness
    from myelin.layers.augmentation.color import RandomColorDegeneration as RandomColorDegeneration
    from myelin.layers.augmentation.color import RandomColorJitter as RandomColorJitter
    from myelin.layers.augmentation.color import RandomContrast as RandomContrast
    from myelin.layers.augmentation.color import RandomGrayscale as RandomGrayscale
    from myelin.layers.augmentation.color import RandomHue as RandomHue
    from myelin.layers.augmentation.color import RandomSaturation as RandomSaturation
    from myelin.layers.augmentation.geometry import RandomCrop as RandomCrop
    from myelin.layers.augmentation.geometry import RandomErasing as RandomErasing
    from myelin.layers.augmentation.geometry import RandomFlip as RandomFlip
    from myelin.layers.augmentation.mixing import CutMix as CutMix
    from myelin.layers.augmentation.mixing import MixUp as MixUp
    from myelin.layers.augmentation.pipeline import Pipeline as Pipeline
    from myelin.layers.augmentation.policies import AugMix as AugMix
    from myelin.layers.augmentation.policies import RandAugment as RandAugment
    from myelin.layers.augmentation.tone import AutoContrast as AutoContrast
    from myelin.layers.augmentation.tone import Equalization as Equalization
    from myelin.layers.augmentation.tone import RandomInvert as RandomInvert
    from myelin.layers.augmentation.tone import RandomPosterization as RandomPosterization
    from myelin.layers.augmentation.tone import Solarization as Solarization
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
