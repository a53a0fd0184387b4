"""The student: a MobileNetV2-U-Net small enough for a phone."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from sdk.contract import AB
from training.models.blocks import DecoderStep, GlobalContext
from training.models.encoders import InputRange, fold_rgb_stem
from training.models.unet import UNet

# The last block of each resolution in torchvision's `features`: 1/2, 1/4, 1/8, 1/16, 1/32.
_STAGE_ENDS = (1, 3, 6, 13, 17)


class Student(UNet):
    """MobileNetV2 encoder (arXiv 1801.04381) with a decoder of separable convolutions. S is a multiple of 32.

    Args:
        width: MobileNetV2's width multiplier; 1.0 fits the published ImageNet weights.
        decoder: Channels of the four decoder steps, deepest first. Multiples of 16 suit int8 kernels.
        heads: The contract's outputs it answers, by name.
        hints: Whether it takes hints beside the lightness.
    """

    def __init__(
        self,
        *,
        width: float = 1.0,
        decoder: Sequence[int] = (192, 96, 64, 32),
        heads: Sequence[str] = (AB.name,),
        hints: bool = False,
    ) -> None:
        blocks: Any = mobilenet_v2(width_mult=width).features
        stem = blocks[0]
        stem[0] = nn.Conv2d(1, stem[0].out_channels, 3, stride=2, padding=1, bias=False)
        starts = (0, *(end + 1 for end in _STAGE_ENDS))
        stages = nn.ModuleList(blocks[a:b] for a, b in pairwise(starts))
        channels = [_output_channels(stage) for stage in stages]
        inputs = (channels[-1], *decoder)
        skips = reversed(channels[:-1])
        super().__init__(
            stages=stages,
            context=GlobalContext(channels[-1]),
            decoder=nn.ModuleList(DecoderStep(*sizes) for sizes in zip(inputs, skips, decoder, strict=False)),
            heads={name: LimitedConv(decoder[-1]) for name in heads},
            encoder_channels=channels,
            feature_channels=decoder,
            hints=hints,
        )

    def load_imagenet_encoder(self, weights: dict[str, Tensor], input_range: InputRange) -> None:
        """Start from a MobileNetV2 in torchvision's key names.

        Raises:
            RuntimeError: A tensor is missing or has another shape.
        """
        encoder = {key.removeprefix("features."): value for key, value in weights.items()}
        encoder["0.0.weight"], encoder["0.1.running_mean"] = fold_rgb_stem(
            encoder["0.0.weight"], encoder["0.1.running_mean"], input_range
        )
        whole = nn.Sequential(*(block for stage in self.stages for block in stage.children()))
        whole.load_state_dict({key: encoder[key] for key in whole.state_dict() if key in encoder})


class LimitedConv(nn.Conv2d):
    """A 1×1 convolution to ab, cut off at [-1, 1]: a clip costs an int8 kernel nothing, a tanh does not."""

    def __init__(self, inputs: int) -> None:
        super().__init__(inputs, 2, 1)

    def forward(self, input: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, 2, H, W) in [-1, 1]."""
        return nn.functional.hardtanh(super().forward(input))


def _output_channels(stage: nn.Module) -> int:
    convolutions = [module for module in stage.modules() if isinstance(module, nn.Conv2d)]
    return convolutions[-1].out_channels


def parameter_count(network: nn.Module) -> int:
    """How many trainable numbers the network holds."""
    return sum(parameter.numel() for parameter in network.parameters())
