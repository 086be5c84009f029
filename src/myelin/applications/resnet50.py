"""Keras's module of `ResNet50`; the network is in `resnet`."""

from myelin.applications.resnet import ResNet50, decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]
