"""How far the outputs of exported models are from Myelin's, for each of the cases."""

import numpy as np

from myelin.interop import onnx
from myelin.interop.inference import Inference
from tests.interop.cases import case


def onnx_difference(name, batches=(None,)):
    """The largest difference in onnxruntime, relative to the outputs' scale.

    Raises InputError where the case is refused.
    """
    model, x = case(name)
    content = onnx.to_onnx(model).SerializeToString()
    return max(_difference(model, x, batch, lambda given: onnx.run(content, given)) for batch in batches)


def _difference(model, x, batch, run):
    inference = Inference(model)
    arrays = [_sized(a, batch) for a in (x if isinstance(x, list) else [x])]
    names = [port.name for port in inference.inputs]
    found = run(dict(zip(names, arrays, strict=True)))
    return max(
        relative(found[name], wanted)
        for name, wanted in zip(inference.output_names, inference.predicted(arrays), strict=True)
    )


def _sized(array, batch):
    if batch is None:
        return array
    return np.concatenate([array] * batch)[:batch]


def relative(found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    if not wanted.size:
        return 0.0
    found, wanted = found.astype("f8"), wanted.astype("f8")
    return float(np.abs(found - wanted).max() / max(1e-30, np.abs(wanted).max()))
