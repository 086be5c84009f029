"""From Myelin to torch.

module         `to_torch`: the walk begins, and becomes a module
building       the module while it is being put together
graphs         the calls behind a model, also behind a subclass's `call`
functions      the table of functions; core, images, normalization, sequences, attention: of layers
layouts        takes out axes that are permuted and straight back
"""
