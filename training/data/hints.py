"""What people would say of a photo's colours, made from the photo itself."""

import torch
from torch import Tensor
from torch.nn import functional as F

# Sides of a hint, in cells of the network's grid of hints; 4 cells are about 7 pixels of the photo's small copy.
SIDES = (1, 3, 5)
MOST_HINTS = 64
SHARE_WITHOUT = 0.3


def random_hints(ab: Tensor, *, generator: torch.Generator) -> Tensor:
    """Hints of one size for some photos: a third has none, the others up to 64, as often 1 to 2 as 32 to 64.

    Args:
        ab: (N, 2, H, W): the photos' own chroma, which hints tell.
        generator: Decides everything that is random here.

    Returns:
        (N, 3, H, W): a, b and mask, as the contract scales them, zero where there is no hint.
    """
    count, _, height, width = ab.shape
    most = torch.pow(MOST_HINTS, torch.rand(count, generator=generator))
    told = (torch.rand(count, generator=generator) >= SHARE_WITHOUT) * most
    centres = torch.rand(count, 1, height, width, generator=generator) * (height * width) < told.view(-1, 1, 1, 1)
    side = SIDES[int(torch.randint(len(SIDES), (), generator=generator))]
    # Squares around the centres, each cell with its neighbourhood's mean.
    mask = F.max_pool2d(centres.to(ab), side, stride=1, padding=side // 2)
    means = F.avg_pool2d(ab, side, stride=1, padding=side // 2, count_include_pad=False)
    return torch.cat([means * mask, mask], dim=1)
