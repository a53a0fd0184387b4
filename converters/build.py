"""Make and prove the artifacts of one job."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from converters.formats import find_format
from converters.formats.base import Figures, Job, Target
from converters.parity import measure_parity, measure_rgb_parity
from sdk.color import Uint8Array
from sdk.manifest import Artifact, sha256
from training.checkpoint import NetworkFile, load_student
from training.metrics import Network, eager
from training.models.student import OneHead, Student


@dataclass(frozen=True)
class Built:
    """An artifact, and what it makes of the first photos of the proof."""

    artifact: Artifact
    pictures: list[Uint8Array]


def build(job: Job) -> list[Built]:
    """Make a job's artifacts and measure each."""
    student = load_student(job.checkpoint)
    counts = find_format(job.targets[0].format).write(job, OneHead(student.network))
    return [_prove(job, target, student, counts.get(target.file, {})) for target in job.targets]


def _prove(job: Job, target: Target, student: NetworkFile[Student], counts: Figures) -> Built:
    format_ = find_format(target.format)
    contract = student.network.contract
    path = job.out / target.file
    run = format_.open(path, target.contract(contract))
    if target.variant == "lab":
        parity = measure_parity(Network(run, contract), eager(student.network), job.proof)
    else:
        twin = format_.open(job.out / format_.target(target.precision).file, contract)
        parity = measure_rgb_parity(run, Network(twin, contract), job.proof)
    precision = format_.precision(target.precision)
    artifact = Artifact(
        backend=target.format,
        path=target.file,
        sha256=sha256(path),
        bytes=_size(path),
        variant=target.variant,
        precision=target.precision,
        quantization=precision.quantization(trained=student.recipe.round_weights),
        calibration=job.calibration.sha256 if precision.calibrated else None,
        tools={name: version(name) for name in format_.tools},
        minimum_runtime=format_.oldest_runtime,
        parity={figure: round(value, 6) for figure, value in (parity.figures | dict(counts)).items()},
    )
    return Built(artifact, parity.pictures[: job.shown])


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
