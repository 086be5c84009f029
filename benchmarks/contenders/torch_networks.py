"""The networks of keras_images.py for PyTorch, and the same augmentation with grid_sample."""

import math

import torch
from torch import nn


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(64 * 5 * 5, 10),
    )  # fmt: skip


def normalized(*convolutions, activation=True):
    norm = nn.BatchNorm2d(convolutions[-1].out_channels, eps=1e-3)
    return nn.Sequential(*convolutions, norm, *[nn.ReLU(inplace=True)] * activation)


class Residual(nn.Module):
    """Two convolutions beside a shortcut, which is projected where the shape changes."""

    def __init__(self, inputs, filters, stride):
        super().__init__()
        first = nn.Conv2d(inputs, filters, 3, stride, padding=1, bias=False)
        second = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.body = nn.Sequential(normalized(first), normalized(second, activation=False))
        self.shortcut = nn.Identity()
        if stride > 1:
            projection = nn.Conv2d(inputs, filters, 1, stride, bias=False)
            self.shortcut = normalized(projection, activation=False)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def classified(*body, filters):
    return nn.Sequential(
        *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(filters, 10)
    )  # fmt: skip


def resnet():
    return classified(
        normalized(nn.Conv2d(3, 16, 3, padding=1, bias=False)),
        Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2), filters=64,
    )  # fmt: skip


def separated(inputs, filters, stride):
    return normalized(
        nn.Conv2d(inputs, inputs, 3, stride, padding=1, groups=inputs, bias=False),
        nn.Conv2d(inputs, filters, 1, bias=False),
    )


def separable():
    return classified(
        normalized(nn.Conv2d(3, 32, 3, padding=1, bias=False)),
        separated(32, 64, 1), separated(64, 128, 2), separated(128, 128, 1),
        separated(128, 256, 2), filters=256,
    )  # fmt: skip


def augmented(x):
    """Flips, turns by up to 0.05 of a circle and zooms by up to a tenth, each image by itself.

    The three are one affine map, so that each image is read once: less work than a layer each,
    from the same distribution of maps. Beyond its edges an image is mirrored, as Keras does.
    """
    n = len(x)
    angle = torch.empty(n).uniform_(-0.05, 0.05) * (2 * math.pi)
    scale = 1 + torch.empty(n).uniform_(-0.1, 0.1)
    flip = torch.randint(0, 2, (n,)) * 2.0 - 1
    sine, cosine, zero = angle.sin() * scale, angle.cos() * scale, torch.zeros(n)
    matrices = torch.stack([cosine * flip, -sine * flip, zero, sine, cosine, zero], 1)
    grid = nn.functional.affine_grid(matrices.view(n, 2, 3), x.shape, align_corners=False)
    return nn.functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


NETWORKS = {"cnn": cnn, "resnet": resnet, "separable": separable}
