"""The model we ship, held to its bars on the evaluation photos."""

import json
from collections.abc import Iterable
from dataclasses import replace
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
# By vividness, dB and colourfulness; grey has 22.30 dB and 0 on the same photos.
LEAST = {0.0: (23.8, 17.5), 0.5: (23.6, 20.0), 1.0: (22.9, 24.0)}
LEAST_WITH_TEN_HINTS = 25.5  # dB
LARGEST_QUANTIZATION_LOSS = 0.06  # dB


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

    def coloured(network: Network, **asked: float) -> list[Rgb]:
        return [colorize(replace(network, **asked), truth) for truth in truths]

    def mean_psnr(pictures: Iterable[Rgb]) -> float:
        return float(np.mean([psnr(picture, truth) for picture, truth in zip(pictures, truths, strict=True)]))

    assert mean_psnr(map(grey, truths)) == pytest.approx(22.296, abs=0.002)
    for vividness, (least_psnr, least_colourfulness) in LEAST.items():
        pictures = coloured(int8, vividness=vividness)
        assert mean_psnr(pictures) >= least_psnr
        assert np.mean([colourfulness(picture) for picture in pictures]) >= least_colourfulness
        assert abs(mean_psnr(coloured(fp32, vividness=vividness)) - mean_psnr(pictures)) <= LARGEST_QUANTIZATION_LOSS
    assert mean_psnr(coloured(int8, hints=10)) >= LEAST_WITH_TEN_HINTS


@pytest.mark.parametrize(
    ("figures", "page"),
    [("quality.json", BUNDLED_MODEL / "MODEL_CARD.md"), ("hints.json", PROJECT / "docs" / "evaluation.md")],
)
def test_the_pages_show_what_a_command_measured(figures: str, page: Path) -> None:
    rows = {
        name: {metric: float("inf") if value is None else value for metric, value in row.items()}
        for name, row in json.loads((PROJECT / "docs" / "benchmarks" / figures).read_text()).items()
    }
    assert as_table(rows) in page.read_text()
