"""Layers, a file a family, each loaded when one of its names is first used:

base                    Layer, which all of them are
core                    Input, Dense, Activation, Identity, Lambda: how a layer is written
activation              ReLU, LeakyReLU, PReLU, ELU, Softmax
convolution             Conv1D to Conv3D and their transposes
separable               DepthwiseConv, SeparableConv
pooling                 maxima and means: of windows, of a given number of windows, of everything
resampling              UpSampling, ZeroPadding, Cropping, Resizing, CenterCrop
normalization           BatchNormalization, LayerNormalization, Rescaling, Normalization
example_normalization   GroupNormalization, RMSNormalization, UnitNormalization
spectral                SpectralNormalization
merging                 Add, Concatenate, Dot and their kin: several inputs become one
regularization          Dropout and its kin, noise, ActivityRegularization
einsum_dense            EinsumDense: a product over any axes
attention               MultiHeadAttention, GroupedQueryAttention
dot_attention           Attention, AdditiveAttention
recurrent               RNN: a cell over the steps of sequences, and cells one upon another
cells                   those of SimpleRNN, LSTM and GRU: the mathematics of a step
gated                   SimpleRNN, LSTM, GRU
convolutional_recurrent ConvLSTM1D to ConvLSTM3D
spectrograms            STFTSpectrogram, MelSpectrogram: sound as images of its frequencies
reversible_embedding    ReversibleEmbedding: an embedding that goes back to scores too
wrapper                 Wrapper: what holds another layer
jax_layer               JaxLayer: a function over jax arrays with its parameters
sequences               Embedding, Masking, TimeDistributed, Bidirectional
reshaping               Flatten, Reshape, Permute, RepeatVector
preprocessing           TextVectorization, StringLookup, Hashing and their kin: text and categories
augmentation            RandomFlip and its kin: images changed at random in training
hosting                 what computes on the host, before the compiled part of a model
input_spec              InputSpec: what a layer says of its inputs
serialization           serialize, deserialize
stateless               a call as a function of arrays
ownership               variables and layers inside a layer
context                 what holds for one pass through all layers
arguments               further inputs of a layer, and the masks of all
masks                   which steps of a sequence count, beside its array
sources                 which layer made an array, for errors
source_inputs           the Inputs that a promise comes from
building                what build does beside making variables
added                   add_loss, add_metric
rematerialization       remat: less memory for the gradient, by computing twice
symbolic                promises of arrays, which the functional API is made of
operation               operators and functions of `ops` between promises
shapes                  shapes and trees of shapes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myelin.loading import load

# Each family and its names.
_FAMILIES = {
    "core": ("Activation", "Dense", "Identity", "Input", "InputLayer", "Lambda"),
    "base": ("Layer",),
    "symbolic": ("KerasTensor",),
    "activation": ("ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax"),
    "convolution": ("Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D",
        "Conv3DTranspose"),
    "separable": ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    "pooling": ("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D",
        "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D",
        "AdaptiveMaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
        "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
        "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "MaxPooling1D",
        "MaxPooling2D", "MaxPooling3D"),
    "resampling": ("CenterCrop", "Cropping1D", "Cropping2D", "Cropping3D", "Resizing",
        "UpSampling1D", "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D",
        "ZeroPadding3D"),
    "normalization": ("BatchNormalization", "LayerNormalization", "Normalization", "Rescaling"),
    "example_normalization": ("GroupNormalization", "RMSNormalization", "UnitNormalization"),
    "spectral": ("SpectralNormalization",),
    "merging": ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply",
        "Subtract", "add", "average", "concatenate", "dot", "maximum", "minimum", "multiply",
        "subtract"),
    "regularization": ("ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout",
        "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    "einsum_dense": ("EinsumDense",),
    "attention": ("GroupedQueryAttention", "MultiHeadAttention"),
    "dot_attention": ("AdditiveAttention", "Attention"),
    "recurrent": ("RNN", "StackedRNNCells"),
    "cells": ("GRUCell", "LSTMCell", "SimpleRNNCell"),
    "gated": ("GRU", "LSTM", "SimpleRNN"),
    "convolutional_recurrent": ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    "spectrograms": ("MelSpectrogram", "STFTSpectrogram"),
    "sequences": ("Bidirectional", "Embedding", "Masking", "TimeDistributed"),
    "reversible_embedding": ("ReversibleEmbedding",),
    "wrapper": ("Wrapper",),
    "jax_layer": ("JaxLayer",),
    "input_spec": ("InputSpec",),
    "serialization": ("deserialize", "serialize"),
    "reshaping": ("Flatten", "Permute", "RepeatVector", "Reshape"),
    "preprocessing": ("CategoryEncoding", "Discretization", "HashedCrossing", "Hashing",
        "IntegerLookup", "StringLookup", "TextVectorization"),
    "augmentation": ("AugMix", "AutoContrast",
        "ContrastLimitedAdaptiveHistogramEqualization", "CutMix", "Equalization", "MixUp",
        "Pipeline", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
        "RandomColorJitter", "RandomContrast", "RandomCrop", "RandomElasticTransform",
        "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue",
        "RandomInvert",
        "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation",
        "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "Solarization"),
}  # fmt: skip

# Other names that Keras has for the same layers.
_ALIASES = {
    "GroupQueryAttention": "GroupedQueryAttention",
    "Convolution1D": "Conv1D", "Convolution1DTranspose": "Conv1DTranspose",
    "MaxPool1D": "MaxPooling1D", "AvgPool1D": "AveragePooling1D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D", "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "Convolution2D": "Conv2D", "Convolution2DTranspose": "Conv2DTranspose",
    "MaxPool2D": "MaxPooling2D", "AvgPool2D": "AveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D", "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "Convolution3D": "Conv3D", "Convolution3DTranspose": "Conv3DTranspose",
    "MaxPool3D": "MaxPooling3D", "AvgPool3D": "AveragePooling3D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D", "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "SeparableConvolution1D": "SeparableConv1D", "SeparableConvolution2D": "SeparableConv2D",
    "DepthwiseConvolution1D": "DepthwiseConv1D", "DepthwiseConvolution2D": "DepthwiseConv2D",
}  # fmt: skip

_HOMES = {name: family for family, names in _FAMILIES.items() for name in names}

if TYPE_CHECKING:
    from myelin.layers.activation import ELU as ELU
    from myelin.layers.activation import LeakyReLU as LeakyReLU
    from myelin.layers.activation import PReLU as PReLU
    from myelin.layers.activation import ReLU as ReLU
    from myelin.layers.activation import Softmax as Softmax
    from myelin.layers.attention import GroupedQueryAttention as GroupedQueryAttention
    from myelin.layers.attention import MultiHeadAttention as MultiHeadAttention
    from myelin.layers.augmentation import AugMix as AugMix
    from myelin.layers.augmentation import AutoContrast as AutoContrast
    from myelin.layers.augmentation import (
        ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,  # noqa: E501
    )
    from myelin.layers.augmentation import CutMix as CutMix
    from myelin.layers.augmentation import Equalization as Equalization
    from myelin.layers.augmentation import MixUp as MixUp
    from myelin.layers.augmentation import Pipeline as Pipeline
    from myelin.layers.augmentation import RandAugment as RandAugment
    from myelin.layers.augmentation import RandomBrightness as RandomBrightness
    from myelin.layers.augmentation import RandomColorDegeneration as RandomColorDegeneration
    from myelin.layers.augmentation import RandomColorJitter as RandomColorJitter
    from myelin.layers.augmentation import RandomContrast as RandomContrast
    from myelin.layers.augmentation import RandomCrop as RandomCrop
    from myelin.layers.augmentation import RandomElasticTransform as RandomElasticTransform
    from myelin.layers.augmentation import RandomErasing as RandomErasing
    from myelin.layers.augmentation import RandomFlip as RandomFlip
    from myelin.layers.augmentation import RandomGaussianBlur as RandomGaussianBlur
    from myelin.layers.augmentation import RandomGrayscale as RandomGrayscale
    from myelin.layers.augmentation import RandomHue as RandomHue
    from myelin.layers.augmentation import RandomInvert as RandomInvert
    from myelin.layers.augmentation import RandomPerspective as RandomPerspective
    from myelin.layers.augmentation import RandomPosterization as RandomPosterization
    from myelin.layers.augmentation import RandomRotation as RandomRotation
    from myelin.layers.augmentation import RandomSaturation as RandomSaturation
    from myelin.layers.augmentation import RandomSharpness as RandomSharpness
    from myelin.layers.augmentation import RandomShear as RandomShear
    from myelin.layers.augmentation import RandomTranslation as RandomTranslation
    from myelin.layers.augmentation import RandomZoom as RandomZoom
    from myelin.layers.augmentation import Solarization as Solarization
    from myelin.layers.base import Layer as Layer
    from myelin.layers.cells import GRUCell as GRUCell
    from myelin.layers.cells import LSTMCell as LSTMCell
    from myelin.layers.cells import SimpleRNNCell as SimpleRNNCell
    from myelin.layers.convolution import Conv1D as Conv1D
    from myelin.layers.convolution import Conv1DTranspose as Conv1DTranspose
    from myelin.layers.convolution import Conv2D as Conv2D
    from myelin.layers.convolution import Conv2DTranspose as Conv2DTranspose
    from myelin.layers.convolution import Conv3D as Conv3D
    from myelin.layers.convolution import Conv3DTranspose as Conv3DTranspose
    from myelin.layers.convolutional_recurrent import ConvLSTM1D as ConvLSTM1D
    from myelin.layers.convolutional_recurrent import ConvLSTM2D as ConvLSTM2D
    from myelin.layers.convolutional_recurrent import ConvLSTM3D as ConvLSTM3D
    from myelin.layers.core import Activation as Activation
    from myelin.layers.core import Dense as Dense
    from myelin.layers.core import Identity as Identity
    from myelin.layers.core import Input as Input
    from myelin.layers.core import InputLayer as InputLayer
    from myelin.layers.core import Lambda as Lambda
    from myelin.layers.dot_attention import AdditiveAttention as AdditiveAttention
    from myelin.layers.dot_attention import Attention as Attention
    from myelin.layers.einsum_dense import EinsumDense as EinsumDense
    from myelin.layers.example_normalization import GroupNormalization as GroupNormalization
    from myelin.layers.example_normalization import RMSNormalization as RMSNormalization
    from myelin.layers.example_normalization import UnitNormalization as UnitNormalization
    from myelin.layers.gated import GRU as GRU
    from myelin.layers.gated import LSTM as LSTM
    from myelin.layers.gated import SimpleRNN as SimpleRNN
    from myelin.layers.input_spec import InputSpec as InputSpec
    from myelin.layers.jax_layer import JaxLayer as JaxLayer
    from myelin.layers.merging import Add as Add
    from myelin.layers.merging import Average as Average
    from myelin.layers.merging import Concatenate as Concatenate
    from myelin.layers.merging import Dot as Dot
    from myelin.layers.merging import Maximum as Maximum
    from myelin.layers.merging import Minimum as Minimum
    from myelin.layers.merging import Multiply as Multiply
    from myelin.layers.merging import Subtract as Subtract
    from myelin.layers.merging import add as add
    from myelin.layers.merging import average as average
    from myelin.layers.merging import concatenate as concatenate
    from myelin.layers.merging import dot as dot
    from myelin.layers.merging import maximum as maximum
    from myelin.layers.merging import minimum as minimum
    from myelin.layers.merging import multiply as multiply
    from myelin.layers.merging import subtract as subtract
    from myelin.layers.normalization import BatchNormalization as BatchNormalization
    from myelin.layers.normalization import LayerNormalization as LayerNormalization
    from myelin.layers.normalization import Normalization as Normalization
    from myelin.layers.normalization import Rescaling as Rescaling
    from myelin.layers.pooling import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
    from myelin.layers.pooling import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
    from myelin.layers.pooling import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
    from myelin.layers.pooling import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
    from myelin.layers.pooling import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
    from myelin.layers.pooling import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
    from myelin.layers.pooling import AveragePooling1D as AveragePooling1D
    from myelin.layers.pooling import AveragePooling2D as AveragePooling2D
    from myelin.layers.pooling import AveragePooling3D as AveragePooling3D
    from myelin.layers.pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
    from myelin.layers.pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
    from myelin.layers.pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
    from myelin.layers.pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
    from myelin.layers.pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
    from myelin.layers.pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
    from myelin.layers.pooling import MaxPooling1D as MaxPooling1D
    from myelin.layers.pooling import MaxPooling2D as MaxPooling2D
    from myelin.layers.pooling import MaxPooling3D as MaxPooling3D
    from myelin.layers.preprocessing import CategoryEncoding as CategoryEncoding
    from myelin.layers.preprocessing import Discretization as Discretization
    from myelin.layers.preprocessing import HashedCrossing as HashedCrossing
    from myelin.layers.preprocessing import Hashing as Hashing
    from myelin.layers.preprocessing import IntegerLookup as IntegerLookup
    from myelin.layers.preprocessing import StringLookup as StringLookup
    from myelin.layers.preprocessing import TextVectorization as TextVectorization
    from myelin.layers.recurrent import RNN as RNN
    from myelin.layers.recurrent import StackedRNNCells as StackedRNNCells
    from myelin.layers.regularization import ActivityRegularization as ActivityRegularization
    from myelin.layers.regularization import AlphaDropout as AlphaDropout
    from myelin.layers.regularization import Dropout as Dropout
    from myelin.layers.regularization import GaussianDropout as GaussianDropout
    from myelin.layers.regularization import GaussianNoise as GaussianNoise
    from myelin.layers.regularization import SpatialDropout1D as SpatialDropout1D
    from myelin.layers.regularization import SpatialDropout2D as SpatialDropout2D
    from myelin.layers.regularization import SpatialDropout3D as SpatialDropout3D
    from myelin.layers.resampling import CenterCrop as CenterCrop
    from myelin.layers.resampling import Cropping1D as Cropping1D
    from myelin.layers.resampling import Cropping2D as Cropping2D
    from myelin.layers.resampling import Cropping3D as Cropping3D
    from myelin.layers.resampling import Resizing as Resizing
    from myelin.layers.resampling import UpSampling1D as UpSampling1D
    from myelin.layers.resampling import UpSampling2D as UpSampling2D
    from myelin.layers.resampling import UpSampling3D as UpSampling3D
    from myelin.layers.resampling import ZeroPadding1D as ZeroPadding1D
    from myelin.layers.resampling import ZeroPadding2D as ZeroPadding2D
    from myelin.layers.resampling import ZeroPadding3D as ZeroPadding3D
    from myelin.layers.reshaping import Flatten as Flatten
    from myelin.layers.reshaping import Permute as Permute
    from myelin.layers.reshaping import RepeatVector as RepeatVector
    from myelin.layers.reshaping import Reshape as Reshape
    from myelin.layers.reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
    from myelin.layers.separable import DepthwiseConv1D as DepthwiseConv1D
    from myelin.layers.separable import DepthwiseConv2D as DepthwiseConv2D
    from myelin.layers.separable import SeparableConv1D as SeparableConv1D
    from myelin.layers.separable import SeparableConv2D as SeparableConv2D
    from myelin.layers.sequences import Bidirectional as Bidirectional
    from myelin.layers.sequences import Embedding as Embedding
    from myelin.layers.sequences import Masking as Masking
    from myelin.layers.sequences import TimeDistributed as TimeDistributed
    from myelin.layers.serialization import deserialize as deserialize
    from myelin.layers.serialization import serialize as serialize
    from myelin.layers.spectral import SpectralNormalization as SpectralNormalization
    from myelin.layers.spectrograms import MelSpectrogram as MelSpectrogram
    from myelin.layers.spectrograms import STFTSpectrogram as STFTSpectrogram
    from myelin.layers.symbolic import KerasTensor as KerasTensor
    from myelin.layers.wrapper import Wrapper as Wrapper

__all__ = sorted([*_HOMES, *_ALIASES])


def __getattr__(name: str) -> Any:
    real = _ALIASES.get(name, name)
    if real not in _HOMES:
        from myelin.errors import nearest

        raise AttributeError(f'myelin.layers has no "{name}". {nearest(name, __all__)}'.strip())
    value = getattr(load(f"myelin.layers.{_HOMES[real]}"), real)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
