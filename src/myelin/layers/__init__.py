"""Layers, a file a family:

core              Input, Dense, Activation, Identity, Lambda: how a layer is written
activation        ReLU, LeakyReLU, PReLU, ELU, Softmax
reshaping         Flatten, Reshape, Permute, RepeatVector
regularization    Dropout and its kin, noise, ActivityRegularization
normalization     BatchNormalization, LayerNormalization, Rescaling, Normalization
base              Layer, which all of them are
shapes            shapes and trees of shapes
"""

from myelin.layers.activation import ELU, LeakyReLU, PReLU, ReLU, Softmax
from myelin.layers.base import Layer
from myelin.layers.core import (
    Activation,
    Dense,
    Identity,
    Input,
    InputLayer,
    KerasTensor,
    Lambda,
)
from myelin.layers.normalization import (
    BatchNormalization,
    LayerNormalization,
    Normalization,
    Rescaling,
)
from myelin.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from myelin.layers.reshaping import Flatten, Permute, RepeatVector, Reshape

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "AlphaDropout",
    "BatchNormalization",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "Input",
    "InputLayer",
    "KerasTensor",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Normalization",
    "PReLU",
    "Permute",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]
