"""Adversarial training (arXiv 1611.07004): a generator against a discriminator that sees the lightness too."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sdk.contract import LIGHTNESS
from training.config import GanConfig, Recipe, RecipeError
from training.data import Batch
from training.losses import ab_loss, gan_objective, l1, muted
from training.models.discriminator import (
    Discriminator,
    PatchDiscriminator,
    ProjectedDiscriminator,
    SemanticDiscriminator,
)
from training.models.unet import UNet
from training.tasks import Turn
from training.tasks.distill import Teaching, distill_config

# Below this nothing is left of the chroma after the discriminator's strides.
SMALLEST_SIZE = 64


class GanTask:
    """The paper's equation 3 for the network's last head: the GAN's loss plus λ times L1.

    Heads before the last keep the recipe's loss: a student learns to answer vividly without forgetting how to answer
    faithfully. The discriminator's loss has no L1. It takes its turn first, and the generator then learns from the
    answers that were judged, so that it runs once a step. With teachers, each head also learns from their
    answer: a vivid one is a single target, which a regression does not wash out.
    """

    def __init__(self, network: UNet, recipe: Recipe, *, teachers: Sequence[UNet] = ()) -> None:
        if recipe.size < SMALLEST_SIZE:
            raise RecipeError(f"the discriminator needs size {SMALLEST_SIZE} or more, not {recipe.size}")
        self._loss = ab_loss(recipe)
        self._config = recipe.gan or GanConfig()
        self._objective = gan_objective(self._config)
        self.network = network
        self._judged = [*network.heads][-1]
        self.discriminator = _discriminator(network, self._config)
        # How many steps it has learned, on its device and in its checkpoint.
        self.discriminator.register_buffer("steps", torch.zeros(()))
        self._answers: dict[str, Tensor] = {}
        self._real: list[Tensor] = []
        self._fake: list[Tensor] = []
        self._teaching = Teaching(network, distill_config(recipe), teachers=teachers) if teachers else None
        self.modules: tuple[nn.Module, ...] = (network, self.discriminator, *teachers)
        self.turns = (
            Turn(
                self.discriminator,
                self.discriminator_losses,
                self._config.discriminator_learning_rate,
                name="discriminator",
            ),
            Turn(network, self.generator_losses),
        )

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Half of how badly it tells the photo's chroma from the generator's, so that it learns the slower."""
        self.discriminator.requires_grad_(True)
        self.discriminator.get_buffer("steps").add_(1)
        lightness = batch.inputs[LIGHTNESS.name]
        encoded = self.network.encoded(lightness)
        self._answers = self.network.answers(self.network.decoded(encoded, batch.inputs)[-1])
        context = [features.detach() for features in encoded]
        with torch.no_grad():
            self._real = self.discriminator.look(lightness, batch.ab, context)
        self._fake = self.discriminator.look(lightness, self._answers[self._judged], context)
        real, fake = self.discriminator(self._real), self.discriminator([seen.detach() for seen in self._fake])
        return {
            "discriminator_real": 0.5 * self._objective.real(real),
            "discriminator_fake": 0.5 * self._objective.fake(fake),
        }

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """How badly the last head fools the discriminator, and how far it is from the photo; the others' losses."""
        self.discriminator.requires_grad_(False)
        # Until the discriminator knows something, what it says is noise.
        heard = self.discriminator.get_buffer("steps") > self._config.warmup_steps
        losses = {f"{self._judged}_adversarial": self._objective.fool(self.discriminator(self._fake)) * heard}
        losses |= self._regression_losses(batch)
        if self._config.perceptual_weight:
            distances = [l1(ours, theirs) for ours, theirs in zip(self._fake, self._real, strict=True)]
            losses[f"{self._judged}_perceptual"] = self._config.perceptual_weight * torch.stack(distances).mean()
        if self._config.muted_weight:
            losses[f"{self._judged}_muted"] = self._config.muted_weight * muted(self._answers[self._judged], batch.ab)
        return losses

    def _regression_losses(self, batch: Batch) -> dict[str, Tensor]:
        theirs = self._teaching.features(batch) if self._teaching else []
        losses: dict[str, Tensor] = {}
        for head, answer in self._answers.items():
            loss = self._judged_loss if head == self._judged else self._loss
            if self._teaching:
                losses |= self._teaching.losses(head, answer, theirs, batch, loss)
            else:
                losses[f"{head}_truth"] = loss(answer, batch.ab)
        return losses

    def _judged_loss(self, answer: Tensor, ab: Tensor) -> Tensor:
        loss = self._config.l1_weight * l1(answer, ab)
        if self._config.loss_weight:
            loss = loss + self._config.loss_weight * self._loss(answer, ab)
        return loss


def _discriminator(network: UNet, config: GanConfig) -> Discriminator:
    if config.discriminator == "projected":
        return ProjectedDiscriminator(config.discriminator_encoder, width=config.discriminator_width)
    if config.discriminator == "semantic":
        return SemanticDiscriminator(network.encoder_channels, width=config.discriminator_width)
    return PatchDiscriminator(width=config.discriminator_width, spectral=config.spectral_norm)
