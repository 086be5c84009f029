"""`keras.ops.nn`: activations, convolutions, normalization, attention, losses of logits."""

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
from myelin.ops.alignment import *
from myelin.ops.arranging import depth_to_space as depth_to_space
from myelin.ops.arranging import space_to_depth as space_to_depth
from myelin.ops.attention import *
from myelin.ops.convolutions import *
from myelin.ops.fourier import polar as polar
from myelin.ops.networks import *
from myelin.ops.patches import *
