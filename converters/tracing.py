"""What exporters trace a network with: tensors by the contract's names."""

import torch
from torch import Tensor

from sdk.contract import Contract, Tensors


def example(contract: Contract) -> dict[str, Tensor]:
    """Zeros for each input; which values they are does not matter."""
    return {spec.name: torch.zeros(contract.shape(spec)) for spec in contract.inputs}


def as_torch(arrays: Tensors) -> dict[str, Tensor]:
    """The same numbers with plain strides, which numpy's `[None]` does not give and ExecuTorch insists on."""
    return {
        name: torch.from_numpy(array).clone(memory_format=torch.contiguous_format) for name, array in arrays.items()
    }
