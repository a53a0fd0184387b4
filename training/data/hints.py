"""What people would say of a photo's colours, made from the photo itself."""

import torch
from torch import Tensor
from torch.nn import functional as F

# Sides of a hint, in cells of the network's grid of hints; 4 cells are about 7 pixels of the photo's small copy.
SIDES = (1, 3, 5)
MOST_HINTS = 64


def draw_hints(count: int, generator: torch.Generator) -> Tensor:
    """What is random about some photos' hints: (count, numbers) uniform in [0, 1), on the processor.

    Whether there are any, how many, how large, and where each is.
    """
    return torch.rand(count, 3 + 2 * MOST_HINTS, generator=generator)


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
    rows, columns = draws[:, 3:].reshape(count, 2, MOST_HINTS).unbind(dim=1)
    told = torch.arange(MOST_HINTS, device=ab.device) < (MOST_HINTS**most * (some < share))[:, None]
    places = (rows * height).long() * width + (columns * width).long()
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
