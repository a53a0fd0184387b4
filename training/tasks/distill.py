"""Distillation (arXiv 1503.02531, features as in arXiv 1412.6550): the student learns from the teacher's answers."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import HINTS
from training.config import DistillConfig, Recipe, RecipeError
from training.data import Batch
from training.losses import Loss, ab_loss
from training.models.unet import UNet
from training.tasks import Turn

# Decoder steps both networks share, counted from the output: 1/2, 1/4, 1/8 and 1/16 of the resolution.
_SHARED_STEPS = 4


class Teaching:
    """What a teacher says of a batch, and how far a student's heads are from it and from the photo.

    A teacher's answer is easier to learn than a photo: it is already the average over what the grey leaves open, or
    one plausible choice among it. One that takes no hints has nothing to say of photos that come with some.
    """

    def __init__(self, student: UNet, config: DistillConfig, *, teacher: UNet) -> None:
        self._taught = student.heads.keys() & teacher.heads.keys() & set(config.heads or teacher.heads)
        if not self._taught:
            raise RecipeError(f"the teacher answers {', '.join(teacher.heads)}, none of which the student is to learn")
        if teacher.hints is not None and student.hints is None:
            raise RecipeError("the teacher takes hints and the student does not; give its table hints = true")
        self._config = config
        self.teacher = teacher.eval().requires_grad_(False)

    @torch.no_grad()
    def features(self, batch: Batch) -> list[Tensor]:
        """What the teacher's decoder makes of a batch."""
        return self.teacher.features(batch.inputs)

    def losses(self, head: str, answer: Tensor, features: list[Tensor], batch: Batch, loss: Loss) -> dict[str, Tensor]:
        """A head's terms, each by its weight: against the teacher's answer and against the photo's chroma.

        A head that the teacher does not teach learns from the photo alone.
        """
        truth = loss(answer, batch.ab)
        if head not in self._taught:
            return {f"{head}_truth": truth}
        with torch.no_grad():
            taught = self.teacher.heads[head](features[-1])
            if self.teacher.hints is None and HINTS.name in batch.inputs:
                hinted = batch.inputs[HINTS.name].flatten(1).any(dim=1).view(-1, 1, 1, 1)
                taught = torch.where(hinted, batch.ab, taught)
        return {
            f"{head}_teacher": self._config.output_weight * loss(answer, taught),
            f"{head}_truth": self._config.truth_weight * truth,
        }


class DistillTask:
    """The student against the teacher's ab, its decoder features, and the photo's own ab."""

    def __init__(self, network: UNet, recipe: Recipe, *, teacher: UNet) -> None:
        self._config = distill_config(recipe)
        self._loss = partial(ab_loss, recipe=recipe)
        self._teaching = Teaching(network, self._config, teacher=teacher)
        self.network = network
        pairs = zip(network.feature_channels[-_SHARED_STEPS:], teacher.feature_channels[-_SHARED_STEPS:], strict=True)
        self.mappings = nn.ModuleList(nn.Conv2d(ours, theirs, 1) for ours, theirs in pairs)
        self.modules: tuple[nn.Module, ...] = (network, self.mappings, teacher)
        self.turns = (Turn(nn.ModuleDict({"network": network, "mappings": self.mappings}), self.losses),)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The three terms, each by its weight."""
        theirs, ours = self._teaching.features(batch), self.network.features(batch.inputs)
        losses: dict[str, Tensor] = {}
        for head, answer in self.network.answers(ours[-1]).items():
            losses |= self._teaching.losses(head, answer, theirs, batch, self._loss)
        differences = [
            F.mse_loss(mapping(mine), taught) / (taught.square().mean() + 1e-6)
            for mapping, mine, taught in zip(self.mappings, ours[-_SHARED_STEPS:], theirs[-_SHARED_STEPS:], strict=True)
        ]
        return losses | {"teacher_features": self._config.feature_weight * torch.stack(differences).mean()}


def distill_config(recipe: Recipe) -> DistillConfig:
    """The recipe's table of the teacher.

    Raises:
        RecipeError: It has none.
    """
    if recipe.distill is None:
        raise RecipeError("this task needs a [distill] table with the teacher's weights file")
    return recipe.distill
