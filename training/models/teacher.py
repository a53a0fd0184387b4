"""The teachers: generators too large for a phone, whose answers a student learns from."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import AB
from training.models.blocks import GlobalContext, conv_norm, initialize_normal
from training.models.classes import ClassifiedChroma
from training.models.encoders import find_encoder, stage_channels
from training.models.unet import UNet


class Pix2PixTeacher(UNet):
    """The U-Net generator of pix2pix (arXiv 1611.07004, 6.1.1): plain convolutions, trained from nothing.

    Its last step up is left out, so that like every network here it answers at half its input's resolution.

    Args:
        width: Channels of the first stage; 64 in the paper.
        levels: Stages; 8 in the paper, for S = 256. S must be a multiple of 2^levels.
        heads: The contract's outputs it answers, by name.
    """

    def __init__(self, *, width: int = 64, levels: int = 8, heads: Sequence[str] = (AB.name,)) -> None:
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
            heads={name: nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, 2, 3, padding=1), nn.Tanh()) for name in heads},
            encoder_channels=channels,
            feature_channels=features,
        )
        self.apply(initialize_normal)


class Teacher(UNet):
    """An ImageNet encoder with a decoder of plain convolutions. S is a multiple of 32.

    Args:
        encoder: A key of `ENCODERS`.
        decoder: Channels of the four decoder steps, deepest first.
        heads: The contract's outputs it answers, by name.
        hints: Whether it takes hints beside the lightness.
        classes: Whether its heads choose among colours, instead of answering with one.

    Raises:
        EncoderError: The encoder is not known.
    """

    def __init__(
        self,
        *,
        encoder: str = "resnet34",
        decoder: Sequence[int] = (256, 128, 96, 64),
        heads: Sequence[str] = (AB.name,),
        hints: bool = False,
        classes: bool = False,
    ) -> None:
        entry = find_encoder(encoder)
        stages = entry.build(1.0)
        channels = stage_channels(stages)
        inputs, skips = (channels[-1], *decoder), reversed(channels[:-1])
        super().__init__(
            stages=stages,
            context=GlobalContext(channels[-1]),
            decoder=nn.ModuleList(_ConcatStep(*sizes) for sizes in zip(inputs, skips, decoder, strict=False)),
            heads={name: ClassifiedChroma(decoder[-1]) if classes else _TanhHead(decoder[-1]) for name in heads},
            encoder_channels=channels,
            feature_channels=decoder,
            hints=hints,
            encoder=entry,
        )


class _TanhHead(nn.Sequential):
    """A 1×1 convolution to ab in [-1, 1]."""

    def __init__(self, inputs: int) -> None:
        super().__init__(nn.Conv2d(inputs, AB.channels, 1), nn.Tanh())


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
        self.mix = conv_norm(inputs + skip, outputs, kernel=3)
        self.refine = nn.Sequential(
            nn.ReLU(inplace=True),
            conv_norm(outputs, outputs, kernel=3),
            nn.ReLU(inplace=True),
        )

    def forward(self, features: Tensor, skip: Tensor, hints: Tensor | None = None) -> Tensor:
        """(N, inputs, H, W), (N, skip, 2H, 2W) and perhaps (N, outputs, 2H, 2W) to (N, outputs, 2H, 2W)."""
        upsampled = F.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
        mixed = self.mix(torch.cat([upsampled, skip], dim=1))
        return self.refine(mixed if hints is None else mixed + hints)
