"""ImageNet encoders for networks that see only lightness."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class InputRange:
    """How an encoder's RGB input was normalised: (rgb in [0, 1] - mean) / std."""

    mean: Sequence[float]
    std: Sequence[float]


INPUT_RANGES = {
    # torchvision's published weights
    "imagenet": InputRange((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    # TensorFlow's MobileNets: RGB in [-1, 1]
    "signed": InputRange((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}


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
