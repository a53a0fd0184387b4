"""The student: a MobileNetV2-U-Net small enough for a phone."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from sdk.contract import AB
from training.models.blocks import DecoderStep, GlobalContext
from training.models.encoders import find_encoder, stage_channels
from training.models.unet import UNet


class Student(UNet):
    """An encoder, MobileNetV2 by default, with a decoder of separable convolutions. S is a multiple of 32.

    Args:
        encoder: A key of `ENCODERS`.
        width: The encoder's width multiplier; 1.0 fits the published ImageNet weights.
        decoder: Channels of the four decoder steps, deepest first. Multiples of 16 suit int8 kernels.
        heads: The contract's outputs it answers, by name.
        hints: Whether it takes hints beside the lightness.

    Raises:
        EncoderError: The encoder is not known, or has no such width.
    """

    def __init__(
        self,
        *,
        encoder: str = "mobilenet_v2",
        width: float = 1.0,
        decoder: Sequence[int] = (192, 96, 64, 32),
        heads: Sequence[str] = (AB.name,),
        hints: bool = False,
    ) -> None:
        entry = find_encoder(encoder)
        stages = entry.build(width)
        channels = stage_channels(stages)
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
            encoder=entry,
        )


class LimitedConv(nn.Conv2d):
    """A 1×1 convolution to ab, cut off at [-1, 1]: a clip costs an int8 kernel nothing, a tanh does not.

    Args:
        inputs: Channels of the features.
        heads: How many answers it gives at once, two channels each.
    """

    def __init__(self, inputs: int, *, heads: int = 1) -> None:
        super().__init__(inputs, 2 * heads, 1)

    def forward(self, input: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, 2 * heads, H, W) in [-1, 1]."""
        return nn.functional.hardtanh(super().forward(input))


class OneHead(nn.Module):
    """A student for exporters: what its heads answer comes from one convolution. An int8 kernel costs by the call.

    Args:
        student: Whose weights are shared, and whose contract is met with the same numbers.
    """

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student
        self.contract = student.contract
        heads = [*student.heads.values()]
        self.head = LimitedConv(student.feature_channels[-1], heads=len(heads))
        for name, joined in self.head.named_parameters():
            joined.data = torch.cat([head.get_parameter(name) for head in heads])

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See `UNet.forward`."""
        answers = self.head(self.student.features(inputs)[-1])
        names = [*self.student.heads]
        if len(names) == 1:  # Core ML's converter knows no slice of everything
            return {names[0]: answers}
        return {name: self.take(answers, at) for at, name in enumerate(names)}

    def take(self, answers: Tensor, at: int) -> Tensor:
        """One head's answer out of all of them, (N, 2 * heads, S/2, S/2)."""
        return answers[:, 2 * at : 2 * at + 2]


def parameter_count(network: nn.Module) -> int:
    """How many trainable numbers the network holds."""
    return sum(parameter.numel() for parameter in network.parameters())
