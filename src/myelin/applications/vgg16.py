"""Keras's module of `VGG16`; the network is in `vgg`."""

from myelin.applications.vgg import VGG16, decode_predictions, preprocess_input

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]
