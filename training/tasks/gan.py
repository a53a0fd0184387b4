"""Adversarial training (arXiv 1611.07004): a generator against a discriminator that sees the lightness too."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.contract import AB, LIGHTNESS
from training.config import GanConfig, Recipe, RecipeError
from training.data import Batch
from training.losses import adversarial, l1, muted
from training.models.discriminator import PatchDiscriminator
from training.models.unet import UNet
from training.tasks import Turn

# Below this nothing is left of the chroma after the discriminator's strides.
SMALLEST_SIZE = 64


class GanTask:
    """The paper's equation 3: the conditional GAN's loss plus λ times L1; the discriminator's has no L1."""

    def __init__(self, network: UNet, recipe: Recipe) -> None:
        if recipe.size < SMALLEST_SIZE:
            raise RecipeError(f"the discriminator needs size {SMALLEST_SIZE} or more, not {recipe.size}")
        self._config = recipe.gan or GanConfig()
        self.network = network
        self.discriminator = PatchDiscriminator(width=self._config.discriminator_width)
        self.modules: tuple[nn.Module, ...] = (network, self.discriminator)
        self.turns = (
            Turn(self.discriminator, self.discriminator_losses, self._config.discriminator_learning_rate),
            Turn(network, self.generator_losses),
        )

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Half of how badly it tells the photo's chroma from the generator's, so that it learns the slower."""
        with torch.no_grad():
            predicted = self.network(batch.inputs)[AB.name]
        return {
            "discriminator_real": 0.5 * self._judge(batch.inputs[LIGHTNESS.name], batch.ab, real=True),
            "discriminator_fake": 0.5 * self._judge(batch.inputs[LIGHTNESS.name], predicted, real=False),
        }

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """How badly it fools the discriminator, and how far it is from the photo's chroma."""
        predicted = self.network(batch.inputs)[AB.name]
        losses = {
            "generator_adversarial": self._judge(batch.inputs[LIGHTNESS.name], predicted, real=True),
            "generator_l1": self._config.l1_weight * l1(predicted, batch.ab),
        }
        if self._config.muted_weight:
            losses["generator_muted"] = self._config.muted_weight * muted(predicted, batch.ab)
        return losses

    def _judge(self, lightness: Tensor, ab: Tensor, *, real: bool) -> Tensor:
        # Chroma is half the lightness's size; the discriminator sees both at chroma's.
        logits = self.discriminator(torch.cat([F.avg_pool2d(lightness, 2), ab], dim=1))
        return adversarial(logits, real=real, objective=self._config.objective)
