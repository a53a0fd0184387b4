"""Core ML: iPhones and Macs, on whatever hardware it finds best."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from converters.formats.base import Figures, Format, Job, Precision
from sdk.backends import require
from sdk.contract import Contract, Run

if TYPE_CHECKING:
    from training.models.student import OneHead


class CoreMLFormat(Format):
    """An `.mlpackage` folder."""

    name = "coreml"
    suffix = ".mlpackage"
    precisions = (
        Precision(name="fp16", calibrated=True),
        Precision(name="int8", grid="its own", calibrated=True),
        Precision(name="palette6", grid="its own", calibrated=True),
    )
    bundled = "int8"
    oldest_runtime = "iOS 16, macOS 13"
    tools = ("torch", "coremltools")
    runs_here = False

    def write(self, job: Job, network: "OneHead") -> dict[str, Figures]:
        """See `Format.write`. Every precision is the fp16 program, some with their weights rounded again."""
        from torch.fx.experimental.optimization import fuse

        from converters import to_coreml

        half = to_coreml.with_half_weights(fuse(network), job.calibration.inputs(network.contract))
        convert = {"lab": to_coreml.convert, "rgb": to_coreml.convert_rgb}
        converted = {variant: convert[variant](half, network.contract) for variant in {t.variant for t in job.targets}}
        for target in job.targets:
            model = to_coreml.ROUNDINGS[target.precision](converted[target.variant])
            to_coreml.save(model, job.out / target.file, version=version("edge-colorizer"))
        return {}

    def open(self, path: Path, contract: Contract) -> Run:
        """Core ML predicts on macOS alone; `converters.mil` computes everywhere what was saved."""
        from converters.mil import MilProgram

        program = MilProgram(path)
        require(path, found=program.tensors, expected=[name for name, _ in contract.shapes()])
        return program.run
