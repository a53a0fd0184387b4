"""The discriminator: judges patches of a coloured photo, not the photo as a whole."""

from torch import Tensor, nn


class PatchDiscriminator(nn.Module):
    """The 70×70 PatchGAN of pix2pix (arXiv 1611.07004, 6.1.2), conditioned on lightness.

    Each value of its answer judges a patch of 70×70 pixels: large enough to see what a thing is, small
    enough to care about texture.
    """

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            *_block(width, 2 * width, stride=2),
            *_block(2 * width, 4 * width, stride=2),
            *_block(4 * width, 8 * width, stride=1),
            nn.Conv2d(8 * width, 1, 4, padding=1),
        )
        self.apply(_initialize)

    def forward(self, lab: Tensor) -> Tensor:
        """(N, 3, H, W), lightness and ab in [-1, 1], to logits (N, 1, H/8 - 2, W/8 - 2): above zero is real."""
        return self.layers(lab)


def _block(inputs: int, outputs: int, *, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.2, inplace=True),
    ]


def _initialize(module: nn.Module) -> None:
    """Weights from a normal distribution of deviation 0.02, as pix2pix does."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1, std=0.02)
