"""The one shape every generator here has: a U-Net that meets the tensor contract.

Teacher and student differ in what their stages and steps are made of, never in how they are wired.
"""

from collections.abc import Sequence

from torch import Tensor, nn


class UNet(nn.Module):
    """Encoder, decoder and skip connections (arXiv 1505.04597).

    Args:
        stages: The encoder; each halves the resolution. All outputs but the last are skip connections.
        context: What the deepest features pass through; keeps their shape.
        decoder: One step fewer than stages, each doubling the resolution: called with features and a skip.
        head: The last features to (N, 2, S/2, S/2) in [-1, 1].
        feature_channels: Channels of what each decoder step returns.
    """

    def __init__(
        self,
        *,
        stages: nn.ModuleList,
        context: nn.Module,
        decoder: nn.ModuleList,
        head: nn.Module,
        feature_channels: Sequence[int],
    ) -> None:
        super().__init__()
        self.stages = stages
        self.context = context
        self.decoder = decoder
        self.head = head
        self.feature_channels = tuple(feature_channels)

    def features(self, lightness: Tensor) -> list[Tensor]:
        """What each decoder step returns, deepest first; the last is (N, C, S/2, S/2)."""
        features, skips, decoded = lightness, [], []
        for stage in self.stages:
            features = stage(features)
            skips.append(features)
        features = self.context(skips.pop())
        for step in self.decoder:
            features = step(features, skips.pop())
            decoded.append(features)
        return decoded

    def forward(self, lightness: Tensor) -> Tensor:
        """Predict chroma.

        Args:
            lightness: (N, 1, S, S) float32 in [-1, 1]; S a multiple of what the stages halve it to.

        Returns:
            ab: (N, 2, S/2, S/2) float32 in [-1, 1].
        """
        return self.head(self.features(lightness)[-1])
