"""Train with the weights an int8 artifact will hold, so that rounding them later costs nothing.

Converters quantize each output channel symmetrically, by its largest weight. Folding a batch norm into
a convolution scales a channel as a whole, so rounding before folding and after it are the same thing.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

# Seven bits, because processors without VNNI overflow on eight; see `converters.to_onnx.export_int8`.
WEIGHT_LIMIT = 64


class RoundedPerChannel(nn.Module):
    """A convolution's weights as int8 kernels see them; gradients pass as if nothing was rounded (arXiv 1308.3432)."""

    def forward(self, weight: Tensor) -> Tensor:
        """(outputs, inputs, height, width) to the same, each output channel on a grid of its own."""
        largest = weight.detach().abs().amax(dim=(1, 2, 3), keepdim=True)
        scale = torch.where(largest > 0, largest / WEIGHT_LIMIT, torch.ones_like(largest))
        rounded = torch.round(weight / scale) * scale
        return weight + (rounded - weight).detach()


def round_weights(network: nn.Module) -> None:
    """From now on, every convolution of the network computes with rounded weights."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            parametrize.register_parametrization(module, "weight", RoundedPerChannel())


def plain_state_dict(network: nn.Module) -> dict[str, Tensor]:
    """The network's state under its plain names, with the weights it computes with."""
    state = network.state_dict()
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and parametrize.is_parametrized(module, "weight"):
            del state[f"{name}.parametrizations.weight.original"]
            state[f"{name}.weight"] = module.weight.detach()
    return state
