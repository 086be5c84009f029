"""From Myelin to torch.

module           the walk begins, and becomes a module
building         the module while it is being put together, and what an entry may ask
graphs           the calls behind a model, also behind a subclass's `call`
core             the table of layers: Dense, activations, merging, reshaping; beside it dropout,
                 convolution, images, normalization, spectral (normalization), sequences, cells,
                 attention, spectrograms, categories, augmentation, tones
functions        how functions of `myelin.ops` are read; function_table, what they are in torch
layouts          joins changes of layout
written          a model as the bytes of a `.pt` file
"""
