"""Arithmetic whose gradients XLA computes slowly on a CPU, with gradients derived by hand.

Each kernel stands beside its reference, the plain `jax.lax` form, which runs on other devices;
tests hold the two equal in value and gradient.
"""
