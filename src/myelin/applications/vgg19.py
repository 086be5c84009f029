"""Keras's module of `VGG19`; the network is in `vgg`."""

from myelin.applications.vgg import VGG19, decode_predictions, preprocess_input

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]
