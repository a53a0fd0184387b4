"""The student as a Core ML program: fp16, with 8-bit weights, and with weights from a palette of 64 values."""

import copy
import json
import shutil
import uuid
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import coremltools
import numpy as np
import torch
from coremltools.converters.mil.input_types import InputType
from coremltools.models import MLModel
from coremltools.optimize import coreml as compress
from torch import Tensor, nn

from converters.formats.base import COLOURED, PHOTO, rgb_contract
from converters.rgb import RgbNetwork
from converters.tracing import as_torch, example
from sdk import color
from sdk.contract import Contract, Tensors, TensorSpec

# Tensors smaller than this (biases, colour matrices) stay as they are: there is nothing to gain.
_SMALLEST_COMPRESSED = 512


def convert(network: nn.Module, contract: Contract) -> MLModel:
    """A folded student as an fp16 program, best after `with_half_weights`; in and out stay float32."""
    return _convert(network, contract, coremltools.precision.FLOAT16)


def convert_rgb(network: nn.Module, contract: Contract) -> MLModel:
    """The same with the colour path around it, image in and image out; the colour path stays in float32."""

    def is_networks(operation: Any) -> bool:
        # All the network computes is at most half as wide as the photo; all the colour path computes is not.
        shape = operation.outputs[0].shape or (0,)
        return len(shape) == len(contract.shape(PHOTO)) and shape[-1] < contract.side

    selected = coremltools.transform.FP16ComputePrecision(op_selector=is_networks)
    return _convert(RgbNetwork(network, contract).eval(), rgb_contract(contract), selected)


def with_half_weights(network: nn.Module, calibration: Sequence[Tensors]) -> nn.Module:
    """A copy of a folded student whose convolutions are rounded to the fp16 values that suit these inputs."""
    network = copy.deepcopy(network)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    totals = {module: torch.zeros(module.in_channels) for module in convolutions}

    def add_mean(module: nn.Module, inputs: tuple[Tensor]) -> None:
        totals[cast("nn.Conv2d", module)] += inputs[0].mean(dim=(0, 2, 3))

    hooks = [module.register_forward_pre_hook(add_mean) for module in convolutions]
    with torch.no_grad():
        for inputs in calibration:
            network(as_torch(inputs))
        for hook, (module, total) in zip(hooks, totals.items(), strict=True):
            hook.remove()
            means = (total / len(calibration)).view(module.groups, -1)
            means = means.repeat_interleave(module.out_channels // module.groups, dim=0)
            bias = torch.zeros(module.out_channels) if module.bias is None else module.bias
            weights, rounded_bias = round_to_half(module.weight, bias, means)
            module.weight.copy_(weights)
            bias.copy_(rounded_bias)
    return network


def round_to_half(weights: Tensor, bias: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """Round a convolution to fp16 values so that every channel keeps its mean.

    The errors of a kernel's weights and of its bias add up to a shift of the whole channel, which the layers behind it
    enlarge. Here each error is passed on to the weight that counts next less, as far as that one's last bit reaches.

    Args:
        weights: (outputs, inputs / groups, k, k).
        bias: (outputs).
        means: (outputs, inputs / groups): the mean of what a weight is multiplied by.
    """
    kernels = weights.flatten(1)
    means = means.repeat_interleave(kernels.shape[1] // means.shape[1], dim=1)
    rounded, rounded_bias = torch.empty_like(kernels), bias.half().float()
    shift = (bias - rounded_bias)[:, None]
    for column in (kernels * means).abs().argsort(dim=1, descending=True).split(1, dim=1):
        weight, mean = kernels.gather(1, column), means.gather(1, column)
        last_bit = weight.abs() * torch.finfo(torch.half).eps / 2
        correction = (shift / mean).nan_to_num(0).clamp(-last_bit, last_bit)
        half = (weight + correction).half().float()
        rounded.scatter_(1, column, half)
        shift += (weight - half) * mean
    return rounded.view_as(weights), rounded_bias


def quantize_weights(model: MLModel) -> MLModel:
    """8-bit weights with a scale per channel."""
    config = compress.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=_SMALLEST_COMPRESSED)
    with warnings.catch_warnings():
        # A channel of zeros has no scale; coremltools divides by it, warns, and stores the zeros it should.
        warnings.simplefilter("ignore", RuntimeWarning)
        return cast("MLModel", compress.linear_quantize_weights(model, compress.OptimizationConfig(config)))


def palettize_weights(model: MLModel) -> MLModel:
    """6 bits a weight, each an index into 64 values found by k-means."""
    config = compress.OpPalettizerConfig(mode="kmeans", nbits=6, weight_threshold=_SMALLEST_COMPRESSED)
    return cast("MLModel", compress.palettize_weights(model, compress.OptimizationConfig(config)))


# By the names of `converters.formats.mlpackage`.
ROUNDINGS: dict[str, Callable[[MLModel], MLModel]] = {
    "fp16": lambda model: model,
    "int8": quantize_weights,
    "palette6": palettize_weights,
}


def save(model: MLModel, path: Path, *, version: str) -> None:
    """Write an `.mlpackage` that is the same, byte by byte, for the same model."""
    model.author = "edge-colorizer contributors"
    model.license = "Apache-2.0"
    model.version = version
    model.short_description = (
        "Guesses the colours of a grey photograph: lightness to chroma of CIE Lab, or sRGB to sRGB."
    )
    model.user_defined_metadata["colour"] = json.dumps(color.constants(), sort_keys=True)
    if path.exists():
        shutil.rmtree(path)
    model.save(str(path))
    (path / "executorch_debug_handle_mapping.json").unlink(missing_ok=True)
    _without_chance(path)


def _convert(network: nn.Module, contract: Contract, precision: object) -> MLModel:
    program = torch.export.export(network, (example(contract),)).run_decompositions({})
    converted = coremltools.convert(
        program,
        inputs=[_type_of(spec, shape=contract.shape(spec)) for spec in contract.inputs],
        outputs=[_type_of(spec) for spec in contract.outputs],
        minimum_deployment_target=coremltools.target.iOS16,
        compute_precision=precision,
        skip_model_load=True,
    )
    return cast("MLModel", converted)


def _type_of(spec: TensorSpec, *, shape: tuple[int, ...] | None = None) -> InputType:
    if spec in (PHOTO, COLOURED):
        return coremltools.ImageType(name=spec.name, shape=shape, color_layout=coremltools.colorlayout.RGB)
    return coremltools.TensorType(name=spec.name, shape=shape, dtype=np.float32)


def _without_chance(path: Path) -> None:
    """Replace random identifiers by ones made from what they identify, and write maps in their keys' order."""
    listing = path / "Manifest.json"
    content = json.loads(listing.read_text())
    entries = content["itemInfoEntries"]
    stable = {old: str(uuid.uuid5(uuid.NAMESPACE_URL, entry["path"])) for old, entry in entries.items()}
    content["itemInfoEntries"] = {stable[old]: entry for old, entry in entries.items()}
    content["rootModelIdentifier"] = stable[content["rootModelIdentifier"]]
    listing.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    model = path / "Data" / "com.apple.CoreML" / "model.mlmodel"
    spec: Any = coremltools.utils.load_spec(str(path))
    model.write_bytes(spec.SerializeToString(deterministic=True))
