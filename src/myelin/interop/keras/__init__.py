"""Keras's own files and models, both ways.

archive       `.keras`, a whole model as Keras 3 keeps it
weights       `.weights.h5`, the variables alone
legacy        `.h5`, a whole model as Keras 2 kept it and Keras 3 still does
in_memory     `to_keras` and `from_keras`
configs       what differs in configurations; `lambdas` for the code in some of them
layout        where the parts of a model stand in files
vocabularies  what lookups learned
hdf5          HDF5 files read within limits, without the library
"""

from myelin.interop.keras.archive import load_model, save_model
from myelin.interop.keras.in_memory import from_keras, to_keras
from myelin.interop.keras.reading import load_weights
from myelin.interop.keras.weights import save_weights

__all__ = ["from_keras", "load_model", "load_weights", "save_model", "save_weights", "to_keras"]
