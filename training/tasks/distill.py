"""Distillation (arXiv 1503.02531, features as in arXiv 1412.6550): the student learns from the teachers' answers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import AB, HINTS
from training.config import DistillConfig, Recipe, RecipeError
from training.data import Batch
from training.losses import Loss, ab_loss
from training.models.unet import UNet
from training.tasks import Turn

# Decoder steps both networks share, counted from the output: 1/2, 1/4, 1/8 and 1/16 of the resolution.
_SHARED_STEPS = 4


class Teaching:
    """What teachers say of a batch, and how far a student's heads are from it and from the photo.

    A teacher's answer is easier to learn than a photo: it is already the average over what the grey leaves open, or
    one plausible choice among it. The mean of several errs less than any of them, and where only some of them have the
    vivid head, theirs moves with the faithful mean. A teacher that takes no hints says the truth of photos that come
    with some.
    """

    def __init__(self, student: UNet, config: DistillConfig, *, teachers: Sequence[UNet]) -> None:
        known = {head for teacher in teachers for head in teacher.heads}
        self._taught = student.heads.keys() & known & set(config.heads or known)
        if not self._taught:
            raise RecipeError(f"the teachers answer {', '.join(sorted(known))}, none of which the student is to learn")
        if student.hints is None and any(teacher.hints is not None for teacher in teachers):
            raise RecipeError("a teacher takes hints and the student does not; give its table hints = true")
        self._config = config
        self._teachers = [teacher.eval().requires_grad_(False) for teacher in teachers]

    @torch.no_grad()
    def features(self, batch: Batch) -> list[list[Tensor]]:
        """What each teacher's decoder makes of a batch."""
        return [teacher.features(batch.inputs) for teacher in self._teachers]

    def losses(
        self, head: str, answer: Tensor, features: list[list[Tensor]], batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """A head's terms, each by its weight: against the teachers' answer and against the photo's chroma.

        A head that no teacher teaches learns from the photo alone.
        """
        truth = loss(answer, batch.ab)
        if head not in self._taught:
            return {f"{head}_truth": truth}
        return {
            f"{head}_teacher": self._config.output_weight * loss(answer, self._answer(head, features, batch)),
            f"{head}_truth": self._config.truth_weight * truth,
        }

    @torch.no_grad()
    def _answer(self, head: str, features: list[list[Tensor]], batch: Batch) -> Tensor:
        """The mean of those that have the head, moved by what the others change in the faithful answer's mean."""
        said = [
            self._said(teacher, its_features, {head, AB.name}, batch)
            for teacher, its_features in zip(self._teachers, features, strict=True)
        ]
        able = [answers for answers in said if head in answers]
        answer = _mean(head, able)
        if all(AB.name in answers for answers in able):
            answer += _mean(AB.name, [answers for answers in said if AB.name in answers]) - _mean(AB.name, able)
        return answer

    def _said(self, teacher: UNet, features: list[Tensor], heads: set[str], batch: Batch) -> dict[str, Tensor]:
        answers: dict[str, Tensor] = {name: teacher.heads[name](features[-1]) for name in heads & teacher.heads.keys()}
        if teacher.hints is None and HINTS.name in batch.inputs:
            hinted = batch.inputs[HINTS.name].flatten(1).any(dim=1).view(-1, 1, 1, 1)
            return {name: torch.where(hinted, batch.ab, answer) for name, answer in answers.items()}
        return answers


def _mean(head: str, said: Sequence[dict[str, Tensor]]) -> Tensor:
    return torch.stack([answers[head] for answers in said]).mean(dim=0)


class DistillTask:
    """The student against the teachers' ab, the first one's decoder features, and the photo's own ab."""

    def __init__(self, network: UNet, recipe: Recipe, *, teachers: Sequence[UNet]) -> None:
        self._config = distill_config(recipe)
        self._loss = ab_loss(recipe)
        self._teaching = Teaching(network, self._config, teachers=teachers)
        self.network = network
        ours, theirs = (unet.feature_channels[-_SHARED_STEPS:] for unet in (network, teachers[0]))
        self.mappings = nn.ModuleList(nn.Conv2d(mine, taught, 1) for mine, taught in zip(ours, theirs, strict=True))
        self.modules: tuple[nn.Module, ...] = (network, self.mappings, *teachers)
        self.turns = (Turn(nn.ModuleDict({"network": network, "mappings": self.mappings}), self.losses),)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The three terms, each by its weight."""
        theirs, ours = self._teaching.features(batch), self.network.features(batch.inputs)
        losses: dict[str, Tensor] = {}
        for head, answer in self.network.answers(ours[-1]).items():
            losses |= self._teaching.losses(head, answer, theirs, batch, self._loss)
        differences = [
            F.mse_loss(mapping(mine), taught) / (taught.square().mean() + 1e-6)
            for mapping, mine, taught in zip(
                self.mappings, ours[-_SHARED_STEPS:], theirs[0][-_SHARED_STEPS:], strict=True
            )
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
