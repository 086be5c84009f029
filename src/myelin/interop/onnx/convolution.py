"""Rules for convolutions and for what is computed of each window of an image."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin.interop.onnx.elementwise import joined
from myelin.interop.onnx.graph import Graph, Value, inverse, known
from myelin.interop.onnx.program import Rule, traced


def _convolution(graph: Graph, equation: Any, x: Value, kernel: Value) -> Value:
    params, aval = equation.params, equation.outvars[0].aval
    if params["batch_group_count"] != 1:
        raise graph.refusal("a convolution with groups of the batch")
    x_order, kernel_order, y_order = params["dimension_numbers"]
    # ONNX has batch and channels first, and the filters before the channels that they take.
    x, kernel = (graph.cast(v, np.promote_types(v.dtype, aval.dtype)) for v in (x, kernel))
    x = graph.full(graph.transposed(graph.full(x), x_order))
    kernel = graph.full(graph.transposed(graph.full(kernel), kernel_order))
    shape = tuple(aval.shape[axis] for axis in y_order)
    how = {
        "group": params["feature_group_count"],
        "dilations": list(params["rhs_dilation"]),
        "kernel_shape": list(kernel.shape[2:]),
    }
    padding = params["padding"]
    if all(step == 1 for step in params["lhs_dilation"]):
        if not all(isinstance(n, int) for pair in padding for n in pair):
            raise graph.refusal("padding that depends on the size of the input")
        cut = [(min(0, low), min(0, high)) for low, high in padding]
        x = _without(graph, x, cut)
        pads = [max(0, pair[side]) for side in (0, 1) for pair in padding]
        steps = list(params["window_strides"])
        y = graph.node("Conv", [x, kernel], shape, pads=pads, strides=steps, **how)
    else:
        y = _transposed(graph, params, x, kernel, shape, how)
    y = graph.cast(y, aval.dtype)
    return graph.transposed(y, inverse(y_order))


def _without(graph: Graph, x: Value, cut: Any) -> Value:
    """x without the points that negative padding leaves out."""
    if not any(any(pair) for pair in cut):
        return x

    def kept(x: Any) -> Any:
        zero = jnp.zeros((), x.dtype)
        return lax.pad(x, zero, [(0, 0, 0), (0, 0, 0), *((*pair, 0) for pair in cut)])

    found: Value = traced(graph, kept, x)
    return found


def _transposed(graph: Graph, params: Any, x: Value, kernel: Value, shape: Any, how: Any) -> Value:
    """A convolution over points spread out, which is ConvTranspose with the kernel turned round."""
    if any(step != 1 for step in params["window_strides"]):
        raise graph.refusal("a convolution with steps over points that are spread out")
    groups, spatial = how["group"], range(2, kernel.ndim)

    def turned(kernel: Any) -> Any:
        # From (groups · filters, channels, …) to (groups · channels, filters, …).
        kernel = lax.rev(kernel, tuple(spatial))
        apart = kernel.reshape(groups, -1, *kernel.shape[1:])
        return jnp.swapaxes(apart, 1, 2).reshape(-1, apart.shape[1], *kernel.shape[2:])

    kernel = traced(graph, turned, kernel)
    reach = [d * (k - 1) for d, k in zip(how["dilations"], how["kernel_shape"], strict=True)]
    pairs = [(r - low, r - high)
             for r, (low, high) in zip(reach, params["padding"], strict=True)]  # fmt: skip
    pads = [max(0, pair[side]) for side in (0, 1) for pair in pairs]
    # What ConvTranspose cannot add beside the image is added as zeros.
    more = [(max(0, -low), max(0, -high)) for low, high in pairs]
    inner = [n - sum(extra) for n, extra in zip(shape[2:], more, strict=True)]
    y = graph.node(
        "ConvTranspose", [x, graph.full(kernel)], (*shape[:2], *inner),
        pads=pads, strides=list(params["lhs_dilation"]), **how,
    )  # fmt: skip
    return _without(graph, y, more)


def _windows(params: Any) -> Any:
    names = ("window_dimensions", "window_strides", "padding", "base_dilation", "window_dilation")
    return [params[name] for name in names]


def _pooling(op: str, combined: Any, first: Any) -> Rule:
    """The rule of a sum or maximum of each window."""

    def rule(graph: Graph, equation: Any, x: Value, *_: Any) -> Value:
        window, steps, padding, spread, apart = _windows(equation.params)
        # The axes that windows move along; ONNX wants two more before them.
        axes = [i for i, parts in enumerate(zip(window, steps, padding, strict=True))
                if parts != (1, 1, (0, 0))]  # fmt: skip
        others = [i for i in range(x.ndim) if i not in axes]
        plain = all(n == 1 for n in (*spread, *apart))
        inside = all(0 <= n < window[i] for i in axes for n in padding[i])
        if not (op and plain and inside and x.dtype == np.float32 and len(others) == 2 and axes):
            found: Value = traced(graph, functools.partial(_by_slices, equation.params, combined,
                                                           first), x)  # fmt: skip
            return found
        x = graph.full(graph.transposed(x, [*others, *axes]))
        shape = tuple(equation.outvars[0].aval.shape[i] for i in (*others, *axes))
        how: dict[str, Any] = {
            "kernel_shape": [window[i] for i in axes],
            "strides": [steps[i] for i in axes],
            "pads": [padding[i][side] for side in (0, 1) for i in axes],
        }
        if op == "AveragePool":
            how["count_include_pad"] = 1
        y = graph.node(op, [x], shape, **how)
        if op == "AveragePool":
            y = joined(graph, "Mul", [y, known(np.float32(math.prod(how["kernel_shape"])))])
        return graph.transposed(y, inverse([*others, *axes]))

    return rule


def _by_slices(params: Any, combined: Any, first: Any, x: Any) -> Any:
    """A sum or maximum of each window, of a slice for each of its points."""
    window, steps, padding, spread, apart = _windows(params)
    config = [(*pair, n - 1) for pair, n in zip(padding, spread, strict=True)]
    x = lax.pad(x, jnp.asarray(first(x.dtype), x.dtype), config)
    points = []
    for point in itertools.product(*map(range, window)):
        at = [p * d for p, d in zip(point, apart, strict=True)]
        reach = [(w - 1) * d for w, d in zip(window, apart, strict=True)]
        ends = [n - r + a for n, r, a in zip(x.shape, reach, at, strict=True)]
        points.append(lax.slice(x, at, ends, steps))
    return functools.reduce(combined, points)


def _lowest(dtype: Any) -> Any:
    return -np.inf if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).min


def _highest(dtype: Any) -> Any:
    return np.inf if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max


RULES: dict[str, Rule] = {
    "conv_general_dilated": _convolution,
    "reduce_window_max": _pooling("MaxPool", lax.max, _lowest),
    "reduce_window_sum": _pooling("AveragePool", lax.add, lambda dtype: 0),
    "reduce_window_min": _pooling("", lax.min, _highest),
}
