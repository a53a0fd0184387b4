"""The averaged network: smoother than its last step, and the one that is validated and shipped."""

import copy
from typing import Generic, TypeVar

from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class AveragedWeights(Generic[Network]):
    """Exponential moving average of a network's state (Polyak averaging)."""

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    def update(self, network: nn.Module, step: int) -> None:
        """Take in one step; early on with less memory, so that the random start is soon forgotten."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averaged = self.network.state_dict()
        for key, value in network.state_dict().items():
            if value.is_floating_point():
                averaged[key].lerp_(value, 1 - decay)
            else:
                averaged[key].copy_(value)
