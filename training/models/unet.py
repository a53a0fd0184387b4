"""The one shape every generator here has: a U-Net that meets the tensor contract.

Teacher and student differ in what their stages and steps are made of, never in how they are wired.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import HINTS, INPUTS, LIGHTNESS, OUTPUTS, Contract
from training.models.encoders import Encoder


class UNet(nn.Module):
    """Encoder, decoder, skip connections (arXiv 1505.04597), and a head for each answer.

    Args:
        stages: The encoder; each halves the resolution. All outputs but the last are skip connections.
        context: What the deepest features pass through; keeps their shape.
        decoder: One step fewer than stages, each doubling the resolution: called with features, a skip, and hints
            where the network takes them.
        heads: By the contract's names of its outputs: the last features to (N, 2, S/2, S/2) in [-1, 1].
        encoder_channels: Channels of what each stage returns.
        feature_channels: Channels of what each decoder step returns.
        hints: Whether it takes hints beside the lightness.
        encoder: What the stages are, where ImageNet weights are published for them.
    """

    def __init__(
        self,
        *,
        stages: nn.ModuleList,
        context: nn.Module,
        decoder: nn.ModuleList,
        heads: Mapping[str, nn.Module],
        encoder_channels: Sequence[int],
        feature_channels: Sequence[int],
        hints: bool = False,
        encoder: Encoder | None = None,
    ) -> None:
        super().__init__()
        self.stages = stages
        self.context = context
        self.decoder = decoder
        self.heads = nn.ModuleDict(dict(heads))
        self.encoder_channels = tuple(encoder_channels)
        self.feature_channels = tuple(feature_channels)
        self.encoder = encoder
        self.hints = HintPyramid([encoder_channels[-1], *feature_channels[:-2]]) if hints else None

    @property
    def contract(self) -> Contract:
        """The tensors it takes and answers."""
        inputs = (LIGHTNESS.name, *((HINTS.name,) if self.hints else ()))
        return Contract(
            inputs=tuple(INPUTS[name] for name in inputs), outputs=tuple(OUTPUTS[name] for name in self.heads)
        )

    def features(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """What each decoder step returns, deepest first; the last is (N, C, S/2, S/2)."""
        return self.decoded(self.encoded(inputs[LIGHTNESS.name]), inputs)

    def encoded(self, lightness: Tensor) -> list[Tensor]:
        """What each stage of the encoder makes of (N, 1, S, S), shallowest first."""
        features, encoded = lightness, []
        for stage in self.stages:
            features = stage(features)
            encoded.append(features)
        return encoded

    def decoded(self, encoded: Sequence[Tensor], inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """What `features` returns, from what `encoded` did."""
        skips, decoded = list(encoded), []
        hints = self.hints(inputs[HINTS.name]) if self.hints else []
        deepest = skips.pop()
        features = self.context(deepest + hints.pop() if hints else deepest)
        for step in self.decoder:
            told = (hints.pop(),) if hints else ()
            features = step(features, skips.pop(), *told)
            decoded.append(features)
        return decoded

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Predict chroma.

        Args:
            inputs: The contract's inputs by name, N at a time; S is a multiple of what the stages halve it to.

        Returns:
            The contract's outputs by name, N at a time.
        """
        return self.answers(self.features(inputs)[-1])

    def answers(self, features: Tensor) -> dict[str, Tensor]:
        """The last features (N, C, S/2, S/2) to each head's answer, by name."""
        return {name: head(features) for name, head in self.heads.items()}


# A hint's chroma has a deviation of about 0.15 in the contract's scale, the features it is added to one of about 1.
# Without this, its convolutions would need weights that an optimizer takes many thousand steps to reach.
_HINT_GAIN = 10.0
# From a, b and mask to the positive parts of a and b, the negative ones, and the mask; what is below zero is cut off.
_SIGNS = ((1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 1))


class HintPyramid(nn.Module):
    """What people say of colours, brought to the decoder's coarser resolutions, from 1/8 down.

    Chroma has a sign, so its positive and negative parts are kept apart, on means of 2×2 cells. From there on each
    halving keeps the largest value and not the mean: a small hint must be as plain to the deepest features as to the
    shallowest. The convolutions start at zero: a network that learns to take hints begins as the one it was.

    Finer sums cost more of the network's time than hints gain by them (docs/decisions.md): skip connections bring
    the edges.

    Args:
        channels: Of what it is added to, deepest first.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Conv2d(len(_SIGNS), count, 1, bias=False) for count in channels[::-1])
        for convolution in self.project:
            nn.init.zeros_(convolution.get_parameter("weight"))
        signs = _HINT_GAIN * torch.tensor(_SIGNS, dtype=torch.float32)[:, :, None, None]
        self.halve = nn.Buffer(signs.repeat(1, 1, 2, 2) / 4, persistent=False)

    def forward(self, hints: Tensor) -> list[Tensor]:
        """(N, 3, S/2, S/2) to what is added at each resolution, from 1/8 down to that of the deepest features."""
        level = F.relu(F.conv2d(hints, self.halve, stride=2))
        projected = []
        for convolution in self.project:
            level = F.max_pool2d(level, kernel_size=2, stride=2)  # Core ML's converter wants the stride said
            projected.append(convolution(level))
        return projected
