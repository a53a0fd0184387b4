"""Train with the numbers an int8 artifact will hold, so that rounding them later costs nothing (arXiv 1712.05877).

Weights: converters quantize each output channel symmetrically, by its largest weight. Folding a batch norm into
a convolution scales a channel as a whole, so rounding before folding and after it are the same thing.
Activations: one unsigned byte a value, over a range that follows what a layer has been seen to give.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from training.models.blocks import DecoderStep, GlobalContext
from training.models.unet import UNet

# Seven bits, because processors without VNNI overflow on eight; see `converters.to_onnx.export_int8`.
WEIGHT_LIMIT = 64


_RANGE = "activation_range"


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


class RoundedActivations(nn.Module):
    """Activations as int8 kernels see them: 255 steps between the smallest and the largest value seen.

    The range follows each training batch slowly and stands still in evaluation; zero is always exact.
    """

    def __init__(self) -> None:
        super().__init__()
        self.smallest = nn.Buffer(torch.zeros(()))
        self.largest = nn.Buffer(torch.zeros(()))

    def forward(self, activations: Tensor) -> Tensor:
        """Any shape to the same; gradients pass inside the range and stop outside."""
        if self.training:
            low, high = torch.aminmax(activations.detach().float())
            follow = torch.where(self.largest > self.smallest, 0.05, 1.0)  # at first, all the way
            self.smallest.lerp_(low.clamp(max=0), follow)
            self.largest.lerp_(high.clamp(min=0), follow)
        scale = ((self.largest - self.smallest) / 255).clamp(min=1e-8)
        zero = torch.round(-self.smallest / scale).to(torch.int32)
        return torch.fake_quantize_per_tensor_affine(activations.float(), scale, zero, 0, 255)


def round_activations(network: UNet) -> None:
    """From now on, the network computes with rounded activations wherever an int8 artifact rounds them."""
    for module in list(_rounded_outputs(network)):
        module.add_module(_RANGE, RoundedActivations())
        module.register_forward_hook(_round_output)


def _rounded_outputs(network: UNet) -> Iterator[nn.Module]:
    """Layers whose outputs an int8 artifact stores: after activations are fused into the convolutions before them."""
    rounded = (nn.ReLU6, GlobalContext, *(network.encoder.rounded if network.encoder else ()))
    for module in network.modules():
        if isinstance(module, rounded):
            yield module
        elif isinstance(module, DecoderStep):
            yield from (module.project, module.skip)


def _round_output(module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
    return module.get_submodule(_RANGE)(output)


def plain_state_dict(network: nn.Module) -> dict[str, Tensor]:
    """The network's state under its plain names, with the weights it computes with and no activation ranges."""
    state = {key: value for key, value in network.state_dict().items() if f"{_RANGE}." not in key}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and parametrize.is_parametrized(module, "weight"):
            del state[f"{name}.parametrizations.weight.original"]
            state[f"{name}.weight"] = module.weight.detach()
    return state
