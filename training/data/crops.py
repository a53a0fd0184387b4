"""Random square crops of packed photos, in tensor code that is the same on every device."""

from collections.abc import Sequence

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

# Photos in one tensor, or each where it lies.
Pixels = Tensor | Sequence[Tensor]


def draw_crops(count: int, generator: torch.Generator) -> Tensor:
    """What is random about some photos' crops: (count, 4) uniform in [0, 1), on the processor."""
    return torch.cat([torch.rand(count, numbers, generator=generator) for numbers in (1, 2, 1)], dim=1)


def crop(pixels: Pixels, draws: Tensor, *, smallest: float, size: int) -> tuple[Tensor, Tensor]:
    """Cut a random square of whole pixels out of each photo, resize it bilinearly, and mirror it half the time.

    Args:
        pixels: N times (side, side, 3) uint8, 8-bit Lab.
        draws: As `draw_crops` gives them.
        smallest: Side of the smallest crop, as a share of the photo's.
        size: Side of the results, in pixels.

    Returns:
        (N, 1, size, size) and (N, 2, size / 2, size / 2) float32: lightness and ab as the contract scales them.
    """
    side = len(pixels[0])
    scale, left, top, mirror = draws.T
    sides = torch.round((smallest + (1 - smallest) * scale) * side)
    squares = torch.stack([sides, *(torch.round(place * (side - sides)) for place in (left, top))])
    if isinstance(pixels, Tensor) and pixels.device.type != "cpu":
        levels = resize_together(pixels, squares, mirror < 0.5, size)
    else:
        levels = resize_each(pixels, squares, mirror < 0.5, size)
    halved = F.interpolate(levels, size=(size // 2, size // 2), mode="bilinear")  # the mean of each 2×2
    return as_lightness(levels[:, :1].float()), as_ab(halved[:, 1:].contiguous().float())


def resize_each(pixels: Pixels, squares: Tensor, mirrored: Tensor, size: int) -> Tensor:
    """Squares of photos, one at a time and in bytes, which processors resize several times faster than numbers.

    Args:
        pixels: N times (side, side, 3) uint8.
        squares: (3, N) side, left and top of what to cut out, in whole pixels.
        mirrored: (N,) bool.
        size: Side of the results.

    Returns:
        (N, 3, size, size) uint8, in memory pixel after pixel.
    """
    resized = []
    for photo, (side, left, top), mirror in zip(pixels, squares.T.int().tolist(), mirrored.tolist(), strict=True):
        square = photo[None, top : top + side, left : left + side].permute(0, 3, 1, 2)
        levels = F.interpolate(square, size=(size, size), mode="bilinear")
        resized.append(levels.flip(3) if mirror else levels)
    return torch.cat(resized)


def resize_together(pixels: Tensor, squares: Tensor, mirrored: Tensor, size: int) -> Tensor:
    """The same in one operation, for a GPU: (N, 3, size, size) float32, which `resize_each` rounds."""
    squares, mirrored = (told.to(pixels.device, non_blocking=True) for told in (squares, mirrored))
    side, left, top = squares[..., None]
    places = (torch.arange(size, device=pixels.device) + 0.5) / size * side
    inside = torch.minimum(places.clamp(min=0.5), side - 0.5)  # what lies beside a square is not read
    columns, rows = left + torch.where(mirrored[:, None], inside.flip(1), inside), top + inside
    grid = torch.stack([columns[:, None].expand(-1, size, -1), rows[..., None].expand(-1, -1, size)], dim=3)
    return F.grid_sample(pixels.permute(0, 3, 1, 2).float(), grid * (2 / pixels.shape[1]) - 1, align_corners=False)


def as_levels(lab: FloatArray) -> npt.NDArray[np.uint8]:
    """(..., 3) L in [0, 100], a and b in Lab units, to the levels of 8-bit Lab."""
    levels = lab * np.array([LIGHTNESS_LEVELS, 1, 1], np.float32) + np.array([0, CHROMA_OFFSET, CHROMA_OFFSET])
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def as_lightness(levels: Tensor) -> Tensor:
    """Levels of 8-bit Lab's L, float32, to the values of the contract's `lightness`."""
    return torch.add(torch.tensor(LIGHTNESS.offset), levels, alpha=1 / (LIGHTNESS_LEVELS * LIGHTNESS.scale[0]))


def as_ab(levels: Tensor) -> Tensor:
    """Levels of 8-bit Lab's a and b, float32, to the values of the contract's `ab`."""
    return torch.add(torch.tensor(-CHROMA_OFFSET / AB.scale[0]), levels, alpha=1 / AB.scale[0])
