"""Models as TensorFlow's SavedModels, and the weights in them.

    from myelin.interop import tensorflow
    tensorflow.save_model(model, "folder")        # the whole model; Myelin loads it again
    tensorflow.export_model(model, "folder")      # what serves, alone
    tensorflow.load_model("folder")               # the whole model, from Myelin or Keras 2
    tensorflow.load_weights(model, "folder")      # into a model of the same layers

saving      the folder: a signature that serves batches of any size, and the variables by name
reading     what is in a folder, without running anything of it
checkpoint  the variables in it, as a tree of objects with names
keras2      the whole models that Keras 2 kept there
learned     the vocabularies and bins of those
"""

from myelin.interop.tensorflow.reading import load_model, load_weights
from myelin.interop.tensorflow.saving import export_model, plain_name, run, save_model

__all__ = ["export_model", "load_model", "load_weights", "plain_name", "run", "save_model"]
