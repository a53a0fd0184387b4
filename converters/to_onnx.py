"""The student as ONNX, in full precision and quantized."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from sdk.color import FloatArray
from sdk.manifest import Tensors
from training.models.student import Student

# onnxruntime-web refuses a newer intermediate representation, and older phones a newer operator set.
IR_VERSION = 10
OPSET = 20


def export_fp32(student: Student, tensors: Tensors, path: Path) -> None:
    """Write the student as one ONNX file, in float32."""
    program = torch.onnx.export(
        student,
        (torch.zeros(tensors.input_shape),),
        input_names=[tensors.input_name],
        output_names=[tensors.output_name],
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing.")
    _save(program.model_proto, path)


def export_int8(fp32: Path, calibration: list[FloatArray], tensors: Tensors, path: Path) -> None:
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
            _Reader(calibration, tensors.input_name),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        _save(onnx.load(quantized), path)


class _Reader(CalibrationDataReader):
    """Hands ONNX Runtime one photo after another."""

    def __init__(self, lightness: list[FloatArray], input_name: str) -> None:
        self._feeds: Iterator[dict[str, FloatArray]] = iter([{input_name: one} for one in lightness])

    def get_next(self) -> dict[str, FloatArray] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return next(self._feeds, None)


def _save(model: onnx.ModelProto, path: Path) -> None:
    model.ir_version = IR_VERSION
    model.producer_name = "edge-colorizer"
    model.doc_string = "lightness (L/50 - 1) to ab (a/110, b/110) of CIE Lab"
    # Exporters note the source line of every operator: the paths of one machine, and no use to a runtime.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
