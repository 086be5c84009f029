"""`keras.ops.image`: arithmetic on one image or a batch of them.

sizes       resize, pad, crop, patches
colors      gray, and hue, saturation and value
filters     blur, edges
warps       images seen through affine and projective maps, and sampled at any place

Images are `(height, width, channels)` or `(batch, height, width, channels)`, or with
`data_format="channels_first"` `(channels, height, width)` and `(batch, channels, height, width)`.
"""

from myelin.ops.image.colors import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from myelin.ops.image.filters import gaussian_blur, sobel_edges, ssim
from myelin.ops.image.sizes import (
    crop_images,
    extract_patches,
    extract_patches_3d,
    pad_images,
    resize,
    scale_and_translate,
)
from myelin.ops.image.warps import (
    affine_transform,
    elastic_transform,
    map_coordinates,
    perspective_transform,
)

__all__ = [
    "affine_transform",
    "crop_images",
    "elastic_transform",
    "extract_patches",
    "extract_patches_3d",
    "gaussian_blur",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "perspective_transform",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
    "sobel_edges",
    "ssim",
]
