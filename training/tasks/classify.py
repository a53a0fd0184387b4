"""Colours as classes (arXiv 1603.08511): the second kind of teacher, which need not average what it doubts."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.config import Recipe, RecipeError
from training.data import Batch
from training.models.classes import SIDE, ClassifiedChroma, nearest_classes
from training.models.unet import UNet
from training.tasks import Turn

# How much of the weights' prior is uniform: the paper's lambda.
_UNIFORM = 0.5
# How fast the prior follows the photos.
_FOLLOW = 0.01


class ClassifyTask:
    """Cross-entropy over the grid of colours, with rare colours weighing more (the paper's equations 2 to 4)."""

    def __init__(self, network: UNet, recipe: Recipe) -> None:
        del recipe
        if not all(isinstance(head, ClassifiedChroma) for head in network.heads.values()):
            raise RecipeError("this task needs a [teacher] table with classes = true")
        self.network = network
        self.modules: tuple[nn.Module, ...] = (network,)
        self.turns = (Turn(network, self.losses),)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """A term for each head."""
        features = self.network.features(batch.inputs)[-1]
        classes, shares = nearest_classes(batch.ab)
        return {name: _cross_entropy(head, features, classes, shares) for name, head in self.network.heads.items()}


def _cross_entropy(head: nn.Module, features: Tensor, classes: Tensor, shares: Tensor) -> Tensor:
    assert isinstance(head, ClassifiedChroma)
    seen = torch.zeros_like(head.prior).scatter_add_(0, classes.flatten(), shares.flatten().to(head.prior))
    head.prior.lerp_(seen / seen.sum(), _FOLLOW)
    rarity = 1 / ((1 - _UNIFORM) * head.prior + _UNIFORM / SIDE**2)
    rarity = rarity / (head.prior * rarity).sum()
    log_likely = F.log_softmax(head.logits(features), dim=1).gather(1, classes)
    weight = (rarity[classes] * shares).sum(dim=1)
    return -(weight * (log_likely * shares).sum(dim=1)).mean()
