"""One student into every artifact, each proven, with the manifest written last."""

import multiprocessing
import os
import shutil
import subprocess
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import torch
from tqdm import tqdm

from converters import budgets, report
from converters.build import Built, build
from converters.calibration import LEAST_PHOTOS, MOST_PHOTOS, PhotoSample, sample_photos
from converters.formats import ALL_TARGETS, FORMATS, find_format
from converters.formats.base import Job, Target
from converters.parity import latency_ratio
from converters.quality import measure_gain
from converters.tracing import as_torch, example
from sdk.contract import Contract
from sdk.manifest import FILE_NAME, Manifest, Model, sha256
from training.checkpoint import load_student
from training.config import Recipe
from training.metrics import colorize, eager
from training.models.student import Student

SHOWN_PHOTOS = 6
_WORKERS = 2
_CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
_CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Export:
    """What was made.

    Attributes:
        manifest: Saved if and only if there are no failures.
        failures: A line for each figure that is out of bounds.
    """

    manifest: Manifest
    failures: list[str]


def export(checkpoint: Path, photos: Path, out: Path, targets: tuple[Target, ...] = ALL_TARGETS) -> Export:
    """Make every one of `targets` in `out`, with reports and checksums.

    Raises:
        CheckpointError: The checkpoint is missing, damaged or of another network.
        TooFewPhotosError: There are too few photos to calibrate and to prove with.
        UselessStudentError: The student is no better than leaving photos grey.
    """
    student = load_student(checkpoint)
    contract = student.network.contract
    samples = sample_photos(photos, side=contract.side, most=MOST_PHOTOS, least=LEAST_PHOTOS)
    proof = samples.proof
    gain = measure_gain(eager(student.network), proof)
    out.mkdir(parents=True, exist_ok=True)
    for last in (FILE_NAME, _CHECKSUMS):
        (out / last).unlink(missing_ok=True)  # from here to the end, the folder is not a model

    families = [tuple(family) for _, family in groupby(sorted(targets, key=_family), key=_family)]
    built = _build([Job(f, checkpoint, samples.calibration, proof, SHOWN_PHOTOS, out) for f in families])
    artifacts = [built[target.file].artifact for target in targets]
    ratios = _latencies(targets, proof, contract, out)
    others = gain | {
        "exported max_error": _export_error(student.network, proof),
        **{f"{name} int8/fp32 latency": ratio for name, ratio in ratios.items()},
    }
    failures = [line for artifact in artifacts for line in budgets.check_artifact(artifact)]
    failures += budgets.check("torch.export", {"max_error": others["exported max_error"]}, budgets.EXPORTED)
    for name, ratio in ratios.items():
        failures += budgets.check(name, {"int8_over_fp32": ratio}, budgets.LATENCY)
    manifest = Manifest(
        folder=out,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=_model(student.recipe),
        tensors=contract,
        artifacts=artifacts,
    )
    shown = proof.rgb[:SHOWN_PHOTOS]
    columns = {"eager student": [colorize(eager(student.network), truth) for truth in shown]}
    columns |= {artifact.path: built[artifact.path].pictures for artifact in artifacts}
    report.write(manifest, others, failures, report.contact_sheet(shown, columns))
    if not failures:
        _write_checksums(out, manifest)
        manifest.save()
    return Export(manifest, failures)


def bundle(manifest: Manifest, folder: Path) -> None:
    """Copy what the wheel ships, as each format says, with a manifest of that alone."""
    bundled = [
        artifact
        for artifact in manifest.artifacts
        if artifact.variant == "lab" and artifact.precision == find_format(artifact.backend).bundled
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for artifact in bundled:
        source, target = manifest.verify(artifact), folder / artifact.path
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, copy_function=shutil.copyfile)  # coremltools lets its owner alone read
        else:
            shutil.copyfile(source, target)
    Manifest(
        folder=folder,
        created=manifest.created,
        model=manifest.model,
        tensors=manifest.tensors,
        artifacts=bundled,
    ).save()


def _family(target: Target) -> tuple[bool, str, str]:
    """Targets of one family share slow steps, so one process makes them; those that take longest come first."""
    apart = find_format(target.format).job_per_precision
    return (not apart, target.format, target.precision if apart else "")


def _build(jobs: list[Job]) -> dict[str, Built]:
    """File name to what was built. A process each: the toolchains are heavy, and none of them shares well."""
    built: dict[str, Built] = {}
    # Where a system can, they begin where PyTorch is imported already.
    context = multiprocessing.get_context("forkserver" if _CAN_FORK else "spawn")
    context.set_forkserver_preload([build.__module__])
    total = sum(len(job.targets) for job in jobs)
    with (
        ProcessPoolExecutor(_WORKERS, mp_context=context, max_tasks_per_child=1, initializer=_begin_work) as pool,
        tqdm(total=total, desc="exporting", unit="artifact") as progress,
    ):
        for done in as_completed([pool.submit(build, job) for job in jobs]):
            built |= {one.artifact.path: one for one in done.result()}
            progress.update(len(done.result()))
    return built


def _begin_work() -> None:
    # Jobs run side by side, and threads that wait for a core by spinning slow them all: one thread a job.
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Else the worker of a killed export would go on writing, into the folder of the next one too."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _export_error(network: Student, proof: PhotoSample) -> float:
    """How far the exported program, which most artifacts come from, is from the eager student."""
    exported = torch.export.export(network, (example(network.contract),)).module()
    with torch.inference_mode():
        return max(
            float((answer - eager_answer).abs().max())
            for inputs in map(as_torch, proof.inputs(network.contract))
            for answer, eager_answer in zip(exported(inputs).values(), network(inputs).values(), strict=True)
        )


def _latencies(targets: tuple[Target, ...], proof: PhotoSample, contract: Contract, out: Path) -> dict[str, float]:
    """Latency of int8 over fp32 for each format that runs here at its own speed and has both."""
    made = {(target.format, target.precision): out / target.file for target in targets if target.variant == "lab"}
    inputs = proof.inputs(contract)[0]
    ratios: dict[str, float] = {}
    for name, format_ in FORMATS.items():
        pair = [made.get((name, precision)) for precision in ("int8", "fp32")]
        if format_.runs_here and all(pair):
            int8, fp32 = (format_.open(path, contract) for path in pair if path)
            ratios[name] = latency_ratio(int8, fp32, inputs)
    return ratios


def _model(recipe: Recipe) -> Model:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return Model(
        name="edge-colorizer student",
        version=version("edge-colorizer"),
        commit=answer.stdout.strip() or "unknown",  # outside a git checkout
        licence="Apache-2.0",
        training_data=list(recipe.training_data),
    )


def _write_checksums(out: Path, manifest: Manifest) -> None:
    """In `sha256sum -c` form: every file the artifacts are made of, and those that formats write beside them."""
    files = [
        file
        for artifact in manifest.artifacts
        for name in (artifact.path, *find_format(artifact.backend).beside(artifact.path))
        for file in _files(out / name)
    ]
    lines = [f"{sha256(file)}  {file.relative_to(out).as_posix()}\n" for file in files]
    (out / _CHECKSUMS).write_text("".join(lines))


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
