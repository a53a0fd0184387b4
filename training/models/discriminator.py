"""The discriminators: they judge patches of a coloured photo, not the photo as a whole."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from training.models.blocks import initialize_normal

# Photos' chroma has a deviation of about 0.15 in the contract's scale; layers of spectral norm one would hardly see it.
_CHROMA_GAIN = 5.0


class PatchDiscriminator(nn.Module):
    """The 70×70 PatchGAN of pix2pix (arXiv 1611.07004, 6.1.2), conditioned on lightness.

    Each value of its answer judges a patch of 70×70 pixels: large enough to see what a thing is, small
    enough to care about texture.

    Args:
        width: Channels of the first layer.
        spectral: Spectral norm (arXiv 1802.05957) instead of batch norm.
    """

    def __init__(self, *, width: int = 64, spectral: bool = False) -> None:
        super().__init__()
        block = partial(_block, spectral=spectral)
        self.layers = nn.Sequential(
            _convolution(3, width, stride=2, spectral=spectral),
            nn.LeakyReLU(0.2, inplace=True),
            *block(width, 2 * width, stride=2),
            *block(2 * width, 4 * width, stride=2),
            *block(4 * width, 8 * width, stride=1),
            nn.Conv2d(8 * width, 1, 4, padding=1),
        )
        self.apply(initialize_normal)

    def forward(self, lightness: Tensor, ab: Tensor, encoded: Sequence[Tensor]) -> Tensor:
        """Judge chroma.

        Args:
            lightness: (N, 1, S, S) in [-1, 1].
            ab: (N, 2, S/2, S/2) in [-1, 1].
            encoded: Not used: this one learns from pixels alone.

        Returns:
            (N, 1, S/16 - 2, S/16 - 2): above zero is real.
        """
        del encoded
        return self.layers(torch.cat([F.avg_pool2d(lightness, 2), ab], dim=1))


class SemanticDiscriminator(nn.Module):
    """A discriminator that is told what the photo shows: each layer also sees the generator's encoder features.

    It need not learn from colours what grass is to learn that grass is green; that makes a short adversarial phase
    worth its time. The features are of the lightness alone, so they say nothing of what is real.

    Args:
        channels: Of the encoder's outputs, shallowest first: 1/2, 1/4, 1/8 and 1/16 of the resolution are used.
        width: Channels of the first layer.
    """

    def __init__(self, channels: Sequence[int], *, width: int = 48) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width]
        given = [3, *widths]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(before + context, after, 4, stride=2, padding=1))
            for before, context, after in zip(given, channels, widths, strict=False)
        )
        # Features spread wider than chroma, which would drown in them.
        self.norms = nn.ModuleList(nn.BatchNorm2d(count, affine=False) for count in channels[: len(widths) + 1])
        self.last = nn.Sequential(
            spectral_norm(nn.Conv2d(widths[-1] + channels[len(widths)], 4 * width, 3, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(4 * width, 1, 1)),
        )

    def forward(self, lightness: Tensor, ab: Tensor, encoded: Sequence[Tensor]) -> Tensor:
        """Judge chroma.

        Args:
            lightness: (N, 1, S, S) in [-1, 1].
            ab: (N, 2, S/2, S/2) in [-1, 1].
            encoded: What the generator's encoder makes of the lightness, shallowest first.

        Returns:
            (N, 1, S/16, S/16): above zero is real.
        """
        contexts = [norm(context) for norm, context in zip(self.norms, encoded, strict=False)]
        features = torch.cat([F.avg_pool2d(lightness, 2), ab * _CHROMA_GAIN], dim=1)
        for layer, context in zip(self.layers, contexts, strict=False):
            features = F.leaky_relu(layer(torch.cat([features, context], dim=1)), 0.2)
        return self.last(torch.cat([features, contexts[-1]], dim=1))


def _convolution(inputs: int, outputs: int, *, stride: int, spectral: bool, bias: bool = True) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1, bias=bias)
    return spectral_norm(convolution) if spectral else convolution


def _block(inputs: int, outputs: int, *, stride: int, spectral: bool) -> list[nn.Module]:
    return [
        _convolution(inputs, outputs, stride=stride, spectral=spectral, bias=spectral),
        nn.Identity() if spectral else nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.2, inplace=True),
    ]
