"""Other systems' doors to Myelin, one module a system.

sklearn     estimators that work wherever scikit-learn's own do
onnx        ONNX files, for onnxruntime and many others
tensorflow  SavedModels, which TensorFlow serves alone
stablehlo   programs for jax and the compilers of its family

inference   a model as a pure function of arrays, which they are made of
exporting   one door to them, and what compares their outputs
"""
