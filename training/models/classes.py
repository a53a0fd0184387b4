"""Chroma as classes: the ab plane cut into a grid of colours (arXiv 1603.08511)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import AB

STEP = 10.0 / AB.scale[0]  # between neighbouring colours: ten Lab units, as in the paper
SIDE = 21  # colours along a, and along b: from -100 to 100
TEMPERATURE = 0.38  # the paper's: between the mean (1) and the mode (0)


class ClassifiedChroma(nn.Module):
    """A head that says how likely each colour is, and answers with the annealed mean of them (the paper's equation 5).

    Args:
        inputs: Channels of the features it is given.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.logits = nn.Conv2d(inputs, SIDE**2, 1)
        # How common each colour is in the photos it has learned from.
        self.prior = nn.Buffer(torch.full((SIDE**2,), 1 / SIDE**2))

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, 2, H, W) in [-1, 1]."""
        likely = F.softmax(self.logits(features) / TEMPERATURE, dim=1)
        axis = (torch.arange(SIDE, device=features.device) - SIDE // 2) * STEP
        return torch.einsum("nqhw,qc->nchw", likely, torch.cartesian_prod(axis, axis).to(likely))


def nearest_classes(ab: Tensor) -> tuple[Tensor, Tensor]:
    """The four colours around each place's own, and how much of it each is: bilinear.

    Args:
        ab: (N, 2, H, W) as the contract scales it.

    Returns:
        (N, 4, H, W) classes, and their shares, which add up to one.
    """
    place = (ab / STEP + SIDE // 2).clamp(0, SIDE - 1 - 1e-3)
    low = place.long()
    (a, b), (beyond_a, beyond_b) = low.unbind(dim=1), (place - low).unbind(dim=1)
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    classes = torch.stack([(a + right) * SIDE + b + up for right, up in corners], dim=1)
    sides = [(1 - beyond_a, beyond_a), (1 - beyond_b, beyond_b)]
    return classes, torch.stack([sides[0][right] * sides[1][up] for right, up in corners], dim=1)
