"""Building blocks shared by the networks."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F


def conv_norm(inputs: int, outputs: int, *, kernel: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution and batch norm at constant resolution; an exporter folds the two into one."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


def separable_conv(channels: int) -> nn.Sequential:
    """Depthwise 3×3 then pointwise 1×1, each with batch norm and ReLU6 (MobileNet, arXiv 1704.04861)."""
    return nn.Sequential(
        conv_norm(channels, channels, kernel=3, groups=channels),
        nn.ReLU6(inplace=True),
        conv_norm(channels, channels),
        nn.ReLU6(inplace=True),
    )


class GlobalContext(nn.Module):
    """Add what the whole photo is about to every position: a snowfield and a wall can look alike up close."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return features + self.project(features.mean(dim=(2, 3), keepdim=True))


class DecoderStep(nn.Module):
    """One step up: project to few channels, double the resolution, add the skip connection, refine.

    Projecting first keeps the upsampling cheap: an int8 resize costs by the channel.
    """

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.project = conv_norm(inputs, outputs)
        self.skip = conv_norm(skip, outputs)
        self.refine = nn.Sequential(nn.ReLU6(inplace=True), separable_conv(outputs), separable_conv(outputs))

    def forward(self, features: Tensor, skip: Tensor, hints: Tensor | None = None) -> Tensor:
        """(N, inputs, H, W), (N, skip, 2H, 2W) and perhaps (N, outputs, 2H, 2W) to (N, outputs, 2H, 2W)."""
        upsampled = F.interpolate(self.project(features), scale_factor=2.0, mode="bilinear", align_corners=False)
        summed = upsampled + self.skip(skip)
        return self.refine(summed if hints is None else summed + hints)


def initialize_normal(module: nn.Module) -> None:
    """Weights from a normal distribution of deviation 0.02, as pix2pix does (arXiv 1611.07004, 6.2)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1, std=0.02)


def staged(blocks: nn.Sequential, ends: Sequence[int]) -> nn.ModuleList:
    """Blocks, by the last one of each stage, as stages that keep the blocks' names."""
    starts = (0, *(end + 1 for end in ends))
    return nn.ModuleList(blocks[a:b] for a, b in pairwise(starts))


def stage_of(block: str, ends: Sequence[int]) -> int | None:
    """The stage that a block, named by its number, belongs to; None behind the last."""
    return next((stage for stage, end in enumerate(ends) if int(block) <= end), None)
