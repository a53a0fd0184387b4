"""The model we ship, held to its bars on the evaluation photos."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from sdk.backends import open_backend
from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT
from training.checkpoint import load_student
from training.data import decode_rgb, find_photos
from training.evaluate import as_table, evaluate
from training.metrics import EVALUATION_SIZE, Network, Rgb, colorize, colourfulness, eager, grey, psnr

LARGEST_BYTES = 3_000_000  # a phone's download
LEAST_PSNR = 23.85  # grey is 22.30 dB on the same photos
LEAST_COLOURFULNESS = 20.0
LARGEST_QUANTIZATION_LOSS = 0.10  # dB


def test_it_is_small() -> None:
    artifacts = load_manifest(BUNDLED_MODEL).artifacts
    assert {one.precision for one in artifacts} == {"int8"}
    assert {one.backend for one in artifacts} >= {"onnx", "litert"}
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
    int8 = Network(backend.run, manifest.tensors)
    fp32 = eager(load_student(PROJECT / "training" / "weights" / "student.safetensors").network)
    truths = [decode_rgb(content, EVALUATION_SIZE) for _, content in find_photos(eval_photos)]
    coloured = [colorize(int8, truth) for truth in truths]

    def mean_psnr(pictures: Iterable[Rgb]) -> float:
        return float(np.mean([psnr(picture, truth) for picture, truth in zip(pictures, truths, strict=True)]))

    assert mean_psnr(map(grey, truths)) == pytest.approx(22.296, abs=0.002)
    assert mean_psnr(coloured) >= LEAST_PSNR
    assert np.mean([colourfulness(picture) for picture in coloured]) >= LEAST_COLOURFULNESS
    assert mean_psnr(colorize(fp32, truth) for truth in truths) - mean_psnr(coloured) <= LARGEST_QUANTIZATION_LOSS
