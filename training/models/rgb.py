"""The picture that a network's chroma makes, as tensors with gradients."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sdk import color
from sdk.contract import AB, LIGHTNESS

_RGB_FROM_RELATIVE_XYZ = np.linalg.inv(color.XYZ_FROM_RGB / color.WHITE_XYZ[:, None]).tolist()
# Where CIE Lab's cube root and sRGB's power turn into straight lines.
_DELTA = 6 / 29
_LINEAR_KNEE = 0.0031308


def as_rgb(lightness: Tensor, ab: Tensor) -> Tensor:
    """`sdk.color.lab_to_rgb` on the contract's tensors, but that colours outside of sRGB stay outside.

    Args:
        lightness: (N, 1, S, S) in [-1, 1].
        ab: (N, 2, S/2, S/2) in [-1, 1].

    Returns:
        (N, 3, S, S) sRGB, in [0, 1] for colours that it has.
    """
    ab = F.interpolate(ab, scale_factor=2.0, mode="bilinear", align_corners=False) * AB.scale[0]
    root = ((lightness - LIGHTNESS.offset) * LIGHTNESS.scale[0] + 16) / 116
    roots = torch.cat([root + ab[:, :1] / 500, root, root - ab[:, 1:] / 200], dim=1)
    xyz = torch.where(roots > _DELTA, roots**3, (roots - 4 / 29) * 3 * _DELTA**2)
    linear = torch.einsum("rc,nchw->nrhw", xyz.new_tensor(_RGB_FROM_RELATIVE_XYZ), xyz)
    bent = 1.055 * linear.clamp(min=_LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return torch.where(linear > _LINEAR_KNEE, bent, linear * 12.92)
