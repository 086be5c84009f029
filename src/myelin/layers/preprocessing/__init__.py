"""Layers that make numbers of text and categories.

index_lookup        what lookups share: a vocabulary, how it is learned, and looking things up
lookup              StringLookup, IntegerLookup: indices in a vocabulary
text_vectorization  TextVectorization: texts to indices or vectors of their words
hashing             Hashing, HashedCrossing: bins without a vocabulary
buckets             CategoryEncoding, Discretization: without text, and so compiled
encoding            from indices to vectors
fingerprints        the hashes
"""

from myelin.layers.preprocessing.buckets import CategoryEncoding, Discretization
from myelin.layers.preprocessing.hashing import HashedCrossing, Hashing
from myelin.layers.preprocessing.lookup import IntegerLookup, StringLookup
from myelin.layers.preprocessing.text_vectorization import TextVectorization

__all__ = [
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "StringLookup",
    "TextVectorization",
]
