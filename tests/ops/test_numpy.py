"""Operations that NumPy and SciPy have too give what those give; all promise what they give."""

import jax
import numpy as np
import pytest
from scipy import linalg, special

import myelin as mn
from myelin import ops
from tests.ops.cases import CASES

# Functions of other names, arguments or results there.
HERE = {"bincount", "conv", "copy", "correlate", "dtype", "eig", "eigh", "empty", "empty_like",
        "fft", "get_item", "histogram", "lstsq", "max", "min", "norm", "polar", "qr", "rearrange",
        "select", "svd", "unique", "unravel_index", "view"}  # fmt: skip
# What depends on numbers, or is no array.
NO_PROMISE = {"bincount", "dtype", "nonzero", "unique"}


# One of each; test_against_keras.py has them all, test_alignment.py what is slow to compile.
ONE_EACH = list({case[0]: case for case in CASES if not case[0].startswith("ctc")}.values())


def _theirs(name):
    for home in (np, np.linalg, special, linalg):
        if hasattr(home, name) and name not in HERE:
            return getattr(home, name)
    return None


@pytest.mark.parametrize(("name", "args", "kwargs"), ONE_EACH, ids=[c[0] for c in ONE_EACH])
def test_values_and_promises(name, args, kwargs):
    ours = getattr(ops, name)(*args, **kwargs)
    theirs = _theirs(name)
    if theirs is not None:
        for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(_called(theirs, args, kwargs)),
                              strict=True):  # fmt: skip
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    arrays = [x for x in jax.tree.leaves((args, kwargs)) if isinstance(x, np.ndarray)]
    if not arrays or name in NO_PROMISE:
        return
    given, settings = jax.tree.map(
        lambda x: mn.KerasTensor(x.shape, str(x.dtype)) if isinstance(x, np.ndarray) else x,
        (args, kwargs),
    )
    promised = jax.tree.leaves(getattr(ops, name)(*given, **settings))
    assert [p.shape for p in promised] == [np.shape(value) for value in jax.tree.leaves(ours)]
    if any(x.dtype == "float64" for x in arrays):
        return
    assert [p.dtype for p in promised] == [str(value.dtype) for value in jax.tree.leaves(ours)]


def _called(function, args, kwargs):
    args = tuple(a.astype("float64") if getattr(a, "dtype", None) == "float32" else a for a in args)
    found = function(*args, **kwargs)
    return tuple(found) if isinstance(found, tuple) else found
