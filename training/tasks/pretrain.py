"""Supervised training: each head's chroma against the photo's own."""

from torch import Tensor, nn

from training.config import Recipe
from training.data import Batch
from training.losses import ab_loss
from training.models.unet import UNet
from training.tasks import Turn


class PretrainTask:
    """The recipe's loss on ab, in [-1, 1], at the network's output resolution."""

    def __init__(self, network: UNet, recipe: Recipe) -> None:
        self.network = network
        self.modules: tuple[nn.Module, ...] = (network,)
        self.turns = (Turn(network, self.losses),)
        self._loss = ab_loss(recipe)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """A term for each head."""
        answers = self.network(batch.inputs)
        return {name: self._loss(answer, batch.ab) for name, answer in answers.items()}
