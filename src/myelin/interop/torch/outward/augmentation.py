"""Augmentation in torch: what it does in inference, and no more.

In inference images stay as they are, or are cut by no chance. In training a module of these raises
a RuntimeError that names the layer: PyTorch programs augment where they load data, and what would
be drawn in the module would cost its time in inference as well. A submodule in its eval mode leaves
its layer out of training.
"""

from __future__ import annotations

from typing import Any

import torch

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy, is_proxy, refused
from myelin.interop.torch.outward.dropout import in_training, never_trains
from myelin.interop.torch.outward.images import resizing


def unchanged(b: Building, layer: Any, x: Any) -> Proxy:
    """Images as they are, as floats; in training an error."""
    return b.floats(checked(b, layer, x))


def random_crop(b: Building, layer: Any, x: Any) -> Proxy:
    """The middle of images in the window's size; in training an error."""
    return resizing(b, layer, b.floats(checked(b, layer, x)))


def checked(b: Building, layer: Any, x: Any) -> Proxy:
    """x, which are images; where the module trains a RuntimeError.

    Raises:
        InputError: images come with labels, boxes or masks, or are augmented in every mode.
    """
    _check_images(layer, x)
    if b.mode:
        raise refused(
            layer,
            "is called with training=True, and PyTorch has no module for what it does then: "
            "augment where data are loaded, as with torchvision.transforms.v2",
        )
    if not never_trains(b):
        # On the processor, where an assertion is an error that says what it is.
        one = x.new_ones((), dtype=torch.float32, device="cpu")
        torch._assert_async(in_training(b, layer, one) == 0, _message(b, layer))
    return x


def _check_images(layer: Any, x: Any) -> None:
    if not is_proxy(x):
        raise refused(layer, "is called with more than images: call it on those alone")


def _message(b: Building, layer: Any) -> str:
    owner = b.path(layer, "in_training").rpartition(".")[0]
    return (
        f"{layer.title} changes images in training, and PyTorch has no module for that: augment "
        "where data are loaded, as with torchvision.transforms.v2, and have images pass here by "
        f'module.eval(), or in training by module.get_submodule("{owner}").eval()'
    )


def pipeline(b: Building, layer: Any, x: Any) -> Any:
    """The layers one after the other."""
    _check_images(layer, x)
    for step in layer.layers:
        shape = step.compute_output_shape(b.shape(x))
        x = b.note(b.call(step, (x,), {}, shape), shape)
    return x


_RANDOM = (
    "RandomFlip", "RandomErasing", "RandomRotation", "RandomZoom", "RandomTranslation",
    "RandomShear", "RandomPerspective", "RandomElasticTransform", "RandomBrightness",
    "RandomContrast", "RandomSaturation", "RandomHue", "RandomColorDegeneration",
    "RandomColorJitter", "RandomGrayscale", "RandomInvert", "RandomPosterization",
    "RandomSharpness", "RandomGaussianBlur", "Solarization", "Equalization", "MixUp", "CutMix",
    "RandAugment", "AugMix",
)  # fmt: skip

LAYERS: dict[type, Any] = {
    **{getattr(layers, name): unchanged for name in _RANDOM},
    layers.RandomCrop: random_crop,
    layers.Pipeline: pipeline,
}
