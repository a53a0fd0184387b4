"""Several processes, one run: gradients and batch statistics shared through Accelerate.

Not through DistributedDataParallel, which shares gradients only for what a module's own `forward` did: a task calls
a network's features, its head and a discriminator as it needs them.
"""

from typing import cast

from accelerate import Accelerator
from torch import Tensor, nn


def mean(accelerator: Accelerator, value: Tensor) -> Tensor:
    """A tensor's mean over all processes."""
    return cast("Tensor", accelerator.reduce(value, "mean"))


def share_gradients(accelerator: Accelerator, player: nn.Module) -> None:
    """Give every process the mean of all processes' gradients."""
    if accelerator.num_processes == 1:
        return
    for parameter in player.parameters():
        if parameter.grad is not None:
            parameter.grad = mean(accelerator, parameter.grad)


def share_buffers(accelerator: Accelerator, network: nn.Module) -> None:
    """Give every process the mean of all processes' batch statistics; weights are the same everywhere already."""
    if accelerator.num_processes == 1:
        return
    for buffer in network.buffers():
        if buffer.is_floating_point():
            buffer.copy_(mean(accelerator, buffer))
