"""Turn one student into every artifact, prove each, and write the manifest last.

    python -m converters.export_all --checkpoint student.safetensors --photos shards/ --out artifacts/

Exit codes: 0 done; 1 an artifact is out of bounds (a table says which and by how much) and no manifest is
written; 2 an input is unusable.
"""

import argparse
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from tqdm import tqdm

from converters.calibration import PhotoSample, sample_photos
from converters.parity import BOUNDS, measure_parity
from converters.recipe import RECIPES, ExportRecipe
from converters.to_executorch import fold_norms, lower, quantize, write_program
from converters.to_onnx import export_fp32, export_int8
from sdk.backends import open_backend
from sdk.manifest import FILE_NAME, Artifact, Manifest, Model, Tensors, sha256
from training.checkpoint import CheckpointError, NetworkFile, load_student
from training.data import EmptyDatasetError
from training.metrics import as_predict_ab
from training.models.student import Student

CALIBRATION_PHOTOS = 128
PARITY_PHOTOS = 32
TENSORS = Tensors()


def export_all(checkpoint: Path, photos: Path, out: Path) -> tuple[Manifest, list[str]]:
    """Make every artifact of `RECIPES` in `out`.

    Returns:
        The manifest, saved if and only if nothing is out of bounds, and a line for each figure that is.

    Raises:
        CheckpointError: The checkpoint is missing, damaged or of another network.
        EmptyDatasetError: There are no photos to calibrate with.
    """
    student = load_student(checkpoint)
    calibration = sample_photos(photos, count=CALIBRATION_PHOTOS, side=TENSORS.side, salt="calibration")
    proof = sample_photos(photos, count=PARITY_PHOTOS, side=TENSORS.side, salt="parity")
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE_NAME).unlink(missing_ok=True)  # from here to the end, the folder is not a model

    _write_onnx(student, calibration, out)
    _write_executorch(student, calibration, out)
    artifacts = [_describe(recipe, student, calibration, proof, out) for recipe in tqdm(RECIPES, desc="proving")]
    manifest = Manifest(
        folder=out,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=Model(
            name="edge-colorizer student",
            version=version("edge-colorizer"),
            commit=_commit(),
            licence="Apache-2.0",
            training_data=list(student.recipe.training_data),
        ),
        tensors=TENSORS,
        artifacts=artifacts,
    )
    failures = out_of_bounds(artifacts)
    if not failures:
        manifest.save()
    return manifest, failures


def bundle(manifest: Manifest, folder: Path) -> None:
    """Copy what the wheel ships, the first artifact for ONNX Runtime, with a manifest of it alone."""
    artifact = manifest.find_artifact("onnx", None)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(manifest.verify(artifact), folder / artifact.path)
    Manifest(
        folder=folder,
        created=manifest.created,
        model=manifest.model,
        tensors=manifest.tensors,
        artifacts=[artifact],
    ).save()


def out_of_bounds(artifacts: list[Artifact]) -> list[str]:
    """One line for each measured figure that its bound does not allow."""
    return [
        f"{artifact.path}: {bound.figure} is {artifact.parity[bound.figure]:.4g}, "
        f"must be {'at least' if bound.at_least else 'at most'} {bound.limit:g} ({bound.reason})"
        for artifact in artifacts
        for bound in BOUNDS[artifact.precision]
        if not bound.holds(artifact.parity[bound.figure])
    ]


def _write_onnx(student: NetworkFile[Student], calibration: PhotoSample, out: Path) -> None:
    files = {recipe.precision: out / recipe.file for recipe in RECIPES if recipe.backend == "onnx"}
    export_fp32(student.network, TENSORS, files["fp32"])
    export_int8(files["fp32"], calibration.lightness(), TENSORS, files["int8"])


def _write_executorch(student: NetworkFile[Student], calibration: PhotoSample, out: Path) -> None:
    files = {recipe.precision: out / recipe.file for recipe in RECIPES if recipe.backend == "executorch"}
    folded = fold_norms(student.network)
    example = torch.zeros(TENSORS.input_shape)
    write_program(lower(folded, example), files["fp32"])
    write_program(lower(quantize(folded, calibration.lightness()), example), files["int8"])


def _describe(
    recipe: ExportRecipe, student: NetworkFile[Student], calibration: PhotoSample, proof: PhotoSample, out: Path
) -> Artifact:
    path = out / recipe.file
    backend = open_backend(recipe.backend, path, TENSORS)
    parity = measure_parity(backend.predict_ab, as_predict_ab(student.network), proof.rgb)
    backend.close()
    return Artifact(
        backend=recipe.backend,
        path=recipe.file,
        sha256=sha256(path),
        bytes=path.stat().st_size,
        variant="lab",
        precision=recipe.precision,
        quantization=("qat" if student.recipe.round_weights else "ptq") if recipe.precision == "int8" else None,
        calibration=calibration.sha256 if recipe.precision == "int8" else None,
        tools={name: version(name) for name in ("torch", "onnx", "onnxruntime", "executorch", "torchao")},
        minimum_runtime=recipe.minimum_runtime,
        parity={figure: round(value, 6) for figure, value in parity.items()},
    )


def _commit() -> str:
    """The source's commit, or "unknown" outside a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def _table(artifacts: list[Artifact]) -> str:
    head = f"{'artifact':<20} {'KB':>7} {'max error':>10} {'SQNR dB':>8} {'PSNR drop':>10} {'CIEDE2000':>10}"
    rows = [
        f"{a.path:<20} {a.bytes / 1000:>7.0f} {a.parity['max_error']:>10.2g} {a.parity['sqnr_db']:>8.1f} "
        f"{a.parity['psnr_drop_db']:>10.3f} {a.parity['ciede2000']:>10.2f}"
        for a in artifacts
    ]
    return "\n".join([head, *rows])


def main(arguments: list[str] | None = None) -> int:
    """Export, and say what was made. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m converters.export_all", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="student.safetensors of a training run")
    parser.add_argument("--photos", type=Path, required=True, help="real photos: tar shards or a folder")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artifacts and manifest.json")
    parser.add_argument("--bundle", type=Path, help="also copy what the wheel ships to this folder (sdk/models)")
    options = parser.parse_args(arguments)
    try:
        manifest, failures = export_all(options.checkpoint, options.photos, options.out)
    except (CheckpointError, EmptyDatasetError, OSError) as error:
        print(f"export_all: {error}", file=sys.stderr)
        return 2
    print(_table(manifest.artifacts))
    if failures:
        print("out of bounds:", *failures, sep="\n  ", file=sys.stderr)
        return 1
    if options.bundle:
        bundle(manifest, options.bundle)
    return 0


if __name__ == "__main__":
    sys.exit(main())
