"""Networks for images, each from a few lines of layers; weights come only from the user's files.

resnet          ResNet50, ResNet101, ResNet152, and ResNetCIFAR for small images
vgg             VGG16, VGG19
mobilenet_v2    MobileNetV2
vit             ViT
imagenet_utils  pixels as the networks of ImageNet take them, and its classes by name
building        what the networks share: input, top, weights

`resnet50`, `vgg16` and `vgg19` are Keras's names of the modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myelin.loading import load

# Each network, and the modules beside them, with the module it comes from.
_NETWORKS = {
    "resnet": ("ResNet50", "ResNet101", "ResNet152", "ResNetCIFAR"),
    "vgg": ("VGG16", "VGG19"),
    "mobilenet_v2": ("MobileNetV2",),
    "vit": ("ViT",),
}
_MODULES = ("imagenet_utils", "mobilenet_v2", "resnet", "resnet50", "vgg16", "vgg19", "vit")
_HOMES = {name: module for module, names in _NETWORKS.items() for name in names}

if TYPE_CHECKING:
    from myelin.applications import imagenet_utils as imagenet_utils
    from myelin.applications import mobilenet_v2 as mobilenet_v2
    from myelin.applications import resnet as resnet
    from myelin.applications import resnet50 as resnet50
    from myelin.applications import vgg16 as vgg16
    from myelin.applications import vgg19 as vgg19
    from myelin.applications import vit as vit
    from myelin.applications.mobilenet_v2 import MobileNetV2 as MobileNetV2
    from myelin.applications.resnet import ResNet50 as ResNet50
    from myelin.applications.resnet import ResNet101 as ResNet101
    from myelin.applications.resnet import ResNet152 as ResNet152
    from myelin.applications.resnet import ResNetCIFAR as ResNetCIFAR
    from myelin.applications.vgg import VGG16 as VGG16
    from myelin.applications.vgg import VGG19 as VGG19
    from myelin.applications.vit import ViT as ViT

__all__ = sorted([*_HOMES, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(load(f"myelin.applications.{_HOMES[name]}"), name)
    elif name in _MODULES:
        value = load(f"myelin.applications.{name}")
    else:
        from myelin.errors import nearest

        raise AttributeError(
            f'myelin.applications has no "{name}". {nearest(name, __all__)}'.strip()
        )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
