"""Kernel inception distance: how far coloured photos are, as a collection, from true ones.

Decibels reward brown and colourfulness rewards paint; this sees both, because it compares what a classifier makes of
the pictures (arXiv 1801.01401, with MobileNetV2's features instead of Inception's).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import mobilenet_v2

from training.checkpoint import CheckpointError, load_weights
from training.metrics import Rgb

_SIDE = 224
_PHOTOS_AT_ONCE = 8


class KernelDistance:
    """KID × 1000, unbiased, polynomial kernel of degree 3.

    Each output is also compared with its own truth, which it is like; that brings small collections nearer than they
    are. So compare figures over the same photos only.

    Args:
        weights: ImageNet's MobileNetV2 (safetensors, torchvision's names), trained on RGB in [-1, 1] with TensorFlow's
            padding: strided convolutions pad to the right and below.

    Raises:
        CheckpointError: The file is missing, damaged, or of another network.
    """

    def __init__(self, weights: Path) -> None:
        network: Any = mobilenet_v2()
        try:
            network.load_state_dict(load_weights(weights))
        except RuntimeError as error:
            raise CheckpointError(f"{weights} does not hold the MobileNetV2 that KID needs") from error
        self._features: nn.Module = network.features.eval()
        for module in list(self._features.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
                    child.padding = (0, 0)
                    module.add_module(name, nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), child))

    def measure(self, pairs: Sequence[tuple[Rgb, Rgb]]) -> float:
        """The distance between all outputs and all truths; each pair is (output, truth), each (S, S, 3)."""
        outputs, truths = (self.features([pair[side] for pair in pairs]) for side in (0, 1))
        return 1000 * squared_discrepancy(outputs, truths)

    @torch.inference_mode()
    def features(self, photos: Sequence[Rgb]) -> Tensor:
        """(S, S, 3) photos to (N, 1280) float64: the last features, averaged over positions."""
        features = []
        for start in range(0, len(photos), _PHOTOS_AT_ONCE):
            rgb = torch.from_numpy(np.stack(photos[start : start + _PHOTOS_AT_ONCE])).permute(0, 3, 1, 2).float()
            small = F.interpolate(rgb, size=(_SIDE, _SIDE), mode="bilinear")
            features.append(self._features(small / 127.5 - 1).mean(dim=(2, 3)))
        return torch.cat(features).double()


def squared_discrepancy(ours: Tensor, theirs: Tensor) -> float:
    """The unbiased squared maximum mean discrepancy of two samples, (M, C) and (N, C), under (x·y / C + 1)³."""

    def kernel(left: Tensor, right: Tensor) -> Tensor:
        return (left @ right.T / left.shape[1] + 1) ** 3

    def mean_of_others(sample: Tensor) -> Tensor:
        values = kernel(sample, sample)
        return (values.sum() - values.trace()) / (len(sample) * (len(sample) - 1))

    return float(mean_of_others(ours) + mean_of_others(theirs) - 2 * kernel(ours, theirs).mean())
