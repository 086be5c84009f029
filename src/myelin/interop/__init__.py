"""Other systems' doors to Myelin, one module a system.

sklearn    estimators that work wherever scikit-learn's own do
"""
