"""Supervised training: the network's chroma against the photo's own."""

from torch import Tensor, nn

from training.config import Recipe
from training.data import Batch
from training.losses import huber
from training.models.unet import UNet
from training.tasks import Turn


class PretrainTask:
    """Huber on ab, in [-1, 1], at the network's output resolution."""

    def __init__(self, network: UNet, recipe: Recipe) -> None:
        self.network = network
        self.modules: tuple[nn.Module, ...] = (network,)
        self.turns = (Turn(network, self.losses),)
        self._delta = recipe.huber_delta

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The term to minimise."""
        return {"huber": huber(self.network(batch.lightness), batch.ab, delta=self._delta)}
