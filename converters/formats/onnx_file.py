"""ONNX: laptops, servers and browsers."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from converters.formats.base import Figures, Format, Job, Precision

if TYPE_CHECKING:
    from training.models.student import OneHead


class OnnxFormat(Format):
    """One `.onnx` file, nothing outside it."""

    name = "onnx"
    suffix = ".onnx"
    precisions = (Precision(name="int8", grid="training's", calibrated=True), Precision(name="fp32"))
    bundled = "int8"
    oldest_runtime = "onnxruntime 1.18"  # tried: 1.16 and 1.17 refuse IR 10; 1.18, 1.20 and 1.32 answer
    tools = ("torch", "onnx", "onnxscript", "onnxruntime")

    def write(self, job: Job, network: "OneHead") -> dict[str, Figures]:
        """See `Format.write`. An "rgb" file is made of its "lab" one."""
        from converters.to_onnx import export_fp32, export_int8, export_rgb

        with tempfile.TemporaryDirectory() as folder:
            fp32 = Path(folder) / "fp32.onnx"
            export_fp32(network, network.contract, fp32)
            for target in job.targets:
                path = job.out / target.file
                if target.variant == "rgb":
                    export_rgb(job.out / self.target(target.precision).file, network.contract, path)
                elif target.precision == "int8":
                    export_int8(fp32, job.calibration.inputs(network.contract), path)
                else:
                    path.write_bytes(fp32.read_bytes())
        return {}
