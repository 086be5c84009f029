"""Other systems' doors to Myelin, one module a system.

sklearn     estimators that work wherever scikit-learn's own do
torch       to_torch, from_torch, and `.pt` files
onnx        ONNX files, for onnxruntime and many others
tensorflow  SavedModels, which TensorFlow serves alone
stablehlo   programs for jax and the compilers of its family

inference   a model as a pure function of arrays, which they are made of
exporting   one door to them, and what compares their outputs
"""

from typing import Any


def __getattr__(name: str) -> Any:
    # A layer that files may name: `registry.find_class` looks for it here.
    if name == "HeldWeight":
        from myelin.interop.torch.inward.weight import HeldWeight

        return HeldWeight
    raise AttributeError(f"myelin.interop has no {name!r}")
