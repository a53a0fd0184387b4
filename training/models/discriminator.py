"""The discriminators: they judge patches of a coloured photo, not the photo as a whole.

Each first looks at a picture, then judges what it saw, so that a generator's picture is looked at once a step.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import astuple
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torchvision.transforms import Normalize

from training.models.blocks import initialize_normal
from training.models.encoders import INPUT_RANGES, find_encoder, stage_channels
from training.models.rgb import as_rgb


class Discriminator(nn.Module, ABC):
    """What every discriminator here answers."""

    @abstractmethod
    def look(self, lightness: Tensor, ab: Tensor, encoded: Sequence[Tensor]) -> list[Tensor]:
        """What it sees of a picture.

        Args:
            lightness: (N, 1, S, S) in [-1, 1].
            ab: (N, 2, S/2, S/2) in [-1, 1].
            encoded: What the generator's encoder makes of the lightness, shallowest first.
        """

    @abstractmethod
    def forward(self, seen: Sequence[Tensor]) -> Tensor:
        """Judge what it saw: (N, patches), above zero is real."""


# Photos' chroma has a deviation of about 0.15 in the contract's scale; layers of spectral norm one would hardly see it.
_CHROMA_GAIN = 5.0


class PatchDiscriminator(Discriminator):
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

    def look(self, lightness: Tensor, ab: Tensor, encoded: Sequence[Tensor]) -> list[Tensor]:
        """The pixels alone, at the resolution of chroma."""
        del encoded
        return [torch.cat([F.avg_pool2d(lightness, 2), ab], dim=1)]

    def forward(self, seen: Sequence[Tensor]) -> Tensor:
        """(N, 3, S/2, S/2) to (N, (S/16 - 2)²)."""
        return self.layers(seen[0]).flatten(1)


class SemanticDiscriminator(Discriminator):
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

    def look(self, lightness: Tensor, ab: Tensor, encoded: Sequence[Tensor]) -> list[Tensor]:
        """The pixels, and the encoder's features."""
        contexts = [norm(context) for norm, context in zip(self.norms, encoded, strict=False)]
        return [torch.cat([F.avg_pool2d(lightness, 2), ab * _CHROMA_GAIN], dim=1), *contexts]

    def forward(self, seen: Sequence[Tensor]) -> Tensor:
        """(N, 3, S/2, S/2) and features to (N, (S/16)²)."""
        features, *contexts = seen
        for layer, context in zip(self.layers, contexts, strict=False):
            features = F.leaky_relu(layer(torch.cat([features, context], dim=1)), 0.2)
        return self.last(torch.cat([features, contexts[-1]], dim=1)).flatten(1)


class ProjectedDiscriminator(Discriminator):
    """A projected GAN's (arXiv 2111.01007): it sees what an ImageNet network makes of the coloured picture.

    The network is fixed and knows what things look like, so the discriminator only has to learn which of its features
    give a painted photo away. One small judge a resolution; each sees a fixed random mixture of the features there,
    lest it attends to a few channels.

    Args:
        encoder: A key of `ENCODERS`, with its published weights.
        width: Channels of the mixtures.
    """

    def __init__(self, encoder: str, *, width: int = 64) -> None:
        super().__init__()
        entry = find_encoder(encoder)
        self.network = _fixed(entry.rgb_stages())
        self.normalize = Normalize(*astuple(INPUT_RANGES[entry.input_range]))
        channels = stage_channels(self.network)[1:]
        self.mixtures = _fixed(nn.ModuleList(_mixture(count, width) for count in channels))
        self.judges = nn.ModuleList(_judge(width) for _ in channels)

    def look(self, lightness: Tensor, ab: Tensor, encoded: Sequence[Tensor]) -> list[Tensor]:
        """Mixtures of the network's features at 1/4, 1/8, 1/16 and 1/32 of the resolution."""
        del encoded
        self.network.eval()
        first, *others = self.network
        features, seen = first(self.normalize(as_rgb(lightness, ab))), []
        for stage, mixture in zip(others, self.mixtures, strict=True):
            features = stage(features)
            seen.append(mixture(features))
        return seen

    def forward(self, seen: Sequence[Tensor]) -> Tensor:
        """Features to (N, patches of all resolutions); each resolution weighs the same."""
        judged = [judge(features).flatten(1) for judge, features in zip(self.judges, seen, strict=True)]
        most = max(patches.shape[1] for patches in judged)
        return torch.cat([patches.repeat_interleave(most // patches.shape[1], dim=1) for patches in judged], dim=1)


def _fixed(modules: nn.ModuleList) -> nn.ModuleList:
    """The same with buffers for parameters: they move and are saved with the rest, and nobody trains them."""
    for module in modules.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, parameter.detach())
    return modules


def _mixture(inputs: int, outputs: int) -> nn.Conv2d:
    convolution = nn.Conv2d(inputs, outputs, 1, bias=False)
    nn.init.normal_(convolution.weight, std=inputs**-0.5)
    return convolution


def _judge(width: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2, inplace=True),
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2, inplace=True),
        spectral_norm(nn.Conv2d(width, 1, 1)),
    )


def _convolution(inputs: int, outputs: int, *, stride: int, spectral: bool, bias: bool = True) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1, bias=bias)
    return spectral_norm(convolution) if spectral else convolution


def _block(inputs: int, outputs: int, *, stride: int, spectral: bool) -> list[nn.Module]:
    return [
        _convolution(inputs, outputs, stride=stride, spectral=spectral, bias=spectral),
        nn.Identity() if spectral else nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.2, inplace=True),
    ]
