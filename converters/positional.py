"""A network as exporters see it: tensors in the contract's order, not by name."""

import torch
from torch import Tensor, nn

from sdk.contract import Contract


class Positional(nn.Module):
    """Takes the contract's inputs and returns its outputs, each in the contract's order.

    Args:
        network: Inputs by name to outputs by name.
        contract: Its tensors.
    """

    def __init__(self, network: nn.Module, contract: Contract) -> None:
        super().__init__()
        self.network = network
        self._inputs = [spec.name for spec in contract.inputs]
        self._outputs = [spec.name for spec in contract.outputs]

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """One tensor for each input to one for each output."""
        answers = self.network(dict(zip(self._inputs, tensors, strict=True)))
        return tuple(answers[name] for name in self._outputs)


def examples(contract: Contract) -> tuple[Tensor, ...]:
    """Zeros of each input's shape, to trace with."""
    return tuple(named_examples(contract).values())


def named_examples(contract: Contract) -> dict[str, Tensor]:
    """The same by name."""
    return {spec.name: torch.zeros(contract.shape(spec)) for spec in contract.inputs}
