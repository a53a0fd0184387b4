"""EfficientNet-Lite: EfficientNet (arXiv 1905.11946) without what integer kernels do badly."""

import math
from functools import partial
from itertools import accumulate

from torch import Tensor, nn
from torchvision.ops import Conv2dNormActivation

from training.models.blocks import stage_of, staged

# Repeats, kernel, stride, expansion and outputs of EfficientNet-B0's groups of blocks (arXiv 1905.11946, table 1).
_GROUPS = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
_GROUPS += ((4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
_NORM = partial(nn.BatchNorm2d, eps=1e-3)


class MBConv(nn.Module):
    """EfficientNet-Lite's block: expand, convolve each channel, project; no squeeze-and-excitation, ReLU6."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        layer = partial(Conv2dNormActivation, norm_layer=_NORM)
        inner = inputs * expansion
        self.expand = nn.Identity() if expansion == 1 else layer(inputs, inner, 1, activation_layer=nn.ReLU6)
        self.depthwise = layer(inner, inner, kernel, stride, groups=inner, activation_layer=nn.ReLU6)
        self.project = layer(inner, outputs, 1, activation_layer=None)
        self._adds = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        projected = self.project(self.depthwise(self.expand(features)))
        return features + projected if self._adds else projected


def _repeats(depth: float) -> list[int]:
    """Blocks a group: the first and the last are never repeated."""
    repeats = [group[0] for group in _GROUPS]
    return [1, *(math.ceil(depth * count) for count in repeats[1:-1]), 1]


def _ends(depth: float) -> list[int]:
    """The last block of each stage, the stem being block 0."""
    blocks = list(accumulate(_repeats(depth)))
    return [blocks[group] for group in (0, 1, 2, 4, 6)]


def build(width: float, *, scale: float, depth: float) -> nn.ModuleList:
    """EfficientNet-Lite: EfficientNet (arXiv 1905.11946) without what integer kernels do badly."""
    blocks: list[nn.Module] = [
        Conv2dNormActivation(1, 32, 3, 2, norm_layer=_NORM, activation_layer=nn.ReLU6),
    ]
    inputs = 32
    for repeats, (_, kernel, stride, expansion, outputs) in zip(_repeats(depth), _GROUPS, strict=True):
        scaled = _by_eights(outputs * scale * width)
        for repeat in range(repeats):
            blocks.append(MBConv(inputs, scaled, kernel=kernel, stride=1 if repeat else stride, expansion=expansion))
            inputs = scaled
    return staged(nn.Sequential(*blocks), _ends(depth))


def _by_eights(channels: float) -> int:
    """The nearest multiple of eight, but never a tenth less."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


_LAYERS = {"_expand_conv": "expand.0", "_bn0": "expand.1", "_depthwise_conv": "depthwise.0"}
_LAYERS |= {"_bn1": "depthwise.1", "_project_conv": "project.0", "_bn2": "project.1"}


def rename(key: str, *, depth: float) -> str | None:
    """A published tensor's name to its name within the stages, or None where it is not of the encoder."""
    part, *rest = key.split(".")
    if part in ("_conv_stem", "_bn0"):
        return ".".join(["0.0", "0" if part == "_conv_stem" else "1", *rest])
    if part != "_blocks":
        return None
    block, layer, *rest = rest
    # Its stem is no block; ours is the first.
    place = str(int(block) + 1)
    return ".".join([str(stage_of(place, _ends(depth))), place, _LAYERS[layer], *rest])
