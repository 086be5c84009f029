"""`Dataset`: tf.data's names over arrays, generators and folders.

core      the class: where elements come from, and what is asked of it
steps     what is done to elements
tables    rows in memory, which only change their order until a batch is gathered
rows      orders, as blocks of row numbers
mapping   a program's function, compiled for many elements where that is the same
parquet   rows of files that need not fit into memory
padding   batches of elements of different lengths
trees     arrays in tuples and dictionaries
"""

from myelin.utils.dataset.core import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    Dataset,
    Options,
    TextLineDataset,
    cardinality,
    choose_from_datasets,
)
from myelin.utils.dataset.mapping import enable_debug_mode
from myelin.utils.dataset.steps import AUTOTUNE
from myelin.utils.dataset.tables import InMemory
from myelin.utils.dataset.trees import Element, TensorSpec

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "Element",
    "InMemory",
    "Options",
    "TextLineDataset",
    "TensorSpec",
    "cardinality",
    "choose_from_datasets",
    "enable_debug_mode",
]
