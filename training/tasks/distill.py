"""Distillation (arXiv 1503.02531, features as in arXiv 1412.6550): the student learns from the teacher's answers."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import AB
from training.config import DistillConfig, Recipe, RecipeError
from training.data import Batch
from training.losses import ab_loss
from training.models.unet import UNet
from training.tasks import Turn

# Decoder steps both networks share, counted from the output: 1/2, 1/4, 1/8 and 1/16 of the resolution.
_SHARED_STEPS = 4


class DistillTask:
    """The student against the teacher's ab, its decoder features, and the photo's own ab.

    A teacher's answer is easier to learn than a photo: it is already the average over what the grey leaves open.
    """

    def __init__(self, network: UNet, recipe: Recipe, *, teacher: UNet) -> None:
        if recipe.distill is None:
            raise RecipeError("this stage needs a [distill] table with the teacher's weights file")
        self._config: DistillConfig = recipe.distill
        self._recipe = recipe
        self._teacher = teacher.eval().requires_grad_(False)
        self.network = network
        pairs = zip(network.feature_channels[-_SHARED_STEPS:], teacher.feature_channels[-_SHARED_STEPS:], strict=True)
        self.mappings = nn.ModuleList(nn.Conv2d(ours, theirs, 1) for ours, theirs in pairs)
        self.modules: tuple[nn.Module, ...] = (network, self.mappings, self._teacher)
        self.turns = (Turn(nn.ModuleDict({"network": network, "mappings": self.mappings}), self.losses),)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The three terms, each by its weight."""
        with torch.no_grad():
            their_features = self._teacher.features(batch.inputs)
            their_ab = self._teacher.answers(their_features[-1])[AB.name]
        features = self.network.features(batch.inputs)
        ab = self.network.answers(features[-1])[AB.name]
        differences = [
            F.mse_loss(mapping(ours), theirs) / (theirs.square().mean() + 1e-6)
            for mapping, ours, theirs in zip(
                self.mappings, features[-_SHARED_STEPS:], their_features[-_SHARED_STEPS:], strict=True
            )
        ]
        return {
            "teacher_output": self._config.output_weight * ab_loss(ab, their_ab, self._recipe),
            "teacher_features": self._config.feature_weight * torch.stack(differences).mean(),
            "truth": self._config.truth_weight * ab_loss(ab, batch.ab, self._recipe),
        }
