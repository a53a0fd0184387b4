"""The teachers: generators too large for a phone, whose answers a student learns from."""

from collections.abc import Callable
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import AB
from training.models.blocks import GlobalContext, conv_norm
from training.models.encoders import InputRange, fold_rgb_stem
from training.models.unet import UNet


class Pix2PixTeacher(UNet):
    """The U-Net generator of pix2pix (arXiv 1611.07004, 6.1.1): plain convolutions, trained from nothing.

    Its last step up is left out, so that like every network here it answers at half its input's resolution.

    Args:
        width: Channels of the first stage; 64 in the paper.
        levels: Stages; 8 in the paper, for S = 256. S must be a multiple of 2^levels.
    """

    def __init__(self, *, width: int = 64, levels: int = 8) -> None:
        channels = [width * min(2**level, 8) for level in range(levels)]
        stages = [nn.Sequential(nn.Conv2d(1, width, 4, stride=2, padding=1))]
        for level in range(1, levels):
            stage = nn.Sequential(
                nn.LeakyReLU(0.2), nn.Conv2d(channels[level - 1], channels[level], 4, stride=2, padding=1)
            )
            if level < levels - 1:  # one value a channel has no spread to normalise at the bottleneck
                stage.append(nn.BatchNorm2d(channels[level]))
            stages.append(stage)
        steps, features, inputs = [], [], channels[-1]
        for depth, skip in enumerate(reversed(channels[:-1])):
            # Dropout in the three deepest steps is pix2pix's only source of noise.
            steps.append(_TransposedStep(inputs, skip, dropout=0.5 if depth < 3 else 0.0))
            inputs = 2 * skip
            features.append(inputs)
        super().__init__(
            stages=nn.ModuleList(stages),
            context=nn.Identity(),
            decoder=nn.ModuleList(steps),
            heads={AB.name: nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, 2, 3, padding=1), nn.Tanh())},
            encoder_channels=channels,
            feature_channels=features,
        )


class ResNetTeacher(UNet):
    """A ResNet-18 or -34 encoder (arXiv 1512.03385) with a decoder of plain convolutions. S is a multiple of 32.

    Args:
        encoder: "resnet18" or "resnet34".
        decoder: Channels of the four decoder steps, deepest first.
    """

    def __init__(self, *, encoder: str = "resnet34", decoder: tuple[int, ...] = (256, 128, 96, 64)) -> None:
        builders: dict[str, Callable[[], Any]] = {
            "resnet18": torchvision.models.resnet18,
            "resnet34": torchvision.models.resnet34,
        }
        resnet = builders[encoder]()
        resnet.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
        stages = [
            nn.Sequential(resnet.conv1, resnet.bn1, resnet.relu),
            nn.Sequential(resnet.maxpool, resnet.layer1),
            resnet.layer2,
            resnet.layer3,
            resnet.layer4,
        ]
        inputs, skips = (512, *decoder), (256, 128, 64, 64)
        super().__init__(
            stages=nn.ModuleList(stages),
            context=GlobalContext(512),
            decoder=nn.ModuleList(_ConcatStep(*sizes) for sizes in zip(inputs, skips, decoder, strict=False)),
            heads={AB.name: nn.Sequential(nn.Conv2d(decoder[-1], 2, 1), nn.Tanh())},
            encoder_channels=(*reversed(skips), inputs[0]),
            feature_channels=decoder,
        )

    def load_imagenet_encoder(self, weights: dict[str, Tensor], input_range: InputRange) -> None:
        """Start from a ResNet in torchvision's key names.

        Raises:
            KeyError: A tensor is missing.
            RuntimeError: A tensor has another shape.
        """
        stem = fold_rgb_stem(weights["conv1.weight"], weights["bn1.running_mean"], input_range)
        weights = {**weights, "conv1.weight": stem[0], "bn1.running_mean": stem[1]}
        prefixes = {"conv1": "0.0", "bn1": "0.1", "layer1": "1.1", "layer2": "2", "layer3": "3", "layer4": "4"}
        renamed = {}
        for key, value in weights.items():
            layer, _, rest = key.partition(".")
            if layer in prefixes:
                renamed[f"{prefixes[layer]}.{rest}"] = value
        self.stages.load_state_dict(renamed)


class _TransposedStep(nn.Module):
    """pix2pix's step up: transposed convolution, then the skip connection beside it."""

    def __init__(self, inputs: int, outputs: int, *, dropout: float) -> None:
        super().__init__()
        self.up = nn.Sequential(
            nn.ReLU(),
            nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1),
            nn.BatchNorm2d(outputs),
            nn.Dropout(dropout),
        )

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """(N, inputs, H, W) and (N, outputs, 2H, 2W) to (N, 2·outputs, 2H, 2W)."""
        return torch.cat([self.up(features), skip], dim=1)


class _ConcatStep(nn.Module):
    """Double the resolution, put the skip connection beside, and mix with two 3×3 convolutions."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            conv_norm(inputs + skip, outputs, kernel=3),
            nn.ReLU(inplace=True),
            conv_norm(outputs, outputs, kernel=3),
            nn.ReLU(inplace=True),
        )

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """(N, inputs, H, W) and (N, skip, 2H, 2W) to (N, outputs, 2H, 2W)."""
        upsampled = F.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.mix(torch.cat([upsampled, skip], dim=1))
