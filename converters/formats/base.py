"""What a kind of artifact is: everything about it that anything else asks, in one object."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from converters.errors import UnknownTargetError
from sdk.backends import open_backend
from sdk.contract import LIGHTNESS, Contract, Run, TensorSpec

if TYPE_CHECKING:  # PyTorch, which nobody needs who only asks what there is
    from converters.calibration import PhotoSample
    from training.models.student import OneHead

Variant = Literal["lab", "rgb"]
Figures = Mapping[str, float]

PHOTO = TensorSpec(name="photo", stride=1, scale=(1.0, 1.0, 1.0), meaning="sRGB levels in [0, 255]")
COLOURED = TensorSpec(name="coloured", stride=1, scale=(1.0, 1.0, 1.0), meaning="sRGB levels in [0, 255]")


def rgb_contract(network: Contract) -> Contract:
    """A photo in place of its lightness, and the coloured photo in place of all answers."""
    inputs = tuple(PHOTO if spec == LIGHTNESS else spec for spec in network.inputs)
    return Contract(side=network.side, inputs=inputs, outputs=(COLOURED,))


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How an artifact's numbers are stored.

    Attributes:
        name: "fp32", "fp16", "int8" or "palette6" (weights of 64 shared values).
        grid: Which values weights are rounded to: those that training may have rounded to already, or others; None
            where they are not rounded to so few.
        calibrated: Whether photos decide some of its numbers.
    """

    name: str
    grid: Literal["training's", "its own"] | None = None
    calibrated: bool = False

    def quantization(self, *, trained: bool) -> str | None:
        """What a manifest says: "qat" where training rounded its weights to this very grid, "ptq" to another."""
        if self.grid is None:
            return None
        return "qat" if trained and self.grid == "training's" else "ptq"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One artifact to make; `converters.formats.target` has each.

    Attributes:
        format: Name of its format, which is that of the SDK's backend that opens it.
        precision: Name of its precision.
        variant: "lab" (the tensor contract) or "rgb" (photo in, photo out).
        file: Its name in the output folder.
    """

    format: str
    precision: str
    variant: Variant
    file: str

    def contract(self, network: Contract) -> Contract:
        """Its tensors: the network's, or those of the photo variant of it."""
        return network if self.variant == "lab" else rgb_contract(network)


@dataclass(frozen=True)
class Job:
    """Targets of one format that share the slow steps of its toolchain, made in a process of their own.

    Attributes:
        targets: "lab" before "rgb".
        checkpoint: The student.
        calibration: Photos that decide what rounding leaves open.
        proof: Other photos, to measure on.
        shown: How many of `proof` to give back as pictures.
        out: Where to write.
    """

    targets: tuple[Target, ...]
    checkpoint: Path
    calibration: "PhotoSample"
    proof: "PhotoSample"
    shown: int
    out: Path


class Format(ABC):
    """One kind of artifact. To add one: a module here, and its line in `converters.formats.FORMATS`.

    Attributes:
        name: Of the SDK's backend that opens it.
        suffix: Of its files, or folders, which are hashed as `sdk.manifest.sha256` says.
        precisions: The preferred one first: it is what the SDK takes.
        variants: Which there are.
        bundled: Name of the precision that the wheel holds, so that the backend works as installed; None for none.
        oldest_runtime: The oldest that is known to open it.
        tools: Packages that write it.
        runs_here: Whether it runs at its own speed on any operating system.
        job_per_precision: Whether its precisions share no slow step, and are made side by side.
    """

    name: str
    suffix: str
    precisions: tuple[Precision, ...]
    variants: tuple[Variant, ...] = ("lab", "rgb")
    bundled: str | None = None
    oldest_runtime: str
    tools: tuple[str, ...]
    runs_here: bool = True
    job_per_precision: bool = False

    @abstractmethod
    def write(self, job: Job, network: "OneHead") -> Mapping[str, Figures]:
        """Write a job's artifacts. Returns what was counted on the way, by file."""

    def open(self, path: Path, contract: Contract) -> Run:
        """Something that runs an artifact here."""
        return open_backend(self.name, path, contract).run

    def beside(self, file: str) -> tuple[str, ...]:  # noqa: ARG002 - of use to formats that have some
        """Names of the files that are written beside an artifact."""
        return ()

    def precision(self, name: str) -> Precision:
        """One of the precisions.

        Raises:
            UnknownTargetError: There is none of that name.
        """
        known = {precision.name: precision for precision in self.precisions}
        if name not in known:
            raise UnknownTargetError(f"{self.name} has no precision {name!r}; choose one of: {', '.join(known)}.")
        return known[name]

    def target(self, precision: str, variant: Variant = "lab") -> Target:
        """One of the artifacts it can be.

        Raises:
            UnknownTargetError: There is no such precision or variant.
        """
        if variant not in self.variants:
            raise UnknownTargetError(
                f"{self.name} has no variant {variant!r}; choose one of: {', '.join(self.variants)}."
            )
        mark = "" if variant == "lab" else f"-{variant}"
        file = f"student-{self.precision(precision).name}{mark}{self.suffix}"
        return Target(format=self.name, precision=precision, variant=variant, file=file)

    def targets(self) -> tuple[Target, ...]:
        """All of them, the preferred ones first."""
        return tuple(self.target(precision.name, variant) for variant in self.variants for precision in self.precisions)
