"""The model we ship, held to its bars on the evaluation photos."""

from pathlib import Path

import pytest

from sdk.backends import open_backend
from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT
from training.checkpoint import load_student
from training.evaluate import as_table, evaluate
from training.metrics import Network, eager

LARGEST_BYTES = 3_000_000  # a phone's download
LEAST_PSNR = 23.85  # grey is 22.30 dB on the same photos
LEAST_COLOURFULNESS = 20.0
LARGEST_QUANTIZATION_LOSS = 0.10  # dB


def test_it_is_small() -> None:
    artifacts = load_manifest(BUNDLED_MODEL).artifacts
    assert [(one.backend, one.precision) for one in artifacts] == [("onnx", "int8"), ("litert", "int8")]
    assert max(one.bytes for one in artifacts) <= LARGEST_BYTES


def test_it_beats_grey_on_the_bundled_photos() -> None:
    manifest = load_manifest(BUNDLED_MODEL)
    artifact = manifest.find_artifact("onnx", "int8")
    backend = open_backend("onnx", manifest.verify(artifact), manifest.tensors)
    rows = evaluate({"int8": Network(backend.run, manifest.tensors)}, PHOTOS)
    assert rows["int8"]["psnr"] > rows["grey"]["psnr"] + 1, as_table(rows)
    assert rows["int8"]["ciede2000"] < rows["grey"]["ciede2000"], as_table(rows)


def test_it_meets_its_bars_on_the_evaluation_photos(eval_photos: Path) -> None:
    manifest = load_manifest(BUNDLED_MODEL)
    backend = open_backend("onnx", manifest.verify(manifest.find_artifact("onnx", "int8")), manifest.tensors)
    student = load_student(PROJECT / "training" / "weights" / "student.safetensors")
    networks = {"int8": Network(backend.run, manifest.tensors), "fp32": eager(student.network)}
    rows = evaluate(networks, eval_photos)
    print(as_table(rows))
    assert rows["grey"]["psnr"] == pytest.approx(22.296, abs=0.002)
    assert rows["int8"]["psnr"] >= LEAST_PSNR
    assert rows["int8"]["colourfulness"] >= LEAST_COLOURFULNESS
    assert rows["fp32"]["psnr"] - rows["int8"]["psnr"] <= LARGEST_QUANTIZATION_LOSS
