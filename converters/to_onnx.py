"""The student as ONNX, in full precision and quantized."""

import json
import tempfile
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import compose
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from converters import rgb
from converters.formats.base import COLOURED, PHOTO
from converters.tracing import example
from sdk import color
from sdk.contract import AB, LIGHTNESS, Contract, Tensors

# onnxruntime-web refuses a newer intermediate representation, and older phones a newer operator set.
IR_VERSION = 10
OPSET = 20


def export_fp32(network: nn.Module, contract: Contract, path: Path) -> None:
    """Write a network that meets the tensor contract as one ONNX file, in float32."""
    inputs, outputs = ([spec.name for spec in way] for way in (contract.inputs, contract.outputs))
    _save(_to_model(network, (example(contract),), inputs, outputs), path)


def export_int8(fp32: Path, calibration: list[Tensors], path: Path) -> None:
    """Quantize an ONNX file statically: QDQ, activations uint8, weights int8 with a scale per channel.

    Weights keep to seven bits. Processors without VNNI add pairs of products in 16 bits, which eight-bit
    weights overflow: the same file would give another picture on an older laptop than on a phone.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared, quantized = Path(folder) / "prepared.onnx", Path(folder) / "quantized.onnx"
        quant_pre_process(fp32, prepared)
        quantize_static(
            prepared,
            quantized,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        _save(onnx.load(quantized), path)


def export_rgb(lab: Path, contract: Contract, path: Path) -> None:
    """Put the colour path around an ONNX file that meets the tensor contract; the network itself is not touched."""
    planes, ab, root = (torch.zeros(contract.shape(spec)) for spec in (PHOTO, AB, LIGHTNESS))
    before = _to_model(rgb.Before(), (planes,), [PHOTO.name], ["lightness_of_photo", "root"])
    after = _to_model(rgb.After(), (ab, root), ["ab_of_photo", "root_after"], [COLOURED.name])
    network = onnx.load(lab)
    for part in (before, after):
        part.ir_version = network.ir_version
        del part.opset_import[:]
        part.opset_import.extend(network.opset_import)
    front = compose.merge_models(
        compose.add_prefix(before, "before/", rename_inputs=False, rename_outputs=False),
        network,
        io_map=[("lightness_of_photo", LIGHTNESS.name)],
        outputs=["root", AB.name],
    )
    whole = compose.merge_models(
        front,
        compose.add_prefix(after, "after/", rename_inputs=False, rename_outputs=False),
        io_map=[(AB.name, "ab_of_photo"), ("root", "root_after")],
    )
    _save(whole, path)


def _to_model(
    network: nn.Module, arguments: tuple[Any, ...], input_names: list[str], output_names: list[str]
) -> onnx.ModelProto:
    program = torch.onnx.export(
        torch.export.export(network.eval(), arguments),
        input_names=input_names,
        output_names=output_names,
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing.")
    return program.model_proto


class _Reader(CalibrationDataReader):
    """Hands ONNX Runtime one photo after another."""

    def __init__(self, calibration: list[Tensors]) -> None:
        self._feeds = iter(calibration)

    def get_next(self) -> Tensors | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return next(self._feeds, None)


def _save(model: onnx.ModelProto, path: Path) -> None:
    model.ir_version = IR_VERSION
    model.producer_name = "edge-colorizer"
    model.doc_string = "Guesses the colours of a grey photograph."
    del model.metadata_props[:]
    metadata = {"licence": "Apache-2.0", "colour": json.dumps(color.constants(), sort_keys=True)}
    onnx.helper.set_model_props(model, metadata)
    # Exporters note the source line of every operator: the paths of one machine, and no use to a runtime.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
