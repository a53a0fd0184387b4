"""Random square crops of packed photos, in tensor code that is the same on every device."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from sdk.color import FloatArray
from sdk.contract import AB, LIGHTNESS

# 8-bit Lab: L over all levels, a and b shifted.
LIGHTNESS_LEVELS = 255 / 100
CHROMA_OFFSET = 128

_IN_CACHE = 8  # photos at a time, on a processor: beyond its cache they take half as long again


def draw_crops(count: int, generator: torch.Generator) -> Tensor:
    """What is random about some photos' crops: (count, 4) uniform in [0, 1), on the processor."""
    return torch.cat([torch.rand(count, numbers, generator=generator) for numbers in (1, 2, 1)], dim=1)


def crop(pixels: Tensor, draws: Tensor, *, smallest: float, size: int) -> tuple[Tensor, Tensor]:
    """Cut a random square out of each photo, resize it bilinearly, and mirror it half the time.

    Args:
        pixels: (N, side, side, 3) uint8, 8-bit Lab.
        draws: As `draw_crops` gives them.
        smallest: Side of the smallest crop, as a share of the photo's.
        size: Side of the results, in pixels.

    Returns:
        (N, 1, size, size) and (N, 2, size / 2, size / 2) float32: lightness and ab as the contract scales them.
    """
    scale, left, top, mirror = draws.to(pixels.device, non_blocking=True).T[..., None]
    scale = smallest + (1 - smallest) * scale
    centres = torch.linspace(1 / size - 1, 1 - 1 / size, size, device=pixels.device)
    x = scale * centres * torch.where(mirror < 0.5, -1, 1) + (2 * left - 1) * (1 - scale)
    y = scale * centres + (2 * top - 1) * (1 - scale)
    lightness = torch.empty(len(pixels), 1, size, size, device=pixels.device)
    ab = torch.empty(len(pixels), 2, size // 2, size // 2, device=pixels.device)
    few = _IN_CACHE if pixels.device.type == "cpu" else len(pixels)
    planes = torch.empty(few, *pixels.shape[1:], device=pixels.device)
    for some in (slice(start, start + few) for start in range(0, len(pixels), few)):
        grid = torch.view_as_real(torch.complex(x[some, None, :], y[some, :, None]))
        photos = planes[: len(grid)].copy_(pixels[some]).permute(0, 3, 1, 2)
        levels = F.grid_sample(photos, grid, mode="bilinear", padding_mode="border", align_corners=False)
        lightness[some] = levels[:, :1]
        rows = levels[:, 1:, ::2] + levels[:, 1:, 1::2]  # a processor takes twice as long for `avg_pool2d`
        torch.add(rows[..., ::2], rows[..., 1::2], out=ab[some])
        as_values(lightness[some], ab[some].div_(4))
    return lightness, ab


def as_levels(lab: FloatArray) -> npt.NDArray[np.uint8]:
    """(..., 3) L in [0, 100], a and b in Lab units, to the levels of 8-bit Lab."""
    levels = lab * np.array([LIGHTNESS_LEVELS, 1, 1], np.float32) + np.array([0, CHROMA_OFFSET, CHROMA_OFFSET])
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def as_values(lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
    """Levels of 8-bit Lab, (N, 1, H, W) and (N, 2, h, w) float32, to the values of the contract's tensors, in place."""
    black, neutral = torch.tensor(LIGHTNESS.offset), torch.tensor(-CHROMA_OFFSET / AB.scale[0])
    torch.add(black, lightness, alpha=1 / (LIGHTNESS_LEVELS * LIGHTNESS.scale[0]), out=lightness)
    torch.add(neutral, ab, alpha=1 / AB.scale[0], out=ab)
    return lightness, ab
