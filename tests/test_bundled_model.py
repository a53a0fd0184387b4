"""The model we ship, held to its bars on the evaluation photos."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sdk.backends import open_backend
from sdk.colorizer import BUNDLED_MODEL
from sdk.look import DEFAULT_VIVIDNESS
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT
from training.data import decode_rgb, find_photos
from training.evaluate import as_table, evaluate
from training.metrics import EVALUATION_SIZE, Network, colorize, colourfulness, grey, paint, psnr

LARGEST_BYTES = 3_000_000  # a phone's download
# By vividness, dB and colourfulness; grey has 22.30 dB and 0 on the same photos.
LEAST = {0.0: (23.95, 18.5), DEFAULT_VIVIDNESS: (23.50, 26.0), 1.0: (22.75, 33.0)}
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


def test_it_meets_its_bars_on_the_evaluation_photos(eval_photos: Path, bundled_fp32: Path) -> None:
    manifest = load_manifest(BUNDLED_MODEL)
    files = {"int8": manifest.verify(manifest.find_artifact("onnx", "int8")), "fp32": bundled_fp32}
    int8, fp32 = (
        Network(open_backend("onnx", path, manifest.tensors, threads=1).run, manifest.tensors)
        for path in files.values()
    )
    truths = [decode_rgb(content, EVALUATION_SIZE) for _, content in find_photos(eval_photos)]
    assert np.mean([psnr(grey(truth), truth) for truth in truths]) == pytest.approx(22.296, abs=0.002)

    def measured(network: Network) -> npt.NDArray[np.float64]:
        """Mean dB and colourfulness at each vividness, which takes one answer a photo."""
        rows = []
        for truth in truths:
            answers = network.run(network.contract.encode(truth))
            pictures = [paint(truth, network.contract.chroma(answers, vividness=vividness)) for vividness in LEAST]
            rows.append([(psnr(picture, truth), colourfulness(picture)) for picture in pictures])
        return np.mean(rows, axis=0)

    reached = measured(int8)
    assert (reached >= list(LEAST.values())).all(), reached
    assert np.abs(measured(fp32) - reached)[:, 0].max() <= LARGEST_QUANTIZATION_LOSS
    hinted = replace(int8, hints=10)
    assert np.mean([psnr(colorize(hinted, truth), truth) for truth in truths]) >= LEAST_WITH_TEN_HINTS


@pytest.mark.parametrize(
    ("figures", "page"),
    [
        ("quality.json", BUNDLED_MODEL / "MODEL_CARD.md"),
        ("hints.json", PROJECT / "docs" / "evaluation.md"),
        ("held-out.json", PROJECT / "docs" / "evaluation.md"),
        ("ablation.json", PROJECT / "docs" / "training.md"),
        ("twins.json", PROJECT / "docs" / "training.md"),
        ("teachers.json", PROJECT / "docs" / "training.md"),
    ],
)
def test_the_pages_show_what_a_command_measured(figures: str, page: Path) -> None:
    rows = {
        name: {metric: float("inf") if value is None else value for metric, value in row.items()}
        for name, row in json.loads((PROJECT / "docs" / "benchmarks" / figures).read_text()).items()
    }
    assert as_table(rows) in page.read_text()
