"""Myelin: deep learning in Python, Keras's names, the epoch as one compiled program."""
