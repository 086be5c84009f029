"""`keras.ops` for layers, losses and metrics of one's own: arithmetic on arrays, by Keras's names.

numbers, pairs, bits      number by number, of one array and of two
reductions, statistics    sums over axes, cumulated sums, quantiles, histograms
arrays, arranging         making arrays, and the same numbers in other shapes and orders
choosing                  sorting, searching, numbers at places, sums by group
products, linalg          matrix products, and linear algebra
fourier                   waves in signals, complex numbers
convolutions, patches     of images, pooling, windows as columns
networks                  one-hot, normalizations, cross-entropies
attention, alignment      attention, and connectionist temporal classification
einops                    axes split, ordered and joined as a pattern says
loops                     loops, branches, derivatives of one's own
image                     resize, crop, colors, filters and warps: `ops.image.resize` and its kin
convert                   into arrays, out of arrays, number types
draws                     random arrays; in public they are `myelin.random`'s

The activations are those of `myelin.activations`, and `ops.nn` and `ops.numpy` are Keras's names
for parts of the whole. Everything works on jax arrays, variables, NumPy and lists, inside compiled
steps, and on promises such as `Input` gives, where it becomes an operation of the model.
"""

# Each file lists its names. Some are those of Python's builtins, so no code stands here.
# ruff: noqa: F403
from myelin.activations import celu as celu
from myelin.activations import elu as elu
from myelin.activations import glu as glu
from myelin.activations import hard_shrink as hard_shrink
from myelin.activations import hard_sigmoid as hard_sigmoid
from myelin.activations import hard_silu as hard_silu
from myelin.activations import hard_swish as hard_swish
from myelin.activations import hard_tanh as hard_tanh
from myelin.activations import leaky_relu as leaky_relu
from myelin.activations import log_sigmoid as log_sigmoid
from myelin.activations import log_softmax as log_softmax
from myelin.activations import relu as relu
from myelin.activations import relu6 as relu6
from myelin.activations import selu as selu
from myelin.activations import sigmoid as sigmoid
from myelin.activations import silu as silu
from myelin.activations import soft_shrink as soft_shrink
from myelin.activations import softmax as softmax
from myelin.activations import softplus as softplus
from myelin.activations import softsign as softsign
from myelin.activations import sparse_plus as sparse_plus
from myelin.activations import sparse_sigmoid as sparse_sigmoid
from myelin.activations import sparsemax as sparsemax
from myelin.activations import squareplus as squareplus
from myelin.activations import swish as swish
from myelin.activations import tanh_shrink as tanh_shrink
from myelin.activations import threshold as threshold
from myelin.ops import image as image
from myelin.ops import linalg as linalg
from myelin.ops import nn as nn
from myelin.ops import numpy as numpy
from myelin.ops.alignment import *
from myelin.ops.arranging import *
from myelin.ops.arrays import *
from myelin.ops.attention import *
from myelin.ops.bits import *
from myelin.ops.choosing import *
from myelin.ops.convert import *
from myelin.ops.convolutions import *
from myelin.ops.einops import *
from myelin.ops.fourier import *
from myelin.ops.linalg import *
from myelin.ops.loops import *
from myelin.ops.networks import *
from myelin.ops.numbers import *
from myelin.ops.pairs import *
from myelin.ops.patches import *
from myelin.ops.products import *
from myelin.ops.reductions import *
from myelin.ops.statistics import *
