"""Supervised training: the network's chroma against the photo's own."""

from dataclasses import dataclass

from torch import Tensor, nn

from training.data import Batch
from training.losses import huber


@dataclass(frozen=True)
class PretrainTask:
    """Huber on ab, in [-1, 1], at the network's output resolution."""

    network: nn.Module
    huber_delta: float

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms to be summed and minimised."""
        return {"huber": huber(self.network(batch.lightness), batch.ab, delta=self.huber_delta)}
