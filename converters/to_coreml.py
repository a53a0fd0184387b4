"""The student as a Core ML program: fp16, with 8-bit weights, and with weights from a palette of 64 values."""

import copy
import json
import shutil
import uuid
import warnings
from pathlib import Path
from typing import Any, cast

import coremltools
import numpy as np
import torch
from coremltools.converters.mil.input_types import InputType
from coremltools.models import MLModel
from coremltools.optimize import coreml as compress
from torch import nn

from converters.rgb import INPUT_NAME, OUTPUT_NAME, RgbNetwork
from sdk import color
from sdk.manifest import Tensors

# Tensors smaller than this (biases, colour matrices) stay as they are: there is nothing to gain.
_SMALLEST_COMPRESSED = 512


def convert(network: nn.Module, tensors: Tensors) -> MLModel:
    """A folded student as an fp16 program; in and out stay float32."""
    return _convert(
        _with_half_weights(network),
        torch.zeros(tensors.input_shape),
        coremltools.TensorType(name=tensors.input_name, shape=tensors.input_shape, dtype=np.float32),
        coremltools.TensorType(name=tensors.output_name, dtype=np.float32),
        coremltools.precision.FLOAT16,
    )


def convert_rgb(network: nn.Module, tensors: Tensors) -> MLModel:
    """The same with the colour path around it, image in and image out; the colour path stays in float32."""
    shape = (1, 3, tensors.side, tensors.side)

    def is_networks(operation: Any) -> bool:
        # All the network computes is at most half as wide as the photo; all the colour path computes is not.
        shape_out = operation.outputs[0].shape or (0,)
        return len(shape_out) == len(shape) and shape_out[-1] < tensors.side

    return _convert(
        RgbNetwork(_with_half_weights(network)).eval(),
        torch.full(shape, 128.0),
        coremltools.ImageType(name=INPUT_NAME, shape=shape, color_layout=coremltools.colorlayout.RGB),
        coremltools.ImageType(name=OUTPUT_NAME, color_layout=coremltools.colorlayout.RGB),
        coremltools.transform.FP16ComputePrecision(op_selector=is_networks),
    )


def round_to_half(weights: torch.Tensor) -> torch.Tensor:
    """Round convolution weights to fp16 values so that every kernel keeps its sum.

    An edge detector's large weights cancel on even areas; rounded one by one, they no longer do. Here each
    rounding error is passed on to the next smaller weight of its kernel.
    """
    kernels = weights.flatten(1)
    rounded = torch.empty_like(kernels)
    error = torch.zeros(len(kernels), 1)
    for column in kernels.abs().argsort(dim=1, descending=True).split(1, dim=1):
        wanted = kernels.gather(1, column) + error
        half = wanted.half().float()
        rounded.scatter_(1, column, half)
        error = wanted - half
    return rounded.view_as(weights)


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


def _with_half_weights(network: nn.Module) -> nn.Module:
    network = copy.deepcopy(network)
    with torch.no_grad():
        for kernels in (parameter for parameter in network.parameters() if parameter.ndim == 4):
            kernels.copy_(round_to_half(kernels))
    return network


def _convert(
    network: nn.Module,
    example: torch.Tensor,
    input_type: InputType,
    output_type: InputType,
    precision: object,
) -> MLModel:
    program = torch.export.export(network, (example,)).run_decompositions({})
    converted = coremltools.convert(
        program,
        inputs=[input_type],
        outputs=[output_type],
        minimum_deployment_target=coremltools.target.iOS16,
        compute_precision=precision,
        skip_model_load=True,
    )
    return cast("MLModel", converted)


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
