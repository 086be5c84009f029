"""Draws the contact sheet of the README: two photographs from scikit-learn, changed at random."""

import pathlib

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

from myelin import layers, plots

photographs = np.stack(
    [np.asarray(Image.fromarray(p).resize((144, 96))) for p in load_sample_images().images]
)
pipeline = [
    layers.RandomFlip("horizontal"),
    layers.RandomRotation(0.08, fill_mode="reflect"),
    layers.RandomZoom(0.2, fill_mode="reflect"),
    layers.RandomBrightness(0.15),
    layers.RandomSaturation((0.3, 0.8)),
    layers.RandomErasing((0.5, 0.5), (0.05, 0.15)),
]
figure = plots.augmentations(pipeline, photographs, columns=8, seed=1)
figure.savefig(pathlib.Path(__file__).with_name("augmentations.png"), dpi=80)
