"""Models as TensorFlow's SavedModels, and the weights in them.

    from myelin.interop import tensorflow
    tensorflow.save_model(model, "folder")        # the whole model; Myelin loads it again
    tensorflow.export_model(model, "folder")      # what serves, alone
    tensorflow.load_weights(model, "folder")      # into a model of the same layers

saving    the folder: a signature that serves batches of any size, and the variables by name
reading   what is in a folder, without running anything of it
"""

from myelin.interop.tensorflow.reading import load_model, load_weights
from myelin.interop.tensorflow.saving import export_model, plain_name, run, save_model

__all__ = ["export_model", "load_model", "load_weights", "plain_name", "run", "save_model"]
