"""Adversarial training (arXiv 1611.07004): a generator against a discriminator that sees the lightness too."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sdk.contract import LIGHTNESS
from training.config import GanConfig, Recipe, RecipeError
from training.data import Batch
from training.losses import OBJECTIVES, ab_loss, l1, muted
from training.models.discriminator import PatchDiscriminator, SemanticDiscriminator
from training.models.unet import UNet
from training.tasks import Turn

# Below this nothing is left of the chroma after the discriminator's strides.
SMALLEST_SIZE = 64


class GanTask:
    """The paper's equation 3 for the network's last head: the GAN's loss plus λ times L1.

    Heads before the last keep the recipe's loss: a student learns to answer vividly without forgetting how to answer
    faithfully. The discriminator's loss has no L1. The generator takes its turn first, and the discriminator judges
    what it answered, so that the generator runs once a step.
    """

    def __init__(self, network: UNet, recipe: Recipe) -> None:
        if recipe.size < SMALLEST_SIZE:
            raise RecipeError(f"the discriminator needs size {SMALLEST_SIZE} or more, not {recipe.size}")
        self._recipe = recipe
        self._config = recipe.gan or GanConfig()
        self._objective = OBJECTIVES[self._config.objective]
        self.network = network
        self.discriminator = _discriminator(network, self._config)
        # How many steps it has learned, on its device and in its checkpoint.
        self.discriminator.register_buffer("steps", torch.zeros(()))
        self._judged: tuple[Tensor, Sequence[Tensor]] | None = None
        self.modules: tuple[nn.Module, ...] = (network, self.discriminator)
        self.turns = (
            Turn(network, self.generator_losses),
            Turn(self.discriminator, self.discriminator_losses, self._config.discriminator_learning_rate),
        )

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """How badly the last head fools the discriminator, and how far it is from the photo; the others' losses."""
        self.discriminator.requires_grad_(False)
        encoded = self.network.encoded(batch.inputs[LIGHTNESS.name])
        answers = self.network.answers(self.network.decoded(encoded, batch.inputs)[-1])
        name, predicted = answers.popitem()
        encoded = [features.detach() for features in encoded]
        self._judged = predicted.detach(), encoded
        # Until the discriminator knows something, what it says is noise.
        heard = self.discriminator.get_buffer("steps") >= self._config.warmup_steps
        losses = {head: ab_loss(answer, batch.ab, self._recipe) for head, answer in answers.items()}
        losses[f"{name}_l1"] = self._config.l1_weight * l1(predicted, batch.ab)
        logits = self.discriminator(batch.inputs[LIGHTNESS.name], predicted, encoded)
        losses[f"{name}_adversarial"] = self._objective.fool(logits) * heard
        if self._config.muted_weight:
            losses[f"{name}_muted"] = self._config.muted_weight * muted(predicted, batch.ab)
        return losses

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Half of how badly it tells the photo's chroma from the generator's, so that it learns the slower."""
        assert self._judged is not None, "the generator takes its turn first"
        self.discriminator.requires_grad_(True)
        self.discriminator.get_buffer("steps").add_(1)
        lightness = batch.inputs[LIGHTNESS.name]
        predicted, encoded = self._judged
        return {
            "discriminator_real": 0.5 * self._objective.real(self.discriminator(lightness, batch.ab, encoded)),
            "discriminator_fake": 0.5 * self._objective.fake(self.discriminator(lightness, predicted, encoded)),
        }


def _discriminator(network: UNet, config: GanConfig) -> nn.Module:
    if config.discriminator == "semantic":
        return SemanticDiscriminator(network.encoder_channels, width=config.discriminator_width)
    return PatchDiscriminator(width=config.discriminator_width, spectral=config.spectral_norm)
