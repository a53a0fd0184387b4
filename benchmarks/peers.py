"""Published colorization networks, written from their papers. Random weights: speed and size need no others."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import convnext_tiny

from sdk.contract import AB, LIGHTNESS, Contract


def convolutions(
    inputs: int, outputs: int, count: int, *, stride: int = 1, dilation: int = 1, norm: bool = True
) -> nn.Sequential:
    """VGG-like 3×3 convolutions with ReLU; the last has the stride, and a batch norm behind it."""
    layers: list[nn.Module] = []
    for number in range(count):
        last = number == count - 1
        layers += [
            nn.Conv2d(
                outputs if number else inputs,
                outputs,
                3,
                stride=stride if last else 1,
                padding=dilation,
                dilation=dilation,
            ),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(outputs)] if norm else []))


class Zhang2016(nn.Sequential):
    """Colorful Image Colorization (arXiv 1603.08511): 313 colour classes at a quarter of the resolution."""

    CLASSES = 313

    def __init__(self) -> None:
        super().__init__(
            convolutions(1, 64, 2, stride=2),
            convolutions(64, 128, 2, stride=2),
            convolutions(128, 256, 3, stride=2),
            convolutions(256, 512, 3),
            convolutions(512, 512, 3, dilation=2),
            convolutions(512, 512, 3, dilation=2),
            convolutions(512, 512, 3),
            nn.ConvTranspose2d(512, 256, 4, stride=2, padding=1),
            nn.ReLU(inplace=True),
            convolutions(256, 256, 2, norm=False),
            nn.Conv2d(256, self.CLASSES, 1),
            nn.Softmax(dim=1),
            nn.Conv2d(self.CLASSES, 2, 1, bias=False),
            nn.Upsample(scale_factor=4, mode="bilinear"),
        )


class Zhang2017(nn.Module):
    """Real-Time User-Guided Image Colorization (arXiv 1705.02999), without hints: its regression branch."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(
            [convolutions(4, 64, 2), convolutions(64, 128, 2), convolutions(128, 256, 3), convolutions(256, 512, 3)]
        )
        self.middle = nn.Sequential(
            convolutions(512, 512, 3, dilation=2), convolutions(512, 512, 3, dilation=2), convolutions(512, 512, 3)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
            for inputs, outputs in ((512, 256), (256, 128), (128, 128))
        )
        self.skip = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding=1) for inputs, outputs in ((256, 256), (128, 128), (64, 128))
        )
        self.decoder = nn.ModuleList(
            [convolutions(256, 256, 2), convolutions(128, 128, 1), convolutions(128, 128, 1, norm=False)]
        )
        self.classes = nn.Conv2d(256, 529, 1)  # a training aid, part of the published count
        self.head = nn.Conv2d(128, 2, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """(1, 1, S, S) to (1, 2, S, S)."""
        no_hints = torch.zeros_like(lightness).expand(-1, 3, -1, -1)
        features, skips = torch.cat([lightness, no_hints], dim=1), []
        for number, block in enumerate(self.encoder):
            features = block(features[..., ::2, ::2] if number else features)
            skips.append(features)
        features = self.middle(skips.pop())
        for up, skip, block in zip(self.up, self.skip, self.decoder, strict=True):
            features = block(F.relu(up(features) + skip(skips.pop())))
        return torch.tanh(self.head(features))


class Pix2Pix(nn.Module):
    """pix2pix (arXiv 1611.07004): the generator its authors use at 256 pixels, an 8-level U-Net."""

    CHANNELS = (64, 128, 256, 512, 512, 512, 512, 512)

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        inputs = 1
        for level, outputs in enumerate(self.CHANNELS):
            norm = [nn.BatchNorm2d(outputs)] if 0 < level < len(self.CHANNELS) - 1 else []
            activation = [nn.LeakyReLU(0.2)] if level else []
            self.down.append(nn.Sequential(*activation, nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not norm), *norm))
            inputs = outputs
        targets = (*reversed(self.CHANNELS[:-1]), 2)
        for level, outputs in enumerate(targets):
            last = level == len(targets) - 1
            norm = [] if last else [nn.BatchNorm2d(outputs)]
            inputs = self.CHANNELS[-1 - level] * (2 if level else 1)
            self.up.append(nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=last), *norm))

    def forward(self, lightness: Tensor) -> Tensor:
        """(1, 1, S, S) to (1, 2, S, S)."""
        features, skips = lightness, []
        for block in self.down:
            features = block(features)
            skips.append(features)
        features = skips.pop()
        for block in self.up:
            features = block(features)
            if skips:
                features = torch.cat([features, skips.pop()], dim=1)
        return torch.tanh(features)


class DDColorTiny(nn.Module):
    """DDColor (arXiv 2212.11613) with ConvNeXt-T: a pixel decoder, and 100 colour queries in a transformer."""

    QUERIES, WIDTH, LAYERS = 100, 256, 9

    def __init__(self) -> None:
        super().__init__()
        self.encoder = convnext_tiny().features
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 1), nn.PixelShuffle(2))
            for inputs, outputs in ((768, 512), (512, 512), (512, 256))
        )
        self.fuse = nn.ModuleList(
            convolutions(inputs, outputs, 1)
            for inputs, outputs in ((512 + 384, 512), (512 + 192, 512), (256 + 96, 256))
        )
        self.last_up = nn.Sequential(nn.Conv2d(256, 16 * self.WIDTH, 1), nn.PixelShuffle(4))
        self.project = nn.ModuleList(nn.Conv2d(inputs, self.WIDTH, 1) for inputs in (512, 512, 256))
        self.queries = nn.Parameter(torch.randn(1, self.QUERIES, self.WIDTH))
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(self.WIDTH, 8, 2048, dropout=0.0, batch_first=True) for _ in range(self.LAYERS)
        )
        self.color_embedding = nn.Sequential(
            *(nn.Sequential(nn.Linear(self.WIDTH, self.WIDTH), nn.ReLU()) for _ in range(2)),
            nn.Linear(self.WIDTH, self.WIDTH),
        )
        self.refine = nn.Conv2d(self.QUERIES + 3, 2, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """(1, 1, S, S) to (1, 2, S, S)."""
        rgb = lightness.expand(-1, 3, -1, -1)
        features, skips = rgb, []
        for number, block in enumerate(self.encoder):
            features = block(features)
            if number % 2:  # stages stand between what shrinks the features
                skips.append(features)
        features, scales = skips.pop(), []
        for up, fuse in zip(self.up, self.fuse, strict=True):
            features = fuse(torch.cat([up(features), skips.pop()], dim=1))
            scales.append(features)
        tokens = [project(one).flatten(2).mT for project, one in zip(self.project, scales, strict=True)]
        queries = self.queries
        for number, layer in enumerate(self.layers):
            queries = layer(queries, tokens[number % len(tokens)])
        maps = torch.einsum("bqc,bchw->bqhw", self.color_embedding(queries), self.last_up(features))
        return self.refine(torch.cat([maps, rgb], dim=1))


PEERS: dict[str, Callable[[], nn.Module]] = {
    "Zhang 2016": Zhang2016,
    "Zhang 2017": Zhang2017,
    "pix2pix": Pix2Pix,
    "DDColor-tiny": DDColorTiny,
}


# They answer as large as they see.
PUBLISHED = Contract(outputs=(replace(AB, stride=1),))


class ByName(nn.Module):
    """A published network as the tensor contract names things."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Lightness in, ab out; see `sdk.contract`."""
        return {AB.name: self.network(inputs[LIGHTNESS.name])}


def multiply_adds(network: nn.Module, example: Tensor | dict[str, Tensor]) -> int:
    """Multiply-adds of one forward pass, as PyTorch counts them."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        network.eval()(example)
    return counter.get_total_flops() // 2
