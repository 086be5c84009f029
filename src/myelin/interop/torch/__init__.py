"""Models that go to PyTorch and come from there.

to_torch, from_torch   between a model and an `nn.Module`, both alive
files                  `.pt` files: programs of torch.export, read without torch and without pickle
outward                from Myelin to torch: a table of layers, and the walk that writes a graph
inward                 from torch to Myelin: a table of operations, and the walk that makes layers
"""

from __future__ import annotations

from typing import Any

from myelin.errors import require
from myelin.interop.torch.files import load_model, save_model


def to_torch(model: Any) -> Any:
    """A model as an `nn.Module` made of torch's own parts, with copies of the weights.

    The module needs no Myelin: it computes, trains, and goes through `torch.save` and
    `state_dict` wherever torch is. Its submodules go by the layers' names (`dense.weight`), its
    `forward` takes the model's inputs in their order and their layout, images with the channels
    last.

    Outputs are the same, also in training, but for what is drawn at random. What torch has in
    another way:

    - `BatchNorm` keeps the variance of the batch times n / (n - 1) in its moving average, where
      n is how many numbers it is taken over; Keras keeps that of the batch.
    - LSTM and simple RNN have a second bias there, which is zero and does not train.
    - Augmentation is there as it is in inference, where nothing is drawn. In training mode it
      raises a RuntimeError that names the layer: PyTorch augments where data are loaded.
      `module.get_submodule("random_flip").eval()` has images pass one layer as in inference.
    - A step that is masked or a recurrent layer that torch has no module for is computed by
      functions in `forward`; their loops are written out, for as many steps as `Input` says.
    - Regularizers, constraints and masks of the loss belong to training, and stay behind.

    Args:
        model: Sequential, Functional, or a subclass that was called once and whose `call` is made
            of layers and functions of `myelin.ops`. So may be layers of one's own.

    Returns:
        A `torch.fx.GraphModule`, in training mode as every new module.

    Raises:
        InputError: a layer, a function or an argument that torch cannot have; says which.
        MissingExtraError: PyTorch is not installed.
    """
    require("torch", "torch", "to_torch")
    from myelin.interop.torch.outward.module import to_module

    return to_module(model)


def from_torch(module: Any, example_input: Any) -> Any:
    """A model of Myelin's layers that computes what an `nn.Module` does, with its weights.

    The module is read by torch.export as it computes in its eval mode, and is left as it was.
    Inputs keep torch's layout: images have the channels first, and so have the layers
    (`data_format="channels_first"`, `axis=1`). Layers go by the names of the submodules
    (`features.0` becomes `features_0`); functions between them become operations. Dropout and
    batch normalization train as in torch; attention is written out in dense layers, so that it
    learns alike. Frozen weights stay frozen. Where torch differs:

    - An LSTM or simple RNN there has two biases that are added; here they are one, their sum,
      which learns half as fast unless one of them is frozen there.
    - The moving variance of batch normalization: see `to_torch`.

    Args:
        module: a module whose `forward` takes tensors; axis 0 of each is that of the examples.
        example_input: a tensor it can be called on, or a list or tuple of them; all sizes but
            that of axis 0 are taken from it.

    Returns:
        A `Sequential` where each layer takes what the one before gave, else a `Functional`; not
        compiled.

    Raises:
        InputError: an operation, an argument or a way to share weights that Myelin does not
            have, with the submodule it is in; or a module that torch.export cannot follow.
        MissingExtraError: PyTorch is not installed.
    """
    require("torch", "torch", "from_torch")
    from myelin.interop.torch.inward.exported import program_of
    from myelin.interop.torch.inward.reading import Reading
    from myelin.interop.torch.inward.table import TABLE

    return Reading(program_of(module, example_input), TABLE).model()


__all__ = ["from_torch", "load_model", "save_model", "to_torch"]
