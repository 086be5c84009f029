"""Models as ONNX files, which onnxruntime and many others run.

    from myelin.interop import onnx
    onnx.save_model(model, "model.onnx")

save_model   writes the file
to_onnx      the same as an object of the package onnx
run          runs a file in onnxruntime

graph        nodes, and the values between them
sizes        sizes that are known only when the file runs
program      a program of jax's primitives, by a rule for each
rules        the rules, a file a family: elementwise, shaping, reducing, products, convolution,
             indexing, loops, fourier

Myelin does not read ONNX: the format holds a program and no layers. `load_model` says so.
"""

from myelin.interop.onnx.files import load_model, run, save_model, to_onnx

__all__ = ["load_model", "run", "save_model", "to_onnx"]
