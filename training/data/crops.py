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
    few = 1 if pixels.device.type == "cpu" else len(pixels)  # what is made of one photo stays in a processor's cache
    planes = torch.empty(few, *pixels.shape[1:], device=pixels.device)
    grid = torch.empty(2, few, size, size, device=pixels.device)
    every = (pixels, x[:, None], y[..., None], lightness, ab)
    for photos, columns, rows, cut_lightness, cut_ab in zip(*(each.split(few) for each in every), strict=True):
        planes.copy_(photos)
        grid[0], grid[1] = columns, rows
        levels = F.grid_sample(
            planes.permute(0, 3, 1, 2), grid.permute(1, 2, 3, 0), padding_mode="border", align_corners=False
        )
        as_lightness(levels[:, :1], out=cut_lightness)
        chroma = levels[:, 1:, ::2] + levels[:, 1:, 1::2]  # a processor takes twice as long for `avg_pool2d`
        torch.add(chroma[..., ::2], chroma[..., 1::2], out=cut_ab)
    return lightness, as_ab(ab.div_(4), out=ab)


def as_levels(lab: FloatArray) -> npt.NDArray[np.uint8]:
    """(..., 3) L in [0, 100], a and b in Lab units, to the levels of 8-bit Lab."""
    levels = lab * np.array([LIGHTNESS_LEVELS, 1, 1], np.float32) + np.array([0, CHROMA_OFFSET, CHROMA_OFFSET])
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def as_lightness(levels: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Levels of 8-bit Lab's L, float32, to the values of the contract's `lightness`."""
    return torch.add(torch.tensor(LIGHTNESS.offset), levels, alpha=1 / (LIGHTNESS_LEVELS * LIGHTNESS.scale[0]), out=out)


def as_ab(levels: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Levels of 8-bit Lab's a and b, float32, to the values of the contract's `ab`."""
    return torch.add(torch.tensor(-CHROMA_OFFSET / AB.scale[0]), levels, alpha=1 / AB.scale[0], out=out)
