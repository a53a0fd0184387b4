"""LiteRT: Android's own runtime."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from converters.formats.base import Figures, Format, Job, Precision, Variant

if TYPE_CHECKING:
    from training.models.student import OneHead


class LiteRTFormat(Format):
    """One `.tflite` file, translated from the ONNX graph of the same precision."""

    name = "litert"
    suffix = ".tflite"
    precisions = (
        Precision(name="int8", grid="training's", calibrated=True),
        Precision(name="fp16"),
        Precision(name="fp32"),
    )
    variants: tuple[Variant, ...] = ("lab",)
    bundled = "int8"
    oldest_runtime = "ai-edge-litert 2.3"
    tools = ("torch", "onnx", "onnxscript", "onnxruntime", "ai-edge-litert")

    def write(self, job: Job, network: "OneHead") -> dict[str, Figures]:
        """See `Format.write`."""
        import onnx

        from converters.litert import from_onnx
        from converters.to_onnx import export_fp32, export_int8

        with tempfile.TemporaryDirectory() as folder:
            fp32, int8 = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
            export_fp32(network, network.contract, fp32)
            for target in job.targets:
                if target.precision == "int8":
                    export_int8(fp32, job.calibration.inputs(network.contract), int8)
                graph = onnx.load(int8 if target.precision == "int8" else fp32)
                (job.out / target.file).write_bytes(from_onnx(graph, half=target.precision == "fp16"))
        return {}
