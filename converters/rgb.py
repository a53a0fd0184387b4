"""The colour path of `sdk.color` as part of a network's graph, for apps that want no colour code of their own.

Photo in, photo out: (1, 3, S, S) sRGB levels in [0, 255], float32. Curves that bend at a threshold are written
as the sum of their two branches, each held at the threshold outside its own side, and powers as exponentials:
every operator here is one that XNNPACK, Core ML and ONNX Runtime all have. Tests hold the result to `sdk.color`'s.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from converters.formats.base import COLOURED, PHOTO
from sdk import color
from sdk.contract import AB, LIGHTNESS, Contract

_RELATIVE_XYZ_FROM_RGB = color.XYZ_FROM_RGB / color.WHITE_XYZ[:, None]
_RGB_FROM_RELATIVE_XYZ = np.linalg.inv(_RELATIVE_XYZ_FROM_RGB)
# sRGB's curve (IEC 61966-2-1): a straight line up to the knee, then a power.
_KNEE, _LINEAR_KNEE = 0.04045, 0.0031308
# CIE Lab's f(t): a cube root, and a straight line up to delta cubed.
_DELTA = 6 / 29
_SLOPE = 1 / (3 * _DELTA**2)
_TINY = 1e-12


class Before(nn.Module):
    """What comes before the network."""

    def __init__(self) -> None:
        super().__init__()
        self.luminance = _mix(_RELATIVE_XYZ_FROM_RGB[1:2])

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """(1, 3, S, S) in [0, 255] to the tensor contract's lightness, and f(Y), each (1, 1, S, S)."""
        encoded = photo / 255
        bent = (encoded.clamp(min=_KNEE) + 0.055) / 1.055
        linear = _power(bent, 2.4) + (encoded.clamp(max=_KNEE) - _KNEE) / 12.92
        luminance = self.luminance(linear)
        straight = (luminance.clamp(max=_DELTA**3) - _DELTA**3) * _SLOPE
        root = _cube_root(luminance.clamp(min=_DELTA**3)) + straight
        return root * (116 / color.LIGHTNESS_SCALE) - (16 / color.LIGHTNESS_SCALE + 1), root


class After(nn.Module):
    """What comes after the network."""

    def __init__(self) -> None:
        super().__init__()
        scale = color.CHROMA_SCALE
        self.offsets = _mix(np.array([[scale / 500, 0], [0, 0], [0, -scale / 200]]))
        self.channels = nn.ModuleList(_mix(_RGB_FROM_RELATIVE_XYZ[channel : channel + 1]) for channel in range(3))

    def forward(self, ab: Tensor, root: Tensor) -> Tensor:
        """(1, 2, S/2, S/2) in [-1, 1] and f(Y) to (1, 3, S, S) in [0, 255], whole numbers."""
        upsampled = F.interpolate(ab, scale_factor=2.0, mode="bilinear", align_corners=False)
        xyz = _cube(root + self.offsets(upsampled))
        red, green, blue = (channel(xyz) for channel in self.channels)
        grey = _cube(root).clamp(0, 1)
        # Colours outside the gamut move towards the grey of their own luminance, as in `sdk.color`.
        lowest = torch.minimum(torch.minimum(red, green), blue)
        highest = torch.maximum(torch.maximum(red, green), blue)
        below = grey / (grey - lowest).clamp(min=_TINY)
        above = (1 - grey) / (highest - grey).clamp(min=_TINY)
        share = torch.minimum(below, above).clamp(max=1)
        linear = (grey + (torch.cat([red, green, blue], dim=1) - grey) * share).clamp(0, 1)
        bent = 1.055 * _power(linear.clamp(min=_LINEAR_KNEE), 1 / 2.4) - 0.055
        encoded = bent + (linear.clamp(max=_LINEAR_KNEE) - _LINEAR_KNEE) * 12.92
        return torch.round(encoded * 255)


class RgbNetwork(nn.Module):
    """A network with the colour path around it. Its chroma is the faithful one.

    Args:
        network: Meets the contract.
        contract: Its tensors.
    """

    def __init__(self, network: nn.Module, contract: Contract) -> None:
        super().__init__()
        self.before, self.network, self.after = Before(), network, After()
        self._inputs = [spec.name for spec in contract.inputs]

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The photo, and what else the network is given, to the photo in colour: (1, 3, S, S) levels in [0, 255]."""
        lightness, root = self.before(inputs[PHOTO.name])
        answers = self.network({name: lightness if name == LIGHTNESS.name else inputs[name] for name in self._inputs})
        return {COLOURED.name: self.after(answers[AB.name], root)}


def _mix(matrix: np.ndarray) -> nn.Conv2d:
    """A matrix applied to the channels of every pixel."""
    outputs, inputs = matrix.shape
    convolution = nn.Conv2d(inputs, outputs, 1, bias=False)
    convolution.weight = nn.Parameter(torch.tensor(matrix, dtype=torch.float32)[..., None, None], requires_grad=False)
    return convolution


def _power(positive: Tensor, exponent: float) -> Tensor:
    return torch.exp(torch.log(positive) * exponent)


def _cube_root(positive: Tensor) -> Tensor:
    # Many pixels lie next to a rounding step of an int8 network's input, which the power alone often misses; one
    # step of Newton's method makes it as exact as float32 is.
    root = _power(positive, 1 / 3)
    return root - (root - positive / (root * root)) / 3


def _cube(root: Tensor) -> Tensor:
    """CIE Lab's inverse of f(t)."""
    bent = root.clamp(min=_DELTA)
    return bent * bent * bent + (root.clamp(max=_DELTA) - _DELTA) * (1 / _SLOPE)
