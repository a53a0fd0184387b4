"""The published networks are the published ones, the reports say what was measured, and our ratios do not regress."""

import json
from pathlib import Path
from time import sleep

import numpy as np
import onnxruntime
import pytest
import torch

from benchmarks import __main__ as command
from benchmarks import cluster, protocols, report
from benchmarks.networks import NetworkFigures, measure_networks
from benchmarks.peers import PEERS, multiply_adds
from benchmarks.roofline import Layer, Peaks, measure_layers
from benchmarks.timing import Duration, ProcessCost, cost_of, interleave
from converters import budgets
from converters.tracing import example
from sdk import Colorizer
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import INPUTS
from sdk.manifest import load_manifest
from tests.conftest import PROJECT
from training import metrics
from training.checkpoint import load_student
from training.data import decode_rgb
from training.models.student import parameter_count

CHECKPOINT = PROJECT / "training" / "weights" / "student.safetensors"
COST = ProcessCost(seconds=0.2, cpu_seconds=0.2, peak_mb=100.0)

# Parameters in millions as published, and multiply-adds in 10⁹ at 256 pixels worked out from the papers' tables.
PUBLISHED = {
    "Zhang 2016": (32.2, 41.8),
    "Zhang 2017": (34.2, 75.2),
    "pix2pix": (54.4, 6.0),
    "DDColor-tiny": (55.0, 24.3),
}


@pytest.mark.parametrize("name", PEERS)
def test_a_published_network_has_the_published_size(name: str) -> None:
    network = PEERS[name]().eval()
    parameters, count = PUBLISHED[name]
    assert parameter_count(network) / 1e6 == pytest.approx(parameters, abs=0.06)
    assert multiply_adds(network, torch.zeros(1, 1, 256, 256)) / 1e9 == pytest.approx(count, rel=0.01)


def test_a_convolutions_multiply_adds_are_counted() -> None:
    assert multiply_adds(torch.nn.Conv2d(1, 2, 3, padding=1), torch.zeros(1, 1, 8, 8)) == 8 * 8 * 2 * 9


@pytest.mark.clock
def test_the_bundled_network_keeps_its_lead_over_full_precision(bundled_fp32: Path) -> None:
    """Looser than the benchmark's own bound: busy machines measure 1.2 to 1.4, and this must not fail by chance."""
    manifest = load_manifest(BUNDLED_MODEL)
    int8 = manifest.verify(manifest.find_artifact("onnx", "int8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = [onnxruntime.InferenceSession(path, options) for path in (int8, bundled_fp32)]
    inputs = {name: np.zeros(shape, np.float32) for name, shape in manifest.tensors.shapes() if name in INPUTS}
    ways = {name: lambda s=session: s.run(None, inputs) for name, session in zip("ab", sessions, strict=True)}
    turns = interleave(ways, rounds=15)
    assert turns["b"].seconds / turns["a"].seconds > 1


def test_layers_add_up_to_the_network(bundled_fp32: Path) -> None:
    peaks = Peaks({"fp32": 1e10, "int8": 2e10}, 1e10)
    manifest = load_manifest(BUNDLED_MODEL)
    student = load_student(CHECKPOINT).network
    expected = multiply_adds(student, example(student.contract))
    for precision, path in {"int8": manifest.verify(manifest.artifacts[0]), "fp32": bundled_fp32}.items():
        layers = measure_layers(path, precision, peaks)
        computed = sum(layer.multiply_adds for layer in layers) / expected
        # In full precision ONNX Runtime pads channels to the width of a vector: 24 to 32, a hint's 5 to 16.
        assert 0.98 < computed < (1.02 if precision == "int8" else 1.08)
        assert layers == sorted(layers, key=lambda layer: -layer.seconds)


def test_a_duration_is_told_by_the_clock_and_by_the_processor() -> None:
    turns = interleave({"wait": lambda: sleep(0.05), "work": lambda: sum(range(1_000_000))}, rounds=3)
    assert turns["wait"].seconds >= 0.05 > 5 * turns["wait"].cpu_seconds
    assert turns["work"].cpu_seconds > turns["wait"].cpu_seconds


def test_a_process_tells_its_cost() -> None:
    idle = cost_of("", runs=1)
    busy = cost_of("import time\nkept = b'1' * 50_000_000\nwhile time.process_time() < 0.3: pass", runs=1)
    assert busy.peak_mb > idle.peak_mb + 45
    assert busy.cpu_seconds >= 0.3 > idle.cpu_seconds
    assert busy.seconds > 0.3


def took(seconds: float) -> Duration:
    return Duration(seconds, cpu_seconds=seconds)


def measurements() -> report.Measurements:
    def row(name: str, milliseconds: float, size: int) -> NetworkFigures:
        latency = {1: took(milliseconds / 1000), 2: took(milliseconds / 1500)}
        return NetworkFigures(name, "onnx", 2_000_000, 10**9, size, latency, COST)

    networks = [
        row("ours int8", 10, 2_500_000),
        row("ours fp32", 20, 8_500_000),
        row("Zhang 2017", 1000, 137_000_000),
        row("DDColor-tiny", 400, 220_000_000),
    ]
    photo = {"decode": took(0.1), "network, resizing and merge": took(0.3), "encode": took(0.2)}
    start = {"import sdk": COST, "first coloured photo": COST}
    folder = {"1": 10.0, "2": 18.0}
    layers = [Layer("QLinearConv 1×8×8×4, 9 each", 1e-4, 2304, 600, 0.5), Layer("Resize", 2e-4, 0, 600, 0.1)]
    return report.Measurements(
        networks,
        photo,
        start,
        folder,
        Peaks({"fp32": 1e10, "int8": 2e10}, 1e10),
        {"int8": layers},
        command.ratios(networks, photo, start, folder),
    )


def test_networks_take_turns_whatever_they_take_and_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.networks.PEERS", {"as large as it sees": lambda: torch.nn.Conv2d(1, 2, 1)})
    rows = {row.name: row for row in measure_networks(load_manifest(BUNDLED_MODEL), CHECKPOINT, tmp_path, rounds=1)}
    assert set(rows) == {"ours int8", "ours int8, executorch", "ours int8, litert", "as large as it sees"}
    assert rows["ours int8"].runtime == "onnx"
    for row in rows.values():
        assert set(row.latency) == {1, 2}
        assert row.cost is None or row.cost.peak_mb > 5


def test_ratios_are_what_their_names_say_and_each_is_bounded() -> None:
    figures = measurements().ratios
    assert figures["zhang_2017_over_int8"] == pytest.approx(100)
    assert figures["fp32_over_int8"] == pytest.approx(2)
    assert figures["ours_over_jpeg"] == pytest.approx(1)
    assert figures["two_workers_over_one"] == pytest.approx(1.8)
    bounds = {bound.figure for bound in budgets.budgets(command.BUDGETS)["ratios"]}
    assert bounds == set(figures) | {"fp32_over_int8_executorch"}


def test_a_ratio_that_regressed_is_named() -> None:
    worse = {**measurements().ratios, "ddcolor_tiny_over_int8": 20.0}
    assert budgets.check("benchmarks", measurements().ratios, "ratios", source=command.BUDGETS) == []
    (complaint,) = budgets.check("benchmarks", worse, "ratios", source=command.BUDGETS)
    assert "ddcolor_tiny_over_int8 is 20, must be at least 35" in complaint


def test_the_report_is_for_people_and_machines(tmp_path: Path) -> None:
    text = report.write(measurements(), ["too slow"], tmp_path)
    assert "| MB | ms, 1 thread | ms, 2 threads | CPU ms | times ours | peak MB |" in text
    assert "| Zhang 2017 | 2.00 | 1.00 | 137.0 | 1000.0 | 666.7 | 1000.0 | 100.00 | 100 |" in text
    assert "- too slow" in text
    content = json.loads((tmp_path / "benchmarks.json").read_text())
    assert content["complaints"] == ["too slow"]
    assert content["machine"]["cores"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "benchmarks.json",
        "benchmarks.md",
        "latency.svg",
        "roofline.svg",
    }


def test_without_artifacts_it_says_how_to_make_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--artifacts", str(tmp_path)]) == 2
    assert "python -m converters.export_all" in capsys.readouterr().err


def test_one_convention_is_the_protocol_and_the_others_are_what_they_say() -> None:
    photos = [(PROJECT / "tests" / "photos" / f"{name}.jpg").read_bytes() for name in ("cat", "coffee")]
    with Colorizer.load() as colorizer:
        figures = protocols.measure(photos, colorizer)
        truths = [decode_rgb(photo, metrics.EVALUATION_SIZE) for photo in photos]
        ours = metrics.measure((np.asarray(colorizer.colorize(truth)), truth) for truth in truths)
    left_grey, coloured = zip(*figures.values(), strict=True)
    expected = metrics.measure((metrics.grey(truth), truth) for truth in truths)
    assert (left_grey[0], coloured[0]) == pytest.approx((expected["psnr"], ours["psnr"]), abs=1e-9)
    assert figures["dB of the photos' mean error"][1] < coloured[0]
    # Lightness is the photo's own but for rounding, so a third of Lab's channels has no error.
    lab, ab = figures["L, a and b instead of RGB"], figures["a and b alone"]
    assert lab[1] - ab[1] == pytest.approx(10 * np.log10(1.5), abs=0.05)


STAND_IN = """
import os, sys, time
from pathlib import Path
_, photos, out, _, workers = sys.argv
if not Path(photos).is_dir():
    sys.exit(2)
(Path(out) / "photos").mkdir()
first = time.time()
for number in range(101):
    result = Path(out) / "photos" / f"{number}.jpg"
    result.touch()
    os.utime(result, (first, first + number / (10 * int(workers))))
"""


def test_a_clusters_rate_is_told_apart_from_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "program.py").write_text(STAND_IN)
    monkeypatch.setattr(cluster, "PROGRAM", (tmp_path / "program.py",))
    assert cluster.main([str(tmp_path), "--workers", "1", "2", "--out", str(tmp_path / "out")]) == 0
    runs = json.loads((tmp_path / "out" / "cluster.json").read_text())["runs"]
    assert [run["workers"] for run in runs] == [1, 2, 1, 2]
    assert [run["rate"] for run in runs] == pytest.approx([10, 20, 10, 20], abs=0.01)
    assert "| 2 | " in capsys.readouterr().out
    assert "| 20.0 (20.0, 20.0) | 2.00 |" in (tmp_path / "out" / "cluster.md").read_text()
    assert cluster.main([str(tmp_path / "nowhere")]) == 2
