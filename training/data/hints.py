"""What people would say of a photo's colours, made from the photo itself."""

import torch
from torch import Tensor
from torch.nn import functional as F

from sdk.contract import AB, LIGHTNESS

# Sides of a hint, in cells of the network's grid of hints; 4 cells are about 7 pixels of the photo's small copy.
SIDES = (1, 3, 5)
MOST_HINTS = 64

# An object to be painted over: how far its chroma may lie from where it is told, half as far for lightness, and how
# colourful it becomes, all in Lab units; and how much of a photo is no object any more.
LIKE = (10.0, 30.0)
PAINT = (15.0, 70.0)
LARGEST = 0.5


def draw_hints(count: int, generator: torch.Generator) -> Tensor:
    """What is random about some photos' hints: (count, numbers) uniform in [0, 1), on the processor.

    Whether there are any, how many, how large, how a painted object differs, and where each hint is.
    """
    return torch.rand(count, 6 + 2 * MOST_HINTS, generator=generator)


def paint_objects(lightness: Tensor, ab: Tensor, draws: Tensor, *, share: float) -> Tensor:
    """Give one object of some photos another colour, which their first hint then tells.

    True photos teach that a red dot makes for a warm picture. Where a thing is red and all around it stays as it was, a
    hint has to be told from the rest: it should spread over its object and stop at the edge. The object is whatever
    is connected to the hint's place and like it in lightness and chroma.

    Args:
        lightness: (N, 1, 2H, 2W), as the contract scales it.
        ab: (N, 2, H, W), likewise.
        draws: Those of `random_hints`.
        share: Of all photos that are painted.

    Returns:
        (N, 2, H, W): the chroma to learn.
    """
    chosen = (draws[:, 0] < share).nonzero()[:, 0]
    if not len(chosen):
        return ab
    those = chosen.to(ab.device, non_blocking=True)
    painted = _painted(lightness[those], ab[those], draws[chosen].to(ab.device, non_blocking=True))
    return ab.index_copy(0, those, painted)


def _painted(lightness: Tensor, ab: Tensor, draws: Tensor) -> Tensor:
    """Photos' chroma with one object of each painted over, unless that is most of the photo."""
    count, _, height, width = ab.shape
    like, hue, colourful = draws[:, 3:6].T.reshape(3, count, 1, 1, 1)
    lab = torch.cat([F.avg_pool2d(lightness, 2) * (LIGHTNESS.scale[0] / 2), ab * AB.scale[0]], dim=1)
    place = _places(draws, height, width)[:, :1]
    there = lab.flatten(2).gather(2, place[:, None].expand(-1, 3, -1))[..., None]
    alike = ((lab - there).norm(dim=1, keepdim=True) < LIKE[0] + (LIKE[1] - LIKE[0]) * like).to(ab.dtype)
    reached = ab.new_zeros(count, height * width).scatter_(1, place, 1).view(count, 1, height, width)
    for _ in range(max(height, width)):
        reached = F.max_pool2d(reached, 3, stride=1, padding=1) * alike
    angle, chroma = hue * (2 * torch.pi), (PAINT[0] + (PAINT[1] - PAINT[0]) * colourful) / AB.scale[0]
    paint = torch.cat([angle.cos(), angle.sin()], dim=1) * chroma - there[:, 1:] / AB.scale[0]
    is_object = reached.mean(dim=(2, 3), keepdim=True) < LARGEST
    return (ab + paint * reached * is_object).clamp(-1, 1)


def random_hints(ab: Tensor, draws: Tensor, *, share: float) -> Tensor:
    """Hints for a share of some photos: up to 64 of one size, as often 1 to 2 as 32 to 64.

    Args:
        ab: (N, 2, H, W): the photos' own chroma, which hints tell.
        draws: As `draw_hints` gives them.
        share: Chance that a photo has any.

    Returns:
        (N, 3, H, W): a, b and mask, as the contract scales them, zero where there is no hint.
    """
    count, _, height, width = ab.shape
    draws = draws.to(ab.device, non_blocking=True)
    some, most, size = draws[:, :3].T
    told = torch.arange(MOST_HINTS, device=ab.device) < (MOST_HINTS**most * (some < share))[:, None]
    places = _places(draws, height, width)
    centres = ab.new_zeros(count, height * width).scatter_add_(1, places, told.to(ab.dtype))
    centres = centres.clamp(max=1).view(count, 1, height, width)
    # Squares around the centres, each cell with its neighbourhood's mean.
    chosen = (size * len(SIDES)).long().view(-1, 1, 1, 1)
    hints = torch.zeros_like(torch.cat([ab, centres], dim=1))
    for index, side in enumerate(SIDES):
        mask = F.max_pool2d(centres, side, stride=1, padding=side // 2) * (chosen == index)
        means = F.avg_pool2d(ab, side, stride=1, padding=side // 2, count_include_pad=False)
        hints += torch.cat([means * mask, mask], dim=1)
    return hints


def _places(draws: Tensor, height: int, width: int) -> Tensor:
    """(N, 64): the cells that hints lie in, row by row."""
    rows, columns = draws[:, 6:].reshape(len(draws), 2, MOST_HINTS).unbind(dim=1)
    return (rows * height).long() * width + (columns * width).long()
