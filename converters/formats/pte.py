"""ExecuTorch: Android and iOS apps, on their processors."""

from pathlib import Path
from typing import TYPE_CHECKING

from converters.formats.base import Figures, Format, Job, Precision
from sdk.contract import Contract

if TYPE_CHECKING:
    from torch import nn

    from converters.to_executorch import Lowered
    from training.models.student import OneHead

BUNDLED_CASES = 4


class ExecuTorchFormat(Format):
    """A `.pte` program that XNNPACK runs, and a `.bpte` beside it: the same with photos and what it answers here."""

    name = "executorch"
    suffix = ".pte"
    precisions = (Precision(name="int8", grid="training's", calibrated=True), Precision(name="fp32"))
    bundled = "int8"
    oldest_runtime = "executorch 1.5"
    tools = ("torch", "torchao", "executorch")
    job_per_precision = True

    def write(self, job: Job, network: "OneHead") -> dict[str, Figures]:
        """See `Format.write`. Counts what is left outside XNNPACK."""
        from torch.fx.experimental.optimization import fuse

        from converters import to_executorch
        from converters.rgb import RgbNetwork

        folded: nn.Module = fuse(to_executorch.ByChannel(network.student))
        if job.targets[0].precision == "int8":
            folded = to_executorch.quantize(folded, job.calibration.inputs(network.contract))
        counts: dict[str, Figures] = {}
        for target in job.targets:
            whole = folded if target.variant == "lab" else RgbNetwork(folded, network.contract)
            lowered = to_executorch.lower(whole, target.contract(network.contract))
            path = job.out / target.file
            to_executorch.write_program(lowered, path)
            counts[target.file] = lowered.figures()
            if self.beside(target.file):
                self._write_bundled(lowered, job, network.contract, path)
        return counts

    def beside(self, file: str) -> tuple[str, ...]:
        """See `Format.beside`. The test cases of the program that phones run."""
        return (_cases(file),) if file == self.target("int8").file else ()

    def _write_bundled(self, lowered: "Lowered", job: Job, contract: Contract, path: Path) -> None:
        from converters.to_executorch import write_bundled

        run = self.open(path, contract)
        cases = [(inputs, run(inputs)) for inputs in job.proof.inputs(contract)[:BUNDLED_CASES]]
        write_bundled(lowered, cases, path.with_name(_cases(path.name)))


def _cases(program: str) -> str:
    return program.replace(".pte", ".bpte")
