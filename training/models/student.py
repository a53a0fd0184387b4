"""The student: a MobileNetV2-U-Net small enough for a phone."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import mobilenet_v2

from training.models.blocks import DecoderStep, GlobalContext

# The last block of each resolution in torchvision's `features`: 1/2, 1/4, 1/8, 1/16, 1/32.
_STAGE_ENDS = (1, 3, 6, 13, 17)


class Student(nn.Module):
    """MobileNetV2 encoder (arXiv 1801.04381) with a U-Net decoder (arXiv 1505.04597) of separable convolutions.

    Args:
        width: MobileNetV2's width multiplier; 1.0 fits the published ImageNet weights.
        decoder: Channels of the four decoder steps, deepest first. Multiples of 16 suit int8 kernels.
    """

    def __init__(self, *, width: float = 1.0, decoder: Sequence[int] = (192, 96, 64, 32)) -> None:
        super().__init__()
        features: Any = mobilenet_v2(width_mult=width).features
        stem = features[0]
        stem[0] = nn.Conv2d(1, stem[0].out_channels, 3, stride=2, padding=1, bias=False)
        starts = (0, *(end + 1 for end in _STAGE_ENDS))
        self.stages = nn.ModuleList(features[a:b] for a, b in pairwise(starts))
        channels = [_output_channels(stage) for stage in self.stages]
        self.context = GlobalContext(channels[-1])
        inputs = (channels[-1], *decoder)
        skips = reversed(channels[:-1])
        self.decoder = nn.ModuleList(DecoderStep(*sizes) for sizes in zip(inputs, skips, decoder, strict=False))
        self.head = nn.Conv2d(decoder[-1], 2, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """Predict chroma.

        Args:
            lightness: (N, 1, S, S) float32 in [-1, 1], S a multiple of 32.

        Returns:
            ab: (N, 2, S/2, S/2) float32 in [-1, 1].
        """
        features, skips = lightness, []
        for stage in self.stages:
            features = stage(features)
            skips.append(features)
        features = self.context(skips.pop())
        for step in self.decoder:
            features = step(features, skips.pop())
        return F.hardtanh(self.head(features))

    def load_imagenet_encoder(self, weights: dict[str, Tensor]) -> None:
        """Start from a MobileNetV2 in torchvision's key names, trained on RGB in [-1, 1].

        A grey photo has L = R = G = B in a network's eyes, so the RGB stem is summed into one channel.

        Raises:
            RuntimeError: A tensor is missing or has another shape.
        """
        encoder = {key.removeprefix("features."): value for key, value in weights.items()}
        encoder["0.0.weight"] = encoder["0.0.weight"].float().sum(dim=1, keepdim=True)
        whole = nn.Sequential(*(block for stage in self.stages for block in stage.children()))
        whole.load_state_dict({key: encoder[key] for key in whole.state_dict() if key in encoder})


def _output_channels(stage: nn.Module) -> int:
    convolutions = [module for module in stage.modules() if isinstance(module, nn.Conv2d)]
    return convolutions[-1].out_channels


def parameter_count(network: nn.Module) -> int:
    """How many trainable numbers the network holds."""
    return sum(torch.numel(parameter) for parameter in network.parameters())
