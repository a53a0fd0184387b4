"""Make and prove the artifacts of one family: those that share the slow steps of their toolchain."""

import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

from converters.calibration import PhotoSample
from converters.parity import measure_parity, measure_rgb_parity, run_rgb
from converters.positional import Positional, examples
from converters.recipe import ExportRecipe
from converters.rgb import INPUT_NAME, OUTPUT_NAME
from sdk.backends import open_backend
from sdk.color import Uint8Array
from sdk.contract import Contract, Run
from sdk.manifest import Artifact, sha256
from training.checkpoint import NetworkFile, load_student
from training.metrics import Network, colorize, eager
from training.models.student import Student

BUNDLED_CASES = 4
_TOOLS = {
    "onnx": ("torch", "onnx", "onnxruntime"),
    "executorch": ("torch", "torchao", "executorch"),
    "coreml": ("torch", "coremltools"),
}


@dataclass(frozen=True)
class Job:
    """One family of artifacts to make, in a process of its own.

    Attributes:
        recipes: Of one backend, "lab" before "rgb".
        checkpoint: The student.
        calibration: Photos that set quantization ranges.
        proof: Other photos, to measure on.
        shown: How many of `proof` to give back as pictures.
        out: Where to write.
    """

    recipes: tuple[ExportRecipe, ...]
    checkpoint: Path
    calibration: PhotoSample
    proof: PhotoSample
    shown: int
    out: Path


@dataclass(frozen=True)
class Built:
    """An artifact, and what it makes of the first photos of the proof."""

    artifact: Artifact
    pictures: list[Uint8Array]


def build(job: Job) -> list[Built]:
    """Make a job's artifacts and measure each."""
    student = load_student(job.checkpoint)
    counts = _WRITERS[job.recipes[0].backend](job, student)
    return [_prove(job, recipe, student, counts.get(recipe.file, {})) for recipe in job.recipes]


def open_artifact(recipe: ExportRecipe, path: Path, contract: Contract) -> Run:
    """Something that runs an artifact here, "rgb" or not: Core ML programs through `converters.mil`."""
    if recipe.backend == "coreml":
        from converters.mil import MilProgram

        return MilProgram(path).run
    if recipe.variant == "lab":
        return open_backend(recipe.backend, path, contract).run
    return _open_onnx(path) if recipe.backend == "onnx" else _open_executorch(path)


def _open_onnx(path: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda inputs: {OUTPUT_NAME: np.asarray(session.run([OUTPUT_NAME], inputs)[0])}


def _open_executorch(path: Path) -> Run:
    from executorch.runtime import Runtime

    method = Runtime.get().load_program(path).load_method("forward")
    assert method is not None
    return lambda inputs: {OUTPUT_NAME: method.execute((torch.from_numpy(inputs[INPUT_NAME]),))[0].numpy()}


def _prove(job: Job, recipe: ExportRecipe, student: NetworkFile[Student], counts: dict[str, float]) -> Built:
    path = job.out / recipe.file
    contract = student.network.contract
    run = open_artifact(recipe, path, contract)
    shown = job.proof.rgb[: job.shown]
    if recipe.variant == "lab":
        artifact = Network(run, contract)
        parity = measure_parity(artifact, eager(student.network), job.proof.rgb)
        pictures = [colorize(artifact, truth) for truth in shown]
    else:
        twin = ExportRecipe(backend=recipe.backend, precision=recipe.precision)
        lab = Network(open_artifact(twin, job.out / twin.file, contract), contract)
        parity = measure_rgb_parity(run, lab, job.proof.rgb)
        pictures = [run_rgb(run, truth) for truth in shown]
    calibrated = recipe.precision == "int8" and recipe.backend != "coreml"
    artifact = Artifact(
        backend=recipe.backend,
        path=recipe.file,
        sha256=sha256(path),
        bytes=_size(path),
        variant=recipe.variant,
        precision=recipe.precision,
        quantization=_quantization(recipe, student),
        calibration=job.calibration.sha256 if calibrated else None,
        tools={name: version(name) for name in _TOOLS[recipe.backend]},
        minimum_runtime=recipe.minimum_runtime,
        parity={figure: round(value, 6) for figure, value in (parity | counts).items()},
    )
    return Built(artifact, pictures)


def _quantization(recipe: ExportRecipe, student: NetworkFile[Student]) -> str | None:
    if not recipe.is_quantized:
        return None
    # Training rounds to a grid of 8 bits or fewer; a palette is found afterwards.
    return "qat" if student.recipe.round_weights and recipe.precision == "int8" else "ptq"


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _write_onnx(job: Job, student: NetworkFile[Student]) -> dict[str, dict[str, float]]:
    from converters.to_onnx import export_fp32, export_int8, export_rgb

    contract = student.network.contract
    with tempfile.TemporaryDirectory() as folder:
        fp32 = Path(folder) / "fp32.onnx"
        export_fp32(student.network, contract, fp32)
        for recipe in job.recipes:
            path = job.out / recipe.file
            if recipe.variant == "rgb":
                export_rgb(path.with_name(path.name.replace("-rgb", "")), contract, path)
            elif recipe.precision == "int8":
                export_int8(fp32, job.calibration.inputs(contract), path)
            else:
                path.write_bytes(fp32.read_bytes())
    return {}


def _write_executorch(job: Job, student: NetworkFile[Student]) -> dict[str, dict[str, float]]:
    from converters import to_executorch
    from converters.rgb import RgbNetwork

    contract = student.network.contract
    network: nn.Module = Positional(fuse(student.network), contract)
    if job.recipes[0].precision == "int8":
        network = to_executorch.quantize(network, contract, job.calibration.inputs(contract))
    counts: dict[str, dict[str, float]] = {}
    for recipe in job.recipes:
        path = job.out / recipe.file
        if recipe.variant == "lab":
            lowered = to_executorch.lower(network, examples(contract))
        else:
            photo = torch.full((1, 3, contract.side, contract.side), 128.0)
            lowered = to_executorch.lower(RgbNetwork(network, contract), (photo,))
        to_executorch.write_program(lowered, path)
        counts[recipe.file] = {
            "xnnpack_subgraphs": lowered.subgraphs,
            "portable_operators": sum(lowered.portable.values()),
        }
        if recipe.variant == "lab" and recipe.precision == "int8":
            run = open_artifact(recipe, path, contract)
            cases = [(inputs, run(inputs)) for inputs in job.proof.inputs(contract)[:BUNDLED_CASES]]
            to_executorch.write_bundled(lowered, contract, cases, path.with_suffix(".bpte"))
    return counts


def _write_coreml(job: Job, student: NetworkFile[Student]) -> dict[str, dict[str, float]]:
    from converters import to_coreml

    contract = student.network.contract
    network = to_coreml.with_half_weights(fuse(student.network), job.calibration.inputs(contract))
    compress = {
        "int8": to_coreml.quantize_weights,
        "palette6": to_coreml.palettize_weights,
        "fp16": lambda model: model,
    }
    convert = {"lab": to_coreml.convert, "rgb": to_coreml.convert_rgb}
    converted = {variant: convert[variant](network, contract) for variant in {r.variant for r in job.recipes}}
    for recipe in job.recipes:
        model = compress[recipe.precision](converted[recipe.variant])
        to_coreml.save(model, job.out / recipe.file, version=version("edge-colorizer"))
    return {}


_WRITERS = {"onnx": _write_onnx, "executorch": _write_executorch, "coreml": _write_coreml}
