"""`keras.ops.numpy`: what NumPy has, by its names."""

# ruff: noqa: F403
from myelin.ops.arranging import *
from myelin.ops.arrays import *
from myelin.ops.bits import *
from myelin.ops.choosing import *
from myelin.ops.convert import array as array
from myelin.ops.convert import ndim as ndim
from myelin.ops.convert import size as size
from myelin.ops.convert import view as view
from myelin.ops.fourier import angle as angle
from myelin.ops.fourier import conj as conj
from myelin.ops.fourier import conjugate as conjugate
from myelin.ops.fourier import imag as imag
from myelin.ops.fourier import real as real
from myelin.ops.linalg import slogdet as slogdet
from myelin.ops.loops import vectorize as vectorize
from myelin.ops.numbers import *
from myelin.ops.pairs import *
from myelin.ops.products import *
from myelin.ops.reductions import *
from myelin.ops.statistics import *
