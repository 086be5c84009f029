"""How far a case's outputs in PyTorch are from Myelin's."""

import jax
import numpy as np
import torch

from myelin.interop.torch import to_torch
from tests.interop.cases import case


def torch_difference(name):
    """The largest difference of a case's outputs, relative to the largest output.

    Raises:
        InputError: PyTorch cannot have the model, and why.
    """
    model, inputs = case(name)
    return difference(model, to_torch(model), inputs)


def difference(model, module, inputs):
    """That of a model and a module, both in their eval mode."""
    wanted = computed(model, inputs)
    found = outputs_of(module.eval(), inputs)
    assert [y.shape for y in found] == [y.shape for y in wanted]
    return max(relative(a, b) for a, b in zip(wanted, found, strict=True))


def computed(model, inputs):
    """The outputs of a model in inference, as a flat list of arrays, by one compiled program."""
    return [
        np.asarray(y) for y in jax.tree.leaves(jax.jit(lambda x: model(x, training=False))(inputs))
    ]


def outputs_of(module, inputs):
    """The outputs of a module for NumPy arrays, as a flat list of them."""
    arrays = inputs if isinstance(inputs, list) else [inputs]
    with torch.no_grad():
        outputs = module(*(torch.from_numpy(np.array(array)) for array in arrays))
    return [y.numpy() for y in jax.tree.leaves(outputs)]


def relative(wanted, found):
    return float(np.abs(wanted - found).max() / max(np.abs(wanted).max(), 1e-9))
