"""Supervised training: the network's chroma against the photo's own."""

from torch import Tensor, nn

from training.config import Recipe
from training.data import Batch
from training.losses import huber, negative_psnr
from training.models.unet import UNet
from training.tasks import Turn


class PretrainTask:
    """The recipe's loss on ab, in [-1, 1], at the network's output resolution."""

    def __init__(self, network: UNet, recipe: Recipe) -> None:
        self.network = network
        self.modules: tuple[nn.Module, ...] = (network,)
        self.turns = (Turn(network, self.losses),)
        self._recipe = recipe

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The term to minimise."""
        predicted_ab = self.network(batch.lightness)
        if self._recipe.loss == "psnr":
            return {"negative_psnr": negative_psnr(predicted_ab, batch.ab)}
        return {"huber": huber(predicted_ab, batch.ab, delta=self._recipe.huber_delta)}
